// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/local"
	"overcloud.backup/internal/scratch"
)

// Copy is a copy of a set in a scratch folder, with a scratch server on it.
type Copy struct {
	*Rebuild
	ctx     context.Context
	scratch *scratch.Folder
	server  *scratch.Server
	// options are the server options without which a server cannot read the data.
	options []string
	// outside are the links to tables outside of the datadir that were removed.
	outside []string
	// recorded are the definitions that the set recorded; nil if it recorded none.
	recorded catalog.Definitions
	// definitions are those that the scratch server has.
	definitions catalog.Definitions
	differences []string
	problems    []repository.Problem
	warnings    []string
	progress    Progress
	began       time.Time
	reported    time.Time
}

func (r *Rebuild) begin(ctx context.Context) *Copy {
	return &Copy{Rebuild: r, ctx: ctx, warnings: []string{}, problems: []repository.Problem{}, began: time.Now(),
		progress: Progress{ExpectedBytes: r.set.Bytes()}}
}

// Seen is the result of Look.
type Seen struct {
	Problems []repository.Problem
	Warnings []string
	// Unreadable reports that a file of the set cannot be read back.
	Unreadable bool
}

// Look rebuilds the set in the scratch folder, lets look examine the copy, and removes the copy in any case. An error
// means that nothing was proven.
func (r *Rebuild) Look(
	ctx context.Context, look func(ctx context.Context, c *Copy) error,
) (seen Seen, err error) {
	run := r.begin(ctx)
	if run.scratch, err = scratch.New(ctx, r.o.Scratch, r.owner, r.o.Image); err != nil {
		return Seen{}, err
	}
	defer func() {
		// Also after a panic.
		if run.server != nil {
			run.server.Stop()
		}
		err = errors.Join(err, run.scratch.Remove())
	}()
	guarded, end := run.guard(ctx)
	defer end()
	if err = run.make(guarded); err == nil {
		err = look(guarded, run)
	}
	var bad unusable
	if errors.As(err, &bad) {
		run.Bad(bad.Problem)
		seen.Unreadable = errors.As(err, new(damagedFile))
		err = nil
	}
	seen.Problems, seen.Warnings = run.problems, run.warnings
	return seen, err
}

// minFree is how much disk space a restore must leave free. Prepare asks for twice as much, and for the copy.
const minFree = spaceMargin / 2

// guard ends the context if the disk fills up: hostile data can grow without end while it is prepared.
func (r *Copy) guard(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.ctx = ctx
	go func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if free, at, err := local.Free(r.o.Scratch); err == nil && free < minFree {
				cancel(fmt.Errorf("less than %d bytes are free at %s now: the copy takes more than that of an "+
					"undamaged set, or something else fills the disk", minFree, at))
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// make restores the data and starts a server on them.
func (r *Copy) make(ctx context.Context) error {
	err := r.makeData(ctx)
	if err == nil && r.server == nil {
		err = r.start(ctx, r.options)
	}
	return err
}

// makeData reads the small files back and restores the data. For a logical set that needs a server, which still runs
// afterwards.
func (r *Copy) makeData(ctx context.Context) error {
	r.Phase("read")
	for _, f := range r.set.Manifest.Files {
		if f.Content == repository.ContentStream || f.Content == repository.ContentDump {
			continue
		}
		if err := r.readBeside(ctx, f); err != nil {
			return err
		}
	}
	if r.set.Manifest.Method == "logical" {
		return r.load(ctx)
	}
	return r.prepare(ctx)
}

// readBeside reads back one of the small files next to the data.
func (r *Copy) readBeside(ctx context.Context, f repository.File) (err error) {
	var bad *repository.Problem
	if f.Content == repository.ContentDefinitions {
		r.recorded, bad, err = r.set.ReadDefinitions(ctx, f, r.read)
	} else {
		bad, err = r.set.ReadFile(ctx, f, nil, r.read)
	}
	if bad != nil {
		return damagedFile{unusable{*bad}}
	}
	return err
}

// Set returns the set that is rebuilt.
func (r *Rebuild) Set() *repository.Set { return r.set }

// Server returns the scratch server on the copy.
func (r *Copy) Server() *scratch.Server { return r.server }

// Bad adds a problem of the set.
func (r *Copy) Bad(p repository.Problem) { r.problems = append(r.problems, p) }

// Warn adds a warning about the set for the operator.
func (r *Copy) Warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

// Phase begins a phase of the work, for the progress.
func (r *Copy) Phase(name string) {
	r.progress.Phase = name
	r.reported = time.Time{}
	r.reportProgress()
}

// ExpectTables sets the number of tables that will be checked, for the progress.
func (r *Copy) ExpectTables(n int) { r.progress.ExpectedTables = n }

func (r *Copy) read(n int64) {
	r.progress.ReadBytes += n
	r.reportProgress()
}

// Checked counts a table that was checked, for the progress.
func (r *Copy) Checked() {
	r.progress.Tables++
	r.reportProgress()
}

// reportProgress reports the progress, at most twice a second.
func (r *Copy) reportProgress() {
	if now := time.Now(); r.o.Progress != nil && now.Sub(r.reported) > 500*time.Millisecond {
		r.reported = now
		r.progress.Elapsed = float64(now.Sub(r.began).Milliseconds()) / 1000
		r.o.Progress(r.progress)
	}
}
