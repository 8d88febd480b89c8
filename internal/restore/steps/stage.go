// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore/plan"
)

// staged makes the set ready next to the datadir. The database still serves: a damaged set costs nothing.
func (r *run) staged(ctx context.Context) error {
	s, err := r.open()
	if err != nil {
		return err
	}
	defer s.Close()
	m := s.Manifest
	if !plan.Confirmed(r.Confirm, m.Cluster.Name) {
		return fmt.Errorf("confirm is %q: to restore the cluster %s from %s, all of its data is replaced; "+
			"confirm that by its name", r.Confirm, m.Cluster.Name, s.Path())
	}
	r.Cluster, r.Set.Set = m.Cluster.Name, s.Path()
	if r.made() {
		return r.book.Forward()
	}
	if _, err := r.fits(ctx, r.node, s); err != nil {
		return err
	}
	if err := r.node.Whole(); err != nil {
		return err
	}
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.book.Forward(); err != nil || r.made() {
		return err
	}
	if err := r.book.At(m.Position.UUID, m.Position.SeqnoEnd); err != nil {
		return err
	}
	if err := process.GiveWay(); err != nil {
		r.actions = append(r.actions, err.Error()) // the database next to it is slower
	}
	ready := r.node.Ready(r.book)
	built, err := r.build(ctx, s, ready)
	if err == nil {
		err = r.book.Made(built, catalog.Carried(m.Method))
	}
	if err != nil {
		// Nothing was changed, so there is nothing to continue.
		return errors.Join(err, os.RemoveAll(ready), r.book.Drop())
	}
	r.warnings = append(r.warnings, built.Warnings...)
	if len(built.Differences) > 0 {
		r.warnings = append(r.warnings,
			"differs from what was recorded, which is accepted: "+strings.Join(built.Differences, ", "))
	}
	if len(built.Aligned) > 0 {
		r.report("gave %s the passwords of this host in the restored data", strings.Join(built.Aligned, ", "))
	}
	r.report("made %s ready at %s: %d bytes of the set read back; %s", s.Path(), ready, built.Bytes,
		repository.NotSigned)
	return nil
}

// made reports that the set was made ready, or is further: its requirements, room above all, are not checked again.
func (r *run) made() bool {
	return r.book.Job == r.Job && (r.ended() || r.book.Started != "" || r.node.Staged(r.book))
}

func (r *run) build(ctx context.Context, s *repository.Set, ready string) (built rebuild.Built, err error) {
	options := r.restoreOptions(r.node, r.caller)
	if options.Accounts, err = r.node.Deployed(ctx, r.login()); err != nil {
		return built, err
	}
	options.Align, options.AcceptDifferences = r.Passwords == "deployed", r.AcceptDifferences
	// A killed run may have left it without a record of its content.
	if err := os.RemoveAll(ready); err != nil {
		return built, err
	}
	p, err := rebuild.Prepare(ctx, s, options)
	if err != nil {
		return built, err
	}
	// Nobody else uses it: we hold the book.
	defer func() { err = errors.Join(err, os.RemoveAll(r.node.Scratch())) }()
	if built, err = p.Build(ctx, ready); err != nil {
		return built, err
	}
	needed := built.Options
	if names := s.Manifest.Server.Settings["lower_case_table_names"]; names != "" {
		needed = append(needed, "--lower-case-table-names="+names)
	}
	err = r.node.Readable(needed)
	if len(built.Differ) > 0 && r.Passwords != "ignore" {
		err = errors.Join(err, fmt.Errorf("the set has no account, or another password, for %s: the restored database"+
			" would "+
			"refuse those who use it now. Set passwords to deployed to give the restored accounts the passwords of"+
			" this host, or to "+
			"ignore", strings.Join(built.Differ, ", ")))
	}
	if len(built.Untried) > 0 && r.Passwords != "ignore" {
		err = errors.Join(err, fmt.Errorf("it is not known whether the restored database would let %s in: the login"+
			" plugin is "+
			"missing here. Install it next to the server's others, or set passwords to ignore",
			strings.Join(built.Untried,
				", ")))
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(ready))
	}
	return built, err
}
