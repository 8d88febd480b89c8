// SPDX-License-Identifier: GPL-3.0-or-later

// Package confine takes from the thread that starts a program, and so from the program, what it need not see and may
// not do: files, processes, the network, privileges and system calls. It starts nothing; internal/process does.
package confine

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/thread"
)

// ownNamespaces are the namespaces that a thread creates before it starts the program. The namespace of processes
// begins with the program.
const ownNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC

// Possible returns why a Confinement is not possible here: it needs root's capabilities, which most containers lack.
func Possible() (err error) {
	thread.Apart(func() { err = unix.Unshare(ownNamespaces) })
	return explain(err)
}

func explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.EPERM) {
		err = fmt.Errorf("%w; that requires root with all capabilities, as on a host itself", err)
	}
	return fmt.Errorf("confine a program: %w", err)
}

// Enter changes what the current thread sees, and what its children may do, for a program that is then started. The
// thread must end afterwards, even after an error.
func (c *Confinement) Enter(at Mounts, program string, owner Owner) error {
	return explain(c.enter(at, program, owner))
}

func (c *Confinement) enter(at Mounts, program string, owner Owner) error {
	if c.Network && owner == (Owner{}) {
		return errors.New("root is not given the network")
	}
	if err := closeOnExec(); err != nil {
		return err
	}
	table, err := mountTable()
	if err != nil {
		return err
	}
	defer table.Close()
	if err := c.separate(at); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to it: %w", err)
	}
	if err := unix.Mount("tmpfs", root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC,
		"size=16m,mode=0755"); err != nil {
		return fmt.Errorf("mount its root: %w", err)
	}
	v := view{table: table, program: program, owner: owner}
	if err := v.fill(c); err != nil {
		return err
	}
	if err := protect(root, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC); err != nil {
		return err
	}
	if err := enterRoot(root); err != nil {
		return err
	}
	if err := limit(owner); err != nil {
		return err
	}
	return filter(c.Network)
}

// separate creates separate namespaces; its mounts are those of the container, if there is one.
func (c *Confinement) separate(at Mounts) error {
	spaces := ownNamespaces
	if c.Network {
		spaces &^= unix.CLONE_NEWNET
	}
	if err := unix.Unshare(spaces); err != nil || at.Namespace == nil {
		return err
	}
	if at.Ended() {
		return fmt.Errorf("the container of process %d has ended", at.PID)
	}
	if err := unix.Setns(int(at.Namespace.Fd()), unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("enter the mounts of process %d: %w", at.PID, err)
	}
	return unix.Unshare(unix.CLONE_NEWNS)
}

// enterRoot makes a mount the root of the thread, and releases the old one. That of an initramfs cannot be exchanged.
func enterRoot(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err == nil {
		if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
			return err
		}
		return unix.Chdir("/")
	} else if !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("enter its root: %w", err)
	}
	if err := unix.Mount(root, "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("enter its root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// ForProgram adds the path of a program that is not the system's, with the files next to it.
func (c *Confinement) ForProgram(path string) *Confinement {
	if !filepath.IsAbs(path) || below(path, system) {
		return c
	}
	with := *c
	with.Read = append(slices.Clone(c.Read), filepath.Dir(path))
	return &with
}
