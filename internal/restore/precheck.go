// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository/local"
)

// Replaceable refuses a controller on which the datadir could not be replaced, or put back, once the database is
// stopped: what would make that fail is found while the database still serves.
func (n *Node) Replaceable(ctx context.Context) error {
	return errors.Join(n.Movable(), n.Vacant(ctx), n.canMakeEmpty(ctx), CanRelabel())
}

// Examine is Replaceable, without CanRelabel, as far as it can be found out without starting a container.
func (n *Node) Examine(ctx context.Context) error {
	err := errors.Join(n.Movable(), n.Vacant(ctx))
	if n.Image.None() {
		err = errors.Join(err, n.canMakeEmpty(ctx))
	}
	return err
}

// Kept returns the folders next to a datadir that restores have left there: earlier datadirs, and a set that was made
// ready.
func Kept(datadir string) []string {
	kept := []string{}
	for _, form := range []string{".aside-*", ready + "*", ".removing-*"} {
		found, _ := filepath.Glob(datadir + form)
		kept = append(kept, found...)
	}
	return kept
}

// checkParent refuses a datadir next to which another user could put, or exchange, a folder: what is there is moved,
// given away and removed by root.
func (n *Node) checkParent() error {
	err := local.CheckFolder(filepath.Dir(n.Datadir))
	if err == nil {
		return nil
	}
	return fmt.Errorf("the datadir %s cannot be replaced where other users can write: %w", n.Datadir, err)
}

// servers are the names of the processes that end with the database, including those that they start: state transfers.
var servers = []string{"mysqld", "mariadbd", "mysqld_safe", "mariadbd-safe"}

// vacantTimeout is how long programs that the resource agent runs periodically may work in the datadir, such as a shell
// of the server's user in its home, while it looks for the position of a server that does not start.
const vacantTimeout = 10 * time.Second

// Vacant refuses a datadir in which a process works that does not end with the database, such as an operator's shell:
// Replace and PutBack would wait for it in vain, because it cannot be distinguished from a server that keeps running.
func (n *Node) Vacant(ctx context.Context) error {
	return poll(ctx, vacantTimeout, "check that no other process works in the datadir", func() (string, error) {
		if w, found := n.lingering(); found {
			return fmt.Sprintf("%s works in %s and does not end with the database: "+
				"end it, or have it leave that folder, first", w, n.Datadir), nil
		}
		return "", nil
	})
}

// lingering returns a process in the datadir that does not end with the database.
func (n *Node) lingering() (process.Worker, bool) {
	workers := process.WorkingIn(n.Datadir)
	var ending []int
	for _, w := range workers {
		if slices.Contains(servers, w.Name) {
			ending = append(ending, w.PID)
		}
	}
	for _, w := range workers {
		if !process.Below(w.PID, ending) {
			return w, true
		}
	}
	return process.Worker{}, false
}

// canMakeEmpty checks for what creating an empty datadir needs: every controller except the target gets one.
func (n *Node) canMakeEmpty(ctx context.Context) error {
	if _, err := rebuild.ServerUser(ctx, n.Image); err != nil {
		return fmt.Errorf("an empty datadir could not be made here: %w", err)
	}
	return nil
}

// CanRelabel checks for the programs that relabel needs if SELinux is on.
func CanRelabel() error {
	if !exists(selinux) {
		return nil
	}
	for _, program := range []string{"chcon", "restorecon"} {
		if _, err := process.Find(program); err != nil {
			return fmt.Errorf("the datadir could not get its SELinux labels: %w", err)
		}
	}
	return nil
}

// Movable refuses a datadir that cannot be renamed.
func (n *Node) Movable() error {
	if err := n.checkParent(); err != nil {
		return err
	}
	info, err := os.Lstat(n.Datadir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder (%s), so it cannot be moved aside", n.Datadir, info.Mode().Type())
	}
	if !sameDevice(n.Datadir, filepath.Dir(n.Datadir)) {
		return fmt.Errorf("%s is a file system of its own: it cannot be moved aside. Mount that file system at %s and "+
			"make %s a folder in it, or restore manually",
			n.Datadir, filepath.Dir(n.Datadir), n.Datadir)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err == nil && mountPoint(string(mounts), n.Datadir) {
		err = fmt.Errorf("%s is a mount of another folder: it cannot be moved aside. Make it the folder itself, or "+
			"restore by hand", n.Datadir)
	}
	return err
}

// mountPoint reports whether something is mounted at a folder, which may be on the same file system as its parent:
//
//	40 28 8:1 /srv/mysql /var/lib/mysql rw,relatime shared:1 - ext4 /dev/sda1 rw
func mountPoint(mountinfo, folder string) bool {
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == folder {
			return true
		}
	}
	return false
}

func sameDevice(a, b string) bool {
	var x, y syscall.Stat_t
	return syscall.Stat(a, &x) == nil && syscall.Stat(b, &y) == nil && x.Dev == y.Dev
}
