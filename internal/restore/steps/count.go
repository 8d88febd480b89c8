// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/reload"
)

// counted counts loaded tables on this host's server, which changes nothing, after it has applied everything of the
// cluster.
func (o Options) counted(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	late := fmt.Errorf("the tables were not counted within count_timeout (%g s)", o.CountTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, option.Seconds(o.CountTimeout), late)
	defer cancel()
	c, err := mariadb.Open(ctx, o.Login.Login(caller.Hide))
	if err != nil {
		return &jobs.Answer{Msg: "not counted: " + err.Error()}, nil
	}
	defer c.Close()
	w, err := galera.Status(ctx, c)
	if err == nil {
		err = isMember(w)
	}
	if err != nil {
		return &jobs.Answer{Msg: "not counted: this host's server is not a member of the cluster now: " + err.Error()},
			nil
	}
	differ, err := reload.Count(ctx, c, o.Tables)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	var lost, others []string
	for _, d := range differ {
		text := fmt.Sprintf("%s.%s has %s here, after %s from the set", excerpt.Of(d.Schema), excerpt.Of(d.Name),
			quantity.Count(d.Here, "row"), quantity.Count(d.Rows, "row"))
		if d.InUse && d.Here > 0 {
			others = append(others, text)
		} else {
			lost = append(lost, text)
		}
	}
	if len(lost) > 0 {
		return nil, fmt.Errorf("not all of the cluster has what was loaded: %s", excerpt.UpTo(2000,
			strings.Join(lost, "; ")))
	}
	r := &jobs.Answer{Msg: "as many rows here as were loaded: " +
		quantity.Count(int64(len(o.Tables)-len(others)), "table")}
	if len(others) > 0 {
		r.Warnings = []string{excerpt.UpTo(2000, strings.Join(others, "; ")) +
			": clients may have written to them in the meantime"}
	}
	return r, nil
}

// isMember refuses a server that lost its cluster: what it has says nothing of the others. A server alone is counted.
func isMember(w galera.Wsrep) error {
	if !w.On {
		return nil
	}
	return condition.First(condition.OfServer(w), nil, condition.NotPrimary)
}
