// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

// Built is what was made of a set.
type Built struct {
	// Links counts what would have made InnoDB open tables outside of the datadir; they are inside now.
	Links int
	// Bytes of the set were read back.
	Bytes int64
	// Options of a server are those without which it cannot read the data of a physical set.
	Options []string
	// Differ are the accounts that the set has not, or with another password; Aligned those that were given theirs; Untried
	// those of a login plugin that is missing here.
	Differ, Aligned, Untried []string
	// Differences are what is not as the set recorded it, and was accepted; Warnings what could not be compared.
	Differences, Warnings []string
	// Definitions are those of what was made.
	Definitions galera.Definitions
	// Events run none while they are held; see holdEvents.
	Events Events
}

// Build restores the set into a datadir at to, which must not be there and must be on the file system of the scratch
// folder. It is there as a whole or not at all. A *Unusable is a set that is damaged, does not load, or holds something
// else than was recorded (unless that is accepted).
func (r *Restore) Build(ctx context.Context, to string) (built Built, err error) {
	if _, err := os.Lstat(to); err == nil {
		return built, fmt.Errorf("%s is there already", to)
	}
	run := r.begin(ctx)
	if run.scratch, err = newScratch(ctx, r.o.Scratch, r.owner, r.o.Image); err != nil {
		return built, err
	}
	defer func() {
		if run.server != nil {
			run.server.stop()
		}
		err = errors.Join(err, run.scratch.remove())
	}()
	ctx, end := run.guard(ctx)
	defer end()
	err = run.makeData(ctx)
	if err == nil && run.server == nil {
		err = run.start(ctx, run.options)
	}
	if err == nil {
		err = run.compareAll(ctx)
	}
	if err == nil {
		built.Events, err = run.holdEvents(ctx)
	}
	if err == nil {
		built.Definitions = run.definitions
		err = errors.Join(run.compareAccounts(ctx, &built), run.leave(ctx))
	}
	if err == nil {
		// What the server made of hostile data may hold links, too, which would lead elsewhere from where it is put.
		_, err = removeLinks(run.scratch.path(dataName))
	}
	if err == nil {
		err = keep(run.scratch.path(dataName), to)
	}
	var bad unusable
	if errors.As(err, &bad) {
		err = &Unusable{Path: r.set.at, Problem: bad.Problem}
	}
	built.Links, built.Bytes, built.Options = len(run.outside), run.progress.ReadBytes, run.options
	built.Differences, built.Warnings = excerpt.First(run.differences, excerpt.FewNames), run.warnings
	return built, err
}

// compareAll holds the schema against what the set recorded, while nobody is kept out yet.
func (r *restoring) compareAll(ctx context.Context) error {
	r.phase("compare")
	if _, err := r.schema(ctx); err != nil {
		return r.ended(data(r.set.Manifest).Name, "its definitions", err)
	}
	damaged, others := r.server.log.found()
	for _, line := range append(damaged, others...) {
		if err := withoutKey(line); err != nil {
			return err
		}
		r.warn("the scratch server says: %s", line)
	}
	if len(r.problems) > 0 && !r.o.AcceptDifferences {
		return unusable{r.problems[0]}
	}
	return nil
}

// compareAccounts sees which accounts would be refused by what was restored.
func (r *restoring) compareAccounts(ctx context.Context, built *Built) error {
	r.phase("accounts")
	for _, a := range r.o.Accounts {
		said := fmt.Sprintf("%s (%s)", a.User, a.From)
		admitted, err := galera.Admits(ctx, r.scratch.path(socketName), r.scratch.owner.UID, a)
		if errors.Is(err, galera.ErrUntried) {
			built.Untried = append(built.Untried, said)
			continue
		}
		if err != nil {
			return fmt.Errorf("try the account %s: %w", said, err)
		}
		if admitted {
			continue
		}
		changed := 0
		if r.o.Align {
			if changed, err = r.server.SetPassword(ctx, a); err != nil {
				return err
			}
		}
		if changed > 0 {
			built.Aligned = append(built.Aligned, said)
		} else {
			built.Differ = append(built.Differ, said)
		}
	}
	return nil
}

