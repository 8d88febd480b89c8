// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
)

//go:embed backup_info.yml
var backupInfoSpec []byte

func init() { register("backup_info", ansible.Module{Spec: backupInfoSpec, Run: backupInfo}) }

// backupInfoValues are the module's results.
type backupInfoValues struct {
	repository.Listing
	// Present says that the destination is there.
	Present bool                 `json:"present"`
	Newest  *repository.Entry    `json:"newest"`
	Read    *repository.ReadBack `json:"read,omitempty"`
}

func backupInfo(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o struct {
		option.Set
		Read bool `json:"read"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	r, err := stores.Open(o.Destination)
	if errors.Is(err, fs.ErrNotExist) && !o.Read {
		return &ansible.Result{
			Msg: "there is no " + o.Destination + " here", Values: backupInfoValues{Listing: repository.NoListing()},
		}, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	values := backupInfoValues{Present: true}
	values.Listing, err = r.List(o.Cluster)
	result := &ansible.Result{Values: &values, Warnings: values.Listing.Warnings()}
	if err != nil {
		return result, err // newest is not known
	}
	values.Newest = values.Listing.Newest()
	result.Msg = fmt.Sprintf("%s in %s", quantity.Count(int64(len(values.Sets)), "set"), o.Destination)
	if !o.Read {
		return result, nil
	}
	values.Read, err = r.ReadBack(ctx, o.Cluster, o.Set.Set)
	if err == nil {
		result.Msg = fmt.Sprintf("%s reads back well to its last byte", values.Read.Path)
	}
	return result, err
}
