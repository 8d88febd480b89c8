// SPDX-License-Identifier: GPL-3.0-or-later

// Package verify judges backup sets: it reads a set back to its last byte, or rebuilds it on a scratch server and
// checks the data on that server. The outcome is written next to the manifest. A set that does not match its manifest
// has a repository.Problem; an error means that nothing could be proven.
package verify

import (
	"context"
	"time"

	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
)

// Options say how a set is verified.
type Options struct {
	Level  repository.Level
	Host   string // of this verification
	MadeBy string // "overcloud.backup 1.0.0"
	// Rebuild says how LevelRestore rebuilds the set, and to whom both levels report their progress.
	Rebuild rebuild.Options
}

// Verification is a verification that can be done: everything was checked, nothing was changed.
type Verification struct {
	set      *repository.Set
	o        Options
	problems []repository.Problem // of the manifest; then nothing else is checked
	rebuild  *rebuild.Rebuild
}

// Prepare checks the manifest, and for a restore the programs and the disk space.
func Prepare(ctx context.Context, s *repository.Set, o Options) (*Verification, error) {
	v := &Verification{set: s, o: o, problems: s.Check()}
	if len(v.problems) > 0 || o.Level != repository.LevelRestore {
		return v, nil
	}
	var err error
	v.rebuild, err = rebuild.Prepare(ctx, s, o.Rebuild)
	return v, err
}

// Plan returns what a restore will do; nil if none is requested.
func (v *Verification) Plan() *rebuild.Plan {
	if v.rebuild == nil {
		return nil
	}
	plan := v.rebuild.Plan()
	return &plan
}

// Found is the result of a verification of a set.
type Found struct {
	Problems []repository.Problem
	Warnings []string
	// Unreadable reports that a file cannot be read back, Read that all of them were read.
	Unreadable, Read bool
	// Restored describes the data on the server; nil if none came up.
	Restored *repository.Restored
}

// Run verifies the set and writes the outcome next to the manifest. An error means that nothing was proven; then
// nothing is written either.
func (v *Verification) Run(ctx context.Context) (repository.Outcome, error) {
	began := time.Now()
	found, err := v.find(ctx)
	if err != nil {
		return repository.Outcome{}, err
	}
	o := repository.Outcome{
		OK: len(found.Problems) == 0, At: seconds(time.Now()),
		Duration: float64(time.Since(began).Milliseconds()) / 1000, Host: v.o.Host,
		MadeBy: v.o.MadeBy, Problems: found.Problems, Warnings: found.Warnings, Restored: found.Restored,
	}
	return o, v.write(found, o)
}

func (v *Verification) find(ctx context.Context) (Found, error) {
	found := Found{Problems: v.problems, Warnings: []string{}, Unreadable: true}
	if len(v.problems) > 0 {
		return found, nil
	}
	if v.rebuild != nil {
		return v.examine(ctx)
	}
	progress := rebuild.Progress{Phase: "read", ExpectedBytes: v.set.Bytes()}
	began, reported := time.Now(), time.Time{}
	count := func(n int64) {
		progress.ReadBytes += n
		if now := time.Now(); v.o.Rebuild.Progress != nil && now.Sub(reported) > 500*time.Millisecond {
			reported, progress.Elapsed = now, float64(now.Sub(began).Milliseconds())/1000
			v.o.Rebuild.Progress(progress)
		}
	}
	var err error
	found.Problems, err = v.set.Read(ctx, count)
	found.Read, found.Unreadable = true, len(found.Problems) > 0
	return found, err
}

// examine rebuilds the set and examines the copy.
func (v *Verification) examine(ctx context.Context) (found Found, err error) {
	found.Warnings = []string{}
	j := &judge{}
	if j.before, err = v.set.Record(); err != nil {
		found.Warnings = append(found.Warnings, err.Error())
	}
	seen, err := v.rebuild.Look(ctx, func(ctx context.Context, c *rebuild.Copy) (err error) {
		j.Copy = c
		found.Restored, err = j.inspect(ctx)
		return err
	})
	if err != nil {
		return Found{}, err
	}
	found.Problems, found.Warnings = seen.Problems, append(found.Warnings, seen.Warnings...)
	found.Unreadable, found.Read = seen.Unreadable, found.Restored != nil
	return found, nil
}

// write records the outcome for each level that it applies to. A restore has read the set, too.
func (v *Verification) write(found Found, o repository.Outcome) error {
	read := o
	read.Restored = nil
	switch {
	case v.rebuild == nil, found.Unreadable:
		return v.set.Write(repository.LevelRead, read)
	case found.Read:
		read.OK, read.Problems, read.Warnings = true, []repository.Problem{}, []string{}
		if err := v.set.Write(repository.LevelRead, read); err != nil {
			return err
		}
	}
	return v.set.Write(repository.LevelRestore, o)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