// leave ends the server in good order, without our account.
func (r *restoring) leave(ctx context.Context) error {
	r.phase("stop")
	err := r.server.Exec(ctx, "DROP USER "+ourUser+"@localhost")
	if err == nil {
		err = r.server.Exec(ctx, "SHUTDOWN")
	}
	if err != nil {
		return fmt.Errorf("end the scratch server: %w", err)
	}
	select {
	case <-r.server.child.Ended():
		if err := r.server.child.Wait(); err != nil {
			return fmt.Errorf("end the scratch server: %w; %s", err, r.server.said())
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the scratch server does not end within %s", patience)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keep gives a finished datadir its name.
func keep(from, to string) error {
	// What was written must be on the disk before the name says that it is whole.
	if folder, err := os.Open(from); err == nil {
		err := unix.Syncfs(int(folder.Fd()))
		if err = errors.Join(err, folder.Close()); err != nil {
			return fmt.Errorf("sync %s: %w", from, err)
		}
	}
	return os.Rename(from, to)
}

// Unusable is a set that is damaged or cannot be restored.
type Unusable struct {
	Path string
	Problem
}

func (u *Unusable) Error() string {
	return fmt.Sprintf("the set %s cannot be restored: it %s", u.Path, Verdict([]Problem{u.Problem}))
}

// Content reads a small file of the set back, by what it holds, as cib; fs.ErrNotExist where the set has none.
func (s *Set) Content(ctx context.Context, content string) ([]byte, error) {
	for _, f := range s.Manifest.Files {
		if f.Content != content || f.RawBytes > maxSmall {
			continue
		}
		var text bytes.Buffer
		bad, err := s.readFile(ctx, f, &text, func(int64) {})
		if bad != nil {
			return nil, &Unusable{s.Path(), *bad}
		}
		return text.Bytes(), err
	}
	return nil, fmt.Errorf("%s holds no %s: %w", s.Path(), content, fs.ErrNotExist)
}

// Check says what the manifest contradicts itself in. Nothing may be restored from the set before that is nothing.
func (s *Set) Check() []Problem { return checkManifest(s.Manifest) }

// Empty makes the datadir of an empty server in a folder that is there and belongs to the server's user. The programs are
// those of the image, or of this host where there is none.
func Empty(ctx context.Context, datadir string, owner process.Owner, options []string, image container.Image) (err error) {
	temporary, err := os.MkdirTemp(filepath.Dir(datadir), ".overcloud_restore_tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if err := os.Chown(temporary, owner.UID, owner.GID); err != nil {
		return err
	}
	o := process.ChildOptions{Owner: owner, Dir: datadir, Confined: &process.Confinement{Write: []string{datadir, temporary}}}
	if !image.None() {
		c, failed := image.Start(ctx, containerName(datadir), datadir, temporary)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, c.Remove()) }()
		o.Place = c.Place()
	}
	program, err := o.Place.Find(programs["install"], folders...)
	if err != nil {
		return err
	}
	if err := o.Run(ctx, program, append(emptyServer(datadir, temporary, owner), options...)...); err != nil {
		return fmt.Errorf("make an empty datadir: %w", err)
	}
	return nil
}

// ServerUser is the user that an empty server belongs to: that of the image, or of this host where there is none. A host
// without a user mysql has its server run by root; nothing of a set is run there. It fails where Empty would lack its
// program.
func ServerUser(ctx context.Context, image container.Image) (owner process.Owner, err error) {
	if image.None() {
		if _, err := (process.Place{}).Find(programs["install"], folders...); err != nil {
			return owner, err
		}
		owner, err = serverUser()
		if errors.As(err, new(*noAccountError)) {
			return process.Owner{}, nil
		}
		return owner, err
	}
	c, err := image.Start(ctx, containerName("")+"-user")
	if err != nil {
		return owner, err
	}
	defer func() { err = errors.Join(err, c.Remove()) }()
	if _, err := c.Place().Find(programs["install"], folders...); err != nil {
		return owner, err
	}
	return c.User("mysql")
}
