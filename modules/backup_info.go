// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/repository"
)

//go:embed backup_info.yml
var backupInfoSpec []byte

func init() { register("backup_info", ansible.Module{Spec: backupInfoSpec, Run: backupInfo}) }

// setOptions name a set of a repository.
type setOptions struct {
	Destination string `json:"destination"`
	Cluster     string `json:"cluster"`
	Set         string `json:"set"`
}

// backupInfoValues are the module's results.
type backupInfoValues struct {
	repository.Listing
	Newest *repository.Entry `json:"newest"`
	Read   *setRead          `json:"read,omitempty"`
}

type setRead struct {
	Set      string               `json:"set"`
	Path     string               `json:"path"`
	OK       bool                 `json:"ok"`
	Problems []repository.Problem `json:"problems"`
}

func backupInfo(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o struct {
		setOptions
		Read bool `json:"read"`
	}
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	r, err := repository.Open(o.Destination)
	if errors.Is(err, fs.ErrNotExist) && !o.Read {
		none := repository.Listing{Sets: []repository.Entry{}, NoSets: []repository.Folder{}, Damaged: []repository.Damaged{}}
		return &ansible.Result{Msg: "there is no " + o.Destination + " here", Values: backupInfoValues{Listing: none}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	values := backupInfoValues{}
	if values.Listing, err = r.List(o.Cluster); err != nil {
		return nil, err
	}
	result := &ansible.Result{Values: &values, Warnings: infoWarnings(values.Listing)}
	values.Newest = values.Listing.Newest()
	result.Msg = fmt.Sprintf("%d sets in %s", len(values.Sets), o.Destination)
	if !o.Read {
		return result, nil
	}
	values.Read, err = readBack(ctx, r, o.setOptions)
	if err == nil {
		result.Msg = fmt.Sprintf("%s reads back well to its last byte", values.Read.Path)
	}
	return result, err
}

// infoWarnings name what looks like a set and is none.
func infoWarnings(l repository.Listing) []string {
	var warnings []string
	for _, f := range l.NoSets {
		warnings = append(warnings, fmt.Sprintf("%s is no set: %s", f.Path, f.Reason))
	}
	for _, d := range l.Damaged {
		warnings = append(warnings, bad(d.Path, d.Problems).Error())
	}
	for _, s := range l.Sets {
		if len(s.Problems) > 0 {
			warnings = append(warnings, fmt.Sprintf("%s failed its verification: it %s", s.Path, repository.Verdict(s.Problems)))
		}
		warnings = append(warnings, s.Warnings...)
	}
	return warnings
}

// bad says what is wrong with a set: that it is damaged, does not load, or differs from what was recorded.
func bad(path string, problems []repository.Problem) error {
	return fmt.Errorf("the set %s %s", path, repository.Verdict(problems))
}

// readBack reads one set to its end. A damaged one is a result and an error.
func readBack(ctx context.Context, r *repository.Repository, o setOptions) (*setRead, error) {
	s, err := r.Set(o.Cluster, o.Set)
	var broken *repository.BrokenManifest
	if errors.As(err, &broken) {
		found := &setRead{Set: broken.Set, Path: broken.Path, Problems: []repository.Problem{broken.Problem()}}
		return found, bad(found.Path, found.Problems)
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	problems, err := s.Read(ctx, nil)
	if err != nil {
		return nil, err
	}
	found := &setRead{Set: s.Name, Path: s.Path(), OK: len(problems) == 0, Problems: problems}
	if !found.OK {
		err = bad(found.Path, problems)
	}
	return found, err
}
