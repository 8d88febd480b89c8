// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"errors"
	"fmt"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/restore"
)

// run is one step on this controller.
type run struct {
	Options
	caller  jobs.Caller
	node    *restore.Node
	book    *restore.Book
	changed bool
	actions []string
	// warnings are what an operator has to check although the step succeeded.
	warnings []string
}

func (r *run) login() mariadb.Login { return r.Login.Login(r.caller.Hide) }

func (r *run) report(format string, args ...any) {
	r.changed = true
	r.actions = append(r.actions, fmt.Sprintf(format, args...))
}

// anyBook is for steps that open the book when they know that they may.
func (r *run) anyBook() error { return nil }

// known refuses a restore that this controller has no record of.
func (r *run) known() error { return r.book.Of(r.Job) }

// forward refuses to continue a restore that is being rolled back.
func (r *run) forward() error {
	if err := r.known(); err != nil || r.ended() {
		return err
	}
	return r.book.Forward()
}

// begin opens the book of this job.
func (r *run) begin() error {
	if r.Job == "" {
		return errors.New("job: a step needs to know to which restore it belongs")
	}
	return r.book.Begin(r.Job, func(b *restore.Book) {
		b.Cluster, b.Set, b.Target, b.Datadir, b.Rejoin = r.Cluster, r.Set.Set, r.Target, r.node.Datadir,
			r.State == "rejoined"
		// A rollback that finds no record of the restore here: the data may be a copy of the restored data.
		b.Replaced = r.OthersReplaced
	})
}

// ended reports that the restore is over on this host, so that its steps have nothing to do.
func (r *run) ended() bool { return r.book.Job == r.Job && !r.book.Open() }

// runsAgain reports that the database was started from the set already, so that it is not stopped again.
func (r *run) runsAgain() bool { return r.ended() || r.book.Started != "" && !r.book.RollingBack }

// letIn reports that clients may come in already.
func (r *run) letIn() bool { return r.book.Opened && r.book.Fence == nil }
