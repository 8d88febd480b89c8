// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/reload"
	"overcloud.backup/internal/repository"
)

// parts returns what schemas and rename request, in the order given.
func (o Options) parts() (parts []reload.Part, err error) {
	for _, wanted := range o.Schemas {
		schema, table, one := strings.Cut(wanted, ".")
		at := slices.IndexFunc(parts, func(p reload.Part) bool { return p.Schema == schema })
		if at < 0 {
			as := schema
			if name, renamed := o.Rename[schema]; renamed {
				as = name
			}
			parts = append(parts, reload.Part{Schema: schema, As: as})
			at = len(parts) - 1
		} else if !one || len(parts[at].Tables) == 0 {
			return nil, fmt.Errorf("schemas: %q is requested both completely and in part", schema)
		}
		if schema == "" || one && table == "" || parts[at].As == "" {
			return nil, fmt.Errorf("schemas: %q is neither a schema nor schema.table, or its new name is empty", wanted)
		}
		if one {
			parts[at].Tables = append(parts[at].Tables, table)
		}
	}
	for name := range o.Rename {
		if !slices.ContainsFunc(parts, func(p reload.Part) bool { return p.Schema == name }) {
			return nil, fmt.Errorf("rename: %q is not among the schemas", name)
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("schemas: none is named")
	}
	return parts, nil
}

// loaded loads single schemas or tables of a logical set into the running cluster, through this host's server.
func (o Options) loaded(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	parts, err := o.parts()
	if err != nil {
		return nil, err
	}
	s, err := o.open()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if problems := s.Check(); len(problems) > 0 {
		return nil, repository.Bad(s.Path(), problems)
	}
	c, err := mariadb.Open(ctx, o.Login.Login(caller.Hide))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	w, err := galera.Status(ctx, c)
	if err == nil {
		err = takesLoads(w)
	}
	if err == nil {
		err = o.mayLoad(ctx, c, parts)
	}
	if err != nil {
		return nil, err
	}
	what := named(parts) + " of " + s.Path() + ", " + repository.NotSigned
	progress := rebuild.Progress{Phase: "load", ExpectedBytes: 2 * s.Bytes()}
	report := func(n int64) {
		progress.ReadBytes += n
		caller.Report(progress)
	}
	open := func(ctx context.Context) (*mariadb.Client, error) {
		return mariadb.Open(ctx, o.Login.Login(caller.Hide))
	}
	done, err := reload.Load(ctx, s, c, reload.Options{
		Parts: parts, Definers: o.Definers, Convert: o.NonTransactional == "convert", Check: caller.CheckMode,
		Open:     open,
		Progress: report,
	})
	if err != nil && done != nil { // the rest of an earlier load is reported also if this one fails
		return &jobs.Answer{Warnings: done.Warnings}, err
	}
	if err != nil {
		return nil, err
	}
	if caller.CheckMode {
		return &jobs.Answer{Changed: true, Msg: "would load " + what, Warnings: done.Warnings}, nil
	}
	actions := append([]string{"loaded " + what}, done.Actions...)
	return &jobs.Answer{
		Changed: true, Msg: strings.Join(actions, "; "), Warnings: done.Warnings,
		Values: Values{Loaded: done.Tables, Said: actions},
	}, nil
}

// takesLoads refuses a member of a cluster whose writes would not reach the others. A server alone takes them.
func takesLoads(w galera.Wsrep) error {
	if !w.On {
		return nil
	}
	err := condition.First(condition.OfServer(w), nil, condition.NotPrimary, condition.NotSynced, condition.NotReady)
	if err != nil {
		return fmt.Errorf("this host's server cannot take a load: %w", err)
	}
	return nil
}

// named describes what is loaded.
func named(parts []reload.Part) string {
	names := make([]string, len(parts))
	for i, p := range parts {
		if names[i] = p.Schema; p.As != p.Schema {
			names[i] += " as " + p.As
		}
		if len(p.Tables) > 0 {
			names[i] += " (" + strings.Join(p.Tables, ", ") + ")"
		}
	}
	return strings.Join(names, ", ")
}

// mayLoad refuses to replace what exists, unless that is requested.
func (o Options) mayLoad(ctx context.Context, c *mariadb.Client, parts []reload.Part) error {
	if o.Replace {
		return nil
	}
	for _, p := range parts {
		rows, err := c.Rows(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = ?", p.As)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if len(p.Tables) == 0 || slices.Contains(p.Tables, row[0]) {
				return fmt.Errorf("the cluster has %s.%s already: give the schema another name with rename, or set"+
					" replace", p.As,
					row[0])
			}
		}
	}
	return nil
}
