// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

// RestoreOptions say how a set is restored for a look.
type RestoreOptions struct {
	// Scratch is a folder for the copy. It is made when it is not there, and keeps nothing but a lock.
	Scratch string
	// User runs the server's programs on this host, and never is root; mysql where it is empty.
	User string
	// Memory is the server's buffer pool, in bytes.
	Memory int64
	// ServerOptions are those that the data must be made with, as --innodb-page-size=4k, where the set leaves them open.
	ServerOptions []string
	// Accounts are those that Build holds the set against; with Align it gives the set's accounts their passwords.
	Accounts []galera.Account
	Align    bool
	// AcceptDifferences lets Build keep what differs from what the set recorded, and say so.
	AcceptDifferences bool
	// NotNewer refuses a set of a later server than the one here, which must not be given to it for good.
	NotNewer bool
	// Image has the server's programs, where they are not on this host. Its programs are taken before the host's.
	Image container.Image
	// Progress is told now and then how far it is; may be nil.
	Progress func(Progress)
}

// NotSigned is what nobody who restores a set may overlook.
const NotSigned = "not signed: whoever can write to the destination can have written its data, its manifest and the record that it was verified"

// Plan is what a restore will do.
type Plan struct {
	Set     string `json:"set"`
	Path    string `json:"path"`
	Scratch string `json:"scratch"`
	Tools   Tools  `json:"tools"`
	Space   Space  `json:"space"`
	User    string `json:"user"`
	// Origin is what is known of who made the set: NotSigned.
	Origin string `json:"origin"`
}

// Space is what the copy needs, in bytes.
type Space struct {
	Raw    int64   `json:"raw_bytes"`
	Factor float64 `json:"factor"`
	Needed int64   `json:"needed_bytes"`
	Free   int64   `json:"free_bytes"`
	At     string  `json:"at"`
}

// The copy of a physical set is as large as what is inside, with redo and undo logs that grow while it is prepared; a
// dump's tables take more than its text, for their indexes.
var factors = map[string]float64{"physical": 1.2, "logical": 2.5}

const spaceMargin = 512 << 20

// Restore is a restore that may be done: everything was looked at, nothing was changed.
type Restore struct {
	set   *Set
	o     RestoreOptions
	plan  Plan
	tools Tools
	owner process.Owner
}

// Plan is what Run will do.
func (r *Restore) Plan() Plan { return r.plan }

// PrepareRestore looks for the programs, their versions, and room. The set's manifest must be sound.
func PrepareRestore(ctx context.Context, s *Set, o RestoreOptions) (*Restore, error) {
	r := &Restore{set: s, o: o}
	var err error
	if o.Image.None() {
		err = r.lookHere(ctx)
	} else {
		err = r.lookInside(ctx)
	}
	if err != nil {
		return nil, err
	}
	if set := mariadbVersion(s.Manifest.Server.Version); o.NotNewer && later(set, r.tools.Version) {
		return nil, fmt.Errorf("the set is of the server %s, which is later than %s here: a server does not read the data of a later one; upgrade it first", set, r.tools.Version)
	}
	space, err := room(s, o.Scratch)
	r.plan = Plan{Set: s.Name, Path: s.at, Scratch: o.Scratch, Tools: r.tools, Space: space, User: account, Origin: NotSigned}
	return r, err
}

// lookHere takes the programs and the user of this host.
func (r *Restore) lookHere(ctx context.Context) (err error) {
	if r.owner, err = userNamed(cmp.Or(r.o.User, account)); err != nil {
		return err
	}
	if err := checkScratch(r.o.Scratch, r.owner); err != nil {
		return err
	}
	if err := process.CanConfine(); err != nil {
		return err
	}
	r.tools, err = findTools(ctx, process.Place{}, r.set.Manifest.Method, r.set.Manifest.Server.Version)
	return err
}

// lookInside takes those of the image, in which no folder of this host is in the way.
func (r *Restore) lookInside(ctx context.Context) (err error) {
	if err := checkScratch(r.o.Scratch, process.Owner{}); err != nil {
		return err
	}
	c, err := r.o.Image.Start(ctx, containerName(r.o.Scratch)+"-look")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Remove()) }()
	if r.owner, err = c.User("mysql"); err != nil {
		return err
	}
	r.tools, err = findTools(ctx, c.Place(), r.set.Manifest.Method, r.set.Manifest.Server.Version)
	r.tools.Image, r.tools.place = r.o.Image.Name, process.Place{}
	return err
}

func room(s *Set, scratch string) (Space, error) {
	raw, factor := data(s.Manifest).RawBytes, factors[s.Manifest.Method]
	space := Space{Raw: raw, Factor: factor, Needed: int64(float64(raw)*factor) + spaceMargin}
	var err error
	space.Free, space.At, err = repository.Free(scratch)
	if err == nil && space.Free < space.Needed {
		err = fmt.Errorf("too little space at %s: %d bytes are free, and about %d are needed (%g times %d, and %d); choose another scratch folder",
			space.At, space.Free, space.Needed, factor, raw, spaceMargin)
	}
	return space, err
}

