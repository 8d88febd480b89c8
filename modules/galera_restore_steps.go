// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore"
)

// restoreStep is one step of a restore on this host. Each may be repeated: what is so already stays as it is.
type restoreStep struct {
	galeraRestoreOptions
	ctx     context.Context
	call    *ansible.Call
	node    *restore.Node
	book    *restore.Book
	changed bool
	said    []string
	// warnings are what an operator has to look at although the step went well.
	warnings []string
}

var restoreSteps = map[string]func(*restoreStep) error{
	"staged": (*restoreStep).staged, "fenced": (*restoreStep).fenced, "stopped": (*restoreStep).stopped, "replaced": (*restoreStep).replaced,
	"started": (*restoreStep).started, "checked": (*restoreStep).checked, "opened": (*restoreStep).opened, "reached": (*restoreStep).reached, "finished": (*restoreStep).finished,
	"rolling_back": (*restoreStep).rollingBack, "rolled_back": (*restoreStep).rolledBack,
	"rejoined": (*restoreStep).rejoined,
}

func (r *restoreStep) did(format string, args ...any) {
	r.changed = true
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

// ended says that the restore is over on this host, so that its steps have nothing to do.
func (r *restoreStep) ended() bool { return r.book.Job == r.Job && !r.book.Open() }

// begin opens the book of this job.
func (r *restoreStep) begin() error {
	if r.Job == "" {
		return errors.New("job: a step needs to know of which restore it is")
	}
	return r.book.Begin(r.Job, func(b *restore.Book) {
		b.Cluster, b.Set, b.Target, b.Datadir, b.Rejoin = r.Cluster, r.Set, r.Target, r.node.Datadir, r.State == "rejoined"
		// A rollback that finds no note of the restore here: the data may be copies of the restored ones.
		b.Replaced = r.OthersReplaced
	})
}

// staged makes the set ready beside the datadir. The database still serves: a damaged set costs nothing.
func (r *restoreStep) staged() error {
	s, err := r.open()
	if err != nil {
		return err
	}
	defer s.Close()
	m := s.Manifest
	if r.Confirm != m.Cluster.Name {
		return fmt.Errorf("confirm is %q: to restore the cluster %s from %s, all of its data are replaced; confirm that by its name", r.Confirm, m.Cluster.Name, s.Path())
	}
	r.Cluster, r.Set = m.Cluster.Name, s.Path()
	if r.made() {
		return r.book.Forward()
	}
	if _, err := r.fits(r.ctx, r.node, s); err != nil {
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
		r.said = append(r.said, err.Error()) // the database beside it is slower
	}
	ready := r.node.Ready(r.book)
	built, err := r.build(s, ready)
	if err == nil {
		err = r.book.Made(built, galera.Carried(m.Method))
	}
	if err != nil {
		// Nothing was changed, so there is nothing to go on with.
		return errors.Join(err, os.RemoveAll(ready), r.book.Drop())
	}
	r.warnings = append(r.warnings, built.Warnings...)
	if len(built.Differences) > 0 {
		r.warnings = append(r.warnings, "differs from what was recorded, which is accepted: "+strings.Join(built.Differences, ", "))
	}
	if len(built.Aligned) > 0 {
		r.did("gave %s the passwords of this host in what is restored", strings.Join(built.Aligned, ", "))
	}
	r.did("made %s ready at %s: %d bytes of the set read back; %s", s.Path(), ready, built.Bytes, repository.NotSigned)
	return nil
}

// made says that the set was made ready, or is further: what that takes, room above all, is not asked for again.
func (r *restoreStep) made() bool {
	return r.book.Job == r.Job && (r.ended() || r.book.Started != "" || r.node.Staged(r.book))
}

func (r *restoreStep) build(s *repository.Set, ready string) (built rebuild.Built, err error) {
	options := r.restoreOptions(r.node, r.call)
	if options.Accounts, err = r.node.Deployed(r.ctx, r.login(r.call)); err != nil {
		return built, err
	}
	options.Align, options.AcceptDifferences = r.Passwords == "deployed", r.AcceptDifferences
	// One that was killed may have left it without a note of what it holds.
	if err := os.RemoveAll(ready); err != nil {
		return built, err
	}
	p, err := rebuild.Prepare(r.ctx, s, options)
	if err != nil {
		return built, err
	}
	// Nobody else uses it: the book is ours.
	defer func() { err = errors.Join(err, os.RemoveAll(r.node.Scratch())) }()
	if built, err = p.Build(r.ctx, ready); err != nil {
		return built, err
	}
	needed := built.Options
	if names := s.Manifest.Server.Settings["lower_case_table_names"]; names != "" {
		needed = append(needed, "--lower-case-table-names="+names)
	}
	err = r.node.Readable(needed)
	if len(built.Differ) > 0 && r.Passwords != "ignore" {
		err = errors.Join(err, fmt.Errorf("the set has no account, or another password, for %s: the restored database would refuse who uses it now. "+
			"Set passwords to deployed to give the restored accounts the passwords of this host, or to ignore", strings.Join(built.Differ, ", ")))
	}
	if len(built.Untried) > 0 && r.Passwords != "ignore" {
		err = errors.Join(err, fmt.Errorf("nobody knows whether the restored database would let %s in: the login plugin is missing here. "+
			"Install it beside the server's others, or set passwords to ignore", strings.Join(built.Untried, ", ")))
	}
	if err != nil {
		err = errors.Join(err, os.RemoveAll(ready))
	}
	return built, err
}

func (r *restoreStep) fenced() error {
	if err := r.begin(); err != nil || r.ended() {
		return err
	}
	if r.book.Fence == nil && !r.book.Opened {
		if err := r.mayStop(); err != nil {
			return err
		}
	}
	changed, err := r.node.KeepOut(r.ctx, r.book, r.KeepClientsOut)
	if changed {
		r.did("clients are kept from port %s of %s", r.node.Port, r.node.Name)
	}
	return err
}

// mayStop looks once more, before clients are kept out: making the set ready may have taken hours. The way back stays open.
func (r *restoreStep) mayStop() error {
	if err := errors.Join(pacemaker.NoBackup(r.ctx), r.node.Vacant(r.ctx)); err != nil || r.book.RollingBack {
		return err
	}
	return errors.Join(r.node.Whole(), r.node.Startable(r.ctx, r.book), r.node.Replaceable(r.ctx))
}

func (r *restoreStep) stopped() error {
	if r.ended() || r.book.Started != "" && !r.book.RollingBack {
		return nil
	}
	changed, err := r.node.Stop(r.ctx, r.book, seconds(r.StopTimeout))
	if changed && err == nil {
		r.did("stopped the resource %s on all controllers", r.node.Agent.Parent)
	}
	return err
}

func (r *restoreStep) replaced() error {
	if r.ended() {
		return nil
	}
	if err := r.book.Forward(); err != nil {
		return err
	}
	if err := r.node.EndBan(r.ctx, r.book); err != nil {
		return err
	}
	said, err := r.node.Replace(r.ctx, r.book)
	for _, s := range said {
		r.did("%s", s)
	}
	return err
}

func (r *restoreStep) started() error {
	if r.ended() {
		return nil
	}
	changed, err := r.node.Start(r.ctx, r.book, seconds(r.StartTimeout))
	if changed && err == nil {
		r.did("the resource %s serves on all %d controllers again", r.node.Agent.Parent, len(r.node.Members))
	}
	return err
}

// checked sees that this host's server is what was restored. What it must be stands in the target's book; the others get
// it from the caller.
func (r *restoreStep) checked() error {
	if r.ended() {
		return nil
	}
	want := restore.Expected{Size: len(r.node.Members)}
	restored := !r.book.RollingBack && r.Target
	if restored {
		want.UUID = r.book.UUID
	}
	login := r.login(r.call)
	if r.book.Fence != nil {
		// Nobody comes in over the network now, we neither.
		login.Host, login.Port = "", 0
	}
	w, err := r.node.Check(r.ctx, login, want, seconds(r.CheckTimeout))
	if err == nil {
		ctx, cancel := context.WithTimeout(r.ctx, seconds(r.CheckTimeout))
		defer cancel()
		_, err = backup.Healthy("")(ctx, w)
	}
	if err == nil && restored {
		r.wake(login)
	}
	if err == nil {
		r.said = append(r.said, fmt.Sprintf("%s is %s and %s at %s:%d", r.node.Name, w.ClusterStatus, w.State, w.ClusterStateUUID, w.LastCommitted))
	}
	return err
}

// wake looks at the schema that runs now, and enables the events that the cluster ran, once. Whatever it finds is no reason
// to keep the clients out: it is told.
func (r *restoreStep) wake(login galera.Login) {
	warn := func(warning string, err error) {
		if err != nil {
			warning = err.Error()
		}
		if warning != "" {
			r.warnings = append(r.warnings, warning)
		}
	}
	c, err := galera.Open(r.ctx, login)
	if err != nil {
		warn("", err)
		return
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(r.ctx, seconds(r.CheckTimeout))
	defer cancel()
	warn(r.book.CompareSchema(ctx, c))
	said, warnings := r.book.EnableEvents(ctx, c)
	if said != "" {
		r.did("%s", said)
	}
	r.warnings = append(r.warnings, warnings...)
}

func (r *restoreStep) opened() error {
	changed, err := restore.LetIn(r.ctx, r.book)
	if changed {
		r.did("clients may come in again")
	}
	return err
}

// reached sees that clients get the restored data.
func (r *restoreStep) reached() error {
	if r.ended() {
		return nil
	}
	uuid := r.book.UUID
	if r.book.RollingBack {
		uuid = ""
	}
	said, err := r.node.ThroughVIP(r.ctx, r.login(r.call), uuid, seconds(r.CheckTimeout))
	r.said = append(r.said, said)
	return err
}

// finished ends the restore on this host.
func (r *restoreStep) finished() error {
	if r.ended() {
		return nil
	}
	how := restore.Restored
	if r.book.RollingBack {
		how = restore.RolledBack
	}
	if r.RemoveOld && how == restore.Restored {
		removed, err := r.node.RemoveOld(r.book)
		for _, s := range removed {
			r.did("%s", s)
		}
		if err != nil {
			return err
		}
	}
	r.changed = true
	if err := r.node.EndBan(r.ctx, r.book); err != nil {
		return err
	}
	// What was made ready and never used, or half removed by one that was killed.
	return errors.Join(os.RemoveAll(r.node.Ready(r.book)), os.RemoveAll(r.node.Scratch()), r.node.RemoveRest(r.book), r.book.End(how))
}

// rollingBack notes that the data of before are to come back, also after a restore that ended well.
func (r *restoreStep) rollingBack() error {
	if err := r.begin(); err != nil {
		return err
	}
	r.changed = !r.book.RollingBack
	return r.book.RollBack()
}

// rolledBack puts the datadir of before back.
func (r *restoreStep) rolledBack() error {
	if r.ended() {
		return nil
	}
	if err := r.node.EndBan(r.ctx, r.book); err != nil {
		return err
	}
	said, err := r.node.PutBack(r.ctx, r.book)
	for _, s := range said {
		r.did("%s", s)
	}
	return err
}

// mayRejoin looks before anything is given up.
func (r *restoreStep) mayRejoin() error {
	return errors.Join(r.node.Replaceable(r.ctx), r.node.MayRejoin(r.ctx, r.login(r.call), r.IgnoreUsers))
}

// rejoined gives up the data of this controller alone, which then copies those of another one.
func (r *restoreStep) rejoined() error {
	if r.Confirm != r.node.Name {
		return fmt.Errorf("confirm is %q: the data of this controller are replaced by those of the others; confirm that by its name, %s", r.Confirm, r.node.Name)
	}
	if r.book.UnderWay() && r.book.Rejoin {
		r.Job = r.book.Job
	} else if err := r.mayRejoin(); err != nil {
		return err
	}
	r.Set, r.Target = "", false
	if err := r.begin(); err != nil {
		return err
	}
	if err := r.node.Leave(r.ctx, r.book, seconds(r.StopTimeout)); err != nil {
		return err
	}
	said, err := r.node.Replace(r.ctx, r.book)
	for _, s := range said {
		r.did("%s", s)
	}
	if err != nil {
		return err
	}
	if err := r.node.Join(r.ctx, r.book, seconds(r.StartTimeout)); err != nil {
		return err
	}
	w, err := r.node.Check(r.ctx, r.login(r.call), restore.Expected{Size: len(r.node.Online)}, seconds(r.CheckTimeout))
	if err != nil {
		return err
	}
	r.did("%s is %s and %s at %s:%d, with the data of the others", r.node.Name, w.ClusterStatus, w.State, w.ClusterStateUUID, w.LastCommitted)
	if r.RemoveOld {
		removed, err := r.node.RemoveOld(r.book)
		r.said = append(r.said, removed...)
		if err != nil {
			return err
		}
	}
	return r.book.End(restore.Rejoined)
}
