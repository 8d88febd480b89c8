// SPDX-License-Identifier: GPL-3.0-or-later

// Package confine takes from the thread that starts a program, and so from the program, what it need not see and may
// not do: files, processes, the network, privileges and system calls. It starts nothing; internal/process does.
package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/thread"
)

// Owner is a user and group of the host. The zero value is root.
type Owner struct{ UID, GID int }

// Confinement is for a program that a stranger feeds, or that a stranger's server could make do things: all that it
// sees is the programs and libraries of the system, or of its container, read only, and what is given to it here. It
// sees no other process, shares no memory with one, gains no privilege, and has no network unless it is given this
// host's. Root is left nothing but to read and write what it sees, whoever owns that.
type Confinement struct {
	// Read are files and folders that it sees besides; Write folders that it can write to. Nothing can be executed that
	// lies in Write.
	Read, Write []string
	// Sockets are what it can connect to, by their paths, and what has to be there.
	Sockets map[string]fs.FileInfo
	// Data are files that it sees, if Reader can read them himself, and folders, if they are his: where they are, he
	// may have said. Nothing in them can be written or executed.
	Data   []string
	Reader Owner
	// Copies are files below Data that it sees copies of in memory, by their paths, for they must open for writing.
	Copies map[string][]byte
	// Hidden are files of the system that it cannot read; what is not there is none.
	Hidden []string
	// Files are what nobody else sees, by their paths, in memory.
	Files map[string][]byte
	// Temporary is the path of an empty folder in memory; empty is none.
	Temporary string
	// Network leaves it this host's, and with it whatever listens there: not for root.
	Network bool
}

// own are the namespaces that a thread takes before it starts the program. That of processes begins with the program.
const own = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC

// Possible says why a Confinement is not possible here: without root's capabilities, as in most containers, it is not.
func Possible() (err error) {
	thread.Apart(func() { err = unix.Unshare(own) })
	return explain(err)
}

func explain(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.EPERM) {
		err = fmt.Errorf("%w; that takes root with all capabilities, as on a host itself", err)
	}
	return fmt.Errorf("confine a program: %w", err)
}

// Mounts are those of a container, by a process of it. The zero value are this host's.
type Mounts struct {
	// Namespace is the container's namespace of mounts, held open.
	Namespace *os.File
	// PID is the process, for messages; Ended reports that it is gone.
	PID   int
	Ended func() bool
}

// Enter changes what the current thread sees, and what its children may do, for a program that is then started. The
// thread must end afterwards, whatever the error.
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

// separate takes namespaces of its own; its mounts are those of the container, if it is of one.
func (c *Confinement) separate(at Mounts) error {
	spaces := own
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

// enterRoot makes a mount the root of the thread, and lets go of the old one. That of an initramfs cannot be exchanged.
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

// ForProgram adds where a program lies that is not the system's, with what lies beside it.
func (c *Confinement) ForProgram(path string) *Confinement {
	if !filepath.IsAbs(path) || below(path, system) {
		return c
	}
	with := *c
	with.Read = append(slices.Clone(c.Read), filepath.Dir(path))
	return &with
}