// restoring is a restore that is being done.
type restoring struct {
	*Restore
	ctx     context.Context
	scratch *scratch
	server  *runningServer
	// options are those without which a server cannot read the data.
	options []string
	before  Record
	// outside are the links to tables that lay outside of the datadir, and do so no more.
	outside []string
	// recorded are the definitions that the set has; nil where it has none.
	recorded galera.Definitions
	// definitions are those of what was made.
	definitions galera.Definitions
	differences []string
	problems    []Problem
	warnings    []string
	progress    Progress
	began       time.Time
	told        time.Time
}

// Found is what a restore found out about a set.
type Found struct {
	Problems []Problem
	Warnings []string
	// Unreadable says that the problems are of a file that cannot be read back. Read says that all of them were.
	Unreadable, Read bool
	// Restored is what the server held; nil when none came up.
	Restored *Restored
}

func (r *Restore) begin(ctx context.Context) *restoring {
	return &restoring{Restore: r, ctx: ctx, warnings: []string{}, problems: []Problem{}, began: time.Now(), progress: Progress{ExpectedBytes: r.set.Bytes()}}
}

// Run restores the set, looks into it and removes the copy, whatever happens. An error says that nothing was proven.
func (r *Restore) Run(ctx context.Context) (found Found, err error) {
	run := r.begin(ctx)
	if run.before, err = r.set.Record(); err != nil {
		run.warn("%v", err)
	}
	if run.scratch, err = newScratch(ctx, r.o.Scratch, r.owner, r.o.Image); err != nil {
		return Found{}, err
	}
	defer func() {
		// Also when something panics.
		if run.server != nil {
			run.server.stop()
		}
		err = errors.Join(err, run.scratch.remove())
	}()
	guarded, end := run.guard(ctx)
	defer end()
	found.Restored, err = run.do(guarded)
	var bad unusable
	if errors.As(err, &bad) {
		run.bad(bad.Problem)
		found.Unreadable = errors.As(err, new(damagedFile))
		err = nil
	}
	found.Read = found.Restored != nil
	found.Problems, found.Warnings = run.problems, run.warnings
	return found, err
}

// leastFree is what a restore leaves free. There was twice as much, and room for the copy, before.
const leastFree = spaceMargin / 2

// guard ends the context when the disk fills up, as data that grow without an end while they are prepared do it.
func (r *restoring) guard(ctx context.Context) (context.Context, func()) {
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
			if free, at, err := repository.Free(r.o.Scratch); err == nil && free < leastFree {
				cancel(fmt.Errorf("less than %d bytes are free at %s now: the copy takes more than that of a sound set, or something else fills the disk", leastFree, at))
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// do makes the data and looks into them.
func (r *restoring) do(ctx context.Context) (*Restored, error) {
	if err := r.makeData(ctx); err != nil {
		return nil, err
	}
	if r.server == nil {
		if err := r.start(ctx, r.options); err != nil {
			return nil, err
		}
	}
	return r.inspect(ctx)
}

// makeData reads the small files back and restores the data. A logical set needs a server for that, which still runs then.
func (r *restoring) makeData(ctx context.Context) error {
	r.phase("read")
	for _, f := range r.set.Manifest.Files {
		if f.Content == contentStream || f.Content == contentDump {
			continue
		}
		inside := contentOf(f, r.set.Manifest)
		bad, err := r.set.readAs(ctx, f, inside, nil, r.read)
		if err != nil {
			return err
		}
		if bad != nil {
			return damagedFile{unusable{*bad}}
		}
		if list, is := inside.(*definitionList); is {
			r.recorded = list.definitions
		}
	}
	if r.set.Manifest.Method == "logical" {
		return r.load(ctx)
	}
	return r.prepare(ctx)
}

func (r *restoring) bad(p Problem) { r.problems = append(r.problems, p) }

func (r *restoring) warn(format string, args ...any) {
	r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
}

func (r *restoring) phase(name string) {
	r.progress.Phase = name
	r.told = time.Time{}
	r.tell()
}

func (r *restoring) read(n int64) {
	r.progress.ReadBytes += n
	r.tell()
}

func (r *restoring) checked() {
	r.progress.Tables++
	r.tell()
}

// tell tells the progress, not more than twice a second.
func (r *restoring) tell() {
	if now := time.Now(); r.o.Progress != nil && now.Sub(r.told) > 500*time.Millisecond {
		r.told = now
		r.progress.Elapsed = float64(now.Sub(r.began).Milliseconds()) / 1000
		r.o.Progress(r.progress)
	}
}
