// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"time"
)

// Options say how a set is verified.
type Options struct {
	Level  Level
	Host   string // of this verification
	MadeBy string // "overcloud.backup 1.0.0"
	RestoreOptions
}

// Verification is one that may be done: everything was looked at, nothing was changed.
type Verification struct {
	set      *Set
	o        Options
	problems []Problem // of the manifest; nothing else is looked at then
	restore  *Restore
}

// Prepare looks at the manifest, and for a restore at the programs and the room.
func Prepare(ctx context.Context, s *Set, o Options) (*Verification, error) {
	v := &Verification{set: s, o: o, problems: checkManifest(s.Manifest)}
	if len(v.problems) > 0 || o.Level != LevelRestore {
		return v, nil
	}
	var err error
	v.restore, err = PrepareRestore(ctx, s, o.RestoreOptions)
	return v, err
}

// Plan is what a restore will do; nil when none is asked for.
func (v *Verification) Plan() *Plan {
	if v.restore == nil {
		return nil
	}
	return &v.restore.plan
}

// Run verifies the set and writes the outcome beside the manifest. An error says that nothing was proven; then nothing
// was written either.
func (v *Verification) Run(ctx context.Context) (Outcome, error) {
	began := time.Now()
	found, err := v.find(ctx)
	if err != nil {
		return Outcome{}, err
	}
	o := Outcome{
		OK: len(found.Problems) == 0, At: seconds(time.Now()), Duration: float64(time.Since(began).Milliseconds()) / 1000, Host: v.o.Host,
		MadeBy: v.o.MadeBy, Problems: found.Problems, Warnings: found.Warnings, Restored: found.Restored,
	}
	return o, v.write(found, o)
}

func (v *Verification) find(ctx context.Context) (Found, error) {
	found := Found{Problems: v.problems, Warnings: []string{}, Unreadable: true}
	if len(v.problems) > 0 {
		return found, nil
	}
	if v.restore != nil {
		return v.restore.Run(ctx)
	}
	progress := Progress{Phase: "read", ExpectedBytes: v.set.Bytes()}
	began, told := time.Now(), time.Time{}
	tell := func(n int64) {
		progress.ReadBytes += n
		if now := time.Now(); v.o.Progress != nil && now.Sub(told) > 500*time.Millisecond {
			told, progress.Elapsed = now, float64(now.Sub(began).Milliseconds())/1000
			v.o.Progress(progress)
		}
	}
	var err error
	found.Problems, err = v.set.Read(ctx, tell)
	found.Read, found.Unreadable = true, len(found.Problems) > 0
	return found, err
}

// write keeps what was found for each level that it is of. A restore has read the set, too.
func (v *Verification) write(found Found, o Outcome) error {
	read := o
	read.Restored = nil
	switch {
	case v.restore == nil, found.Unreadable:
		return v.set.Write(LevelRead, read)
	case found.Read:
		read.OK, read.Problems, read.Warnings = true, []Problem{}, []string{}
		if err := v.set.Write(LevelRead, read); err != nil {
			return err
		}
	}
	return v.set.Write(LevelRestore, o)
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
