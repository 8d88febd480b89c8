// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
)

// Built describes the datadir that was built from a set.
type Built struct {
	// Links counts the links that would make InnoDB open tables outside of the datadir. The tables are inside it now.
	Links int
	// Bytes is how many bytes of the set were read back.
	Bytes int64
	// Options are server options without which a server cannot read the data of a physical set.
	Options []string
	// Differ are accounts that the set lacks or has with another password, Aligned those that were given the current
	// password, Untried those whose login plugin is missing here.
	Differ, Aligned, Untried []string
	// Differences are accepted differences from what the set recorded; Warnings say what could not be compared.
	Differences, Warnings []string
	// Definitions are the definitions of the restored schemas.
	Definitions catalog.Definitions
	// Events are the events that are on hold: none of them runs.
	Events Events
}

// Build restores the set into a datadir at to. That path must not exist, and must be on the file system of the scratch
// folder; it appears completely or not at all. A *repository.Unusable means that the set is damaged, does not load, or
// contains something else than was recorded (unless that is accepted).
func (r *Rebuild) Build(ctx context.Context, to string) (built Built, err error) {
	if _, err := os.Lstat(to); err == nil {
		return built, fmt.Errorf("%s already exists", to)
	}
	run := r.begin(ctx)
	if run.scratch, err = scratch.New(ctx, r.o.Scratch, r.owner, r.o.Image); err != nil {
		return built, err
	}
	defer func() {
		if run.server != nil {
			run.server.Stop()
		}
		err = errors.Join(err, run.scratch.Remove())
	}()
	ctx, end := run.guard(ctx)
	defer end()
	err = run.make(ctx)
	if err == nil {
		err = run.compareAll(ctx)
	}
	if err == nil {
		built.Events, err = run.holdEvents(ctx)
	}
	if err == nil {
		built.Definitions = run.definitions
		err = errors.Join(run.compareAccounts(ctx, &built), run.shutDown(ctx))
	}
	if err == nil {
		// Links that the server made of hostile data would also lead elsewhere from the final place.
		_, err = removeLinks(run.scratch.Path(scratch.DataName))
	}
	if err == nil {
		err = keep(run.scratch.Path(scratch.DataName), to)
	}
	var bad unusable
	if errors.As(err, &bad) {
		err = &repository.Unusable{Path: r.set.Path(), Problem: bad.Problem}
	}
	built.Links, built.Bytes, built.Options = len(run.outside), run.progress.ReadBytes, run.options
	built.Differences, built.Warnings = excerpt.First(run.differences, excerpt.FewNames), run.warnings
	return built, err
}

// compareAll compares the schemas with what the set recorded, before any client is kept out.
func (r *Copy) compareAll(ctx context.Context) error {
	r.Phase("compare")
	if _, err := r.Compare(ctx); err != nil {
		return r.Blame(r.set.Manifest.Data().Name, "its definitions", err)
	}
	damaged, others := r.server.Log.Found()
	for _, line := range append(damaged, others...) {
		if err := MissingKey(line); err != nil {
			return err
		}
		r.Warn("the scratch server says: %s", line)
	}
	if len(r.problems) > 0 && !r.o.AcceptDifferences {
		return unusable{r.problems[0]}
	}
	return nil
}

// compareAccounts finds the accounts that the restored server would refuse.
func (r *Copy) compareAccounts(ctx context.Context, built *Built) error {
	r.Phase("accounts")
	for _, a := range r.o.Accounts {
		name := fmt.Sprintf("%s (%s)", a.User, a.From)
		admitted, err := mariadb.Admits(ctx, r.scratch.Path(scratch.SocketName), r.scratch.Owner.UID, a)
		if errors.Is(err, mariadb.ErrUntried) {
			built.Untried = append(built.Untried, name)
			continue
		}
		if err != nil {
			return fmt.Errorf("try the account %s: %w", name, err)
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
			built.Aligned = append(built.Aligned, name)
		} else {
			built.Differ = append(built.Differ, name)
		}
	}
	return nil
}

// shutDown shuts the server down cleanly, after removing our account.
func (r *Copy) shutDown(ctx context.Context) error {
	r.Phase("stop")
	err := r.server.Exec(ctx, "DROP USER "+scratch.User+"@localhost")
	if err == nil {
		err = r.server.Exec(ctx, "SHUTDOWN")
	}
	if err != nil {
		return fmt.Errorf("end the scratch server: %w", err)
	}
	select {
	case <-r.server.Child.Ended():
		if err := r.server.Child.Wait(); err != nil {
			return fmt.Errorf("end the scratch server: %w; %s", err, r.server.LogSummary())
		}
		return nil
	case <-time.After(scratch.Patience):
		return fmt.Errorf("the scratch server does not end within %s", scratch.Patience)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keep gives a finished datadir its final name.
func keep(from, to string) error {
	// The files must be on the disk before the name says that the datadir is complete.
	if folder, err := os.Open(from); err == nil {
		err := unix.Syncfs(int(folder.Fd()))
		if err = errors.Join(err, folder.Close()); err != nil {
			return fmt.Errorf("sync %s: %w", from, err)
		}
	}
	return os.Rename(from, to)
}
