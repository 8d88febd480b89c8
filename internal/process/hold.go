// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/safefile"
)

// Namespace is a kind of namespaces, by the name that it has in /proc/PID/ns.
type Namespace string

// The kinds that are looked at.
const (
	Mounts    Namespace = "mnt"
	Processes Namespace = "pid"
	Network   Namespace = "net"
	IPC       Namespace = "ipc"
	Users     Namespace = "user"
)

// held are descriptors of a process, opened at one moment. A pid can be another process's a moment later, a descriptor
// cannot: that of /proc/PID gives ESRCH once the process has ended (all kernels, also those before pidfd), and a
// namespace's and the root's go on to mean the same.
type held struct {
	pid        int
	proc, root *os.File
	namespaces map[Namespace]*os.File
	closed     sync.Once
}

// kept are those that are not closed: commands and paths know their descriptors by number, so that no collection of
// garbage may close one.
var kept sync.Map

// Hold looks at a process by descriptors that stay the same whatever becomes of it, until Close. It checks nothing:
// programs may be run there only after Shares and Together have said whose it is.
func Hold(pid int) (Place, error) {
	h := &held{pid: pid, namespaces: map[Namespace]*os.File{}}
	if err := h.open(); err != nil {
		return Place{}, errors.Join(fmt.Errorf("look at process %d: %w", pid, err), h.close())
	}
	kept.Store(h, true)
	return Place{held: h}, nil
}

func (h *held) open() (err error) {
	if h.proc, err = safefile.OpenAt(unix.AT_FDCWD, fmt.Sprintf("/proc/%d", h.pid),
		unix.O_PATH|unix.O_DIRECTORY); err != nil {
		return err
	}
	for _, kind := range []Namespace{Mounts, Processes, Network, IPC, Users} {
		f, err := safefile.OpenAt(int(h.proc.Fd()), "ns/"+string(kind), unix.O_RDONLY)
		if kind == Users && errors.Is(err, fs.ErrNotExist) {
			continue // a kernel without user namespaces
		}
		if err != nil {
			return err
		}
		h.namespaces[kind] = f
	}
	h.root, err = safefile.OpenAt(int(h.proc.Fd()), "root", unix.O_PATH|unix.O_DIRECTORY)
	return err
}

func (h *held) close() (failed error) {
	h.closed.Do(func() {
		kept.Delete(h)
		for _, f := range h.namespaces {
			failed = errors.Join(failed, f.Close())
		}
		for _, f := range []*os.File{h.root, h.proc} {
			if f != nil {
				failed = errors.Join(failed, f.Close())
			}
		}
	})
	return failed
}

// Close lets go of the process, also again. Nothing runs in the place, and no path of it leads anywhere, after that.
func (p Place) Close() error {
	if p.Host() {
		return nil
	}
	return p.held.close()
}

// PID is the process that was held, as this host counts them: for words and signals. 0 is this host.
func (p Place) PID() int {
	if p.Host() {
		return 0
	}
	return p.held.pid
}

// Shares says whether the place is in our own namespace of a kind.
func (p Place) Shares(kind Namespace) (bool, error) {
	ours, err := os.Stat("/proc/self/ns/" + string(kind))
	if kind == Users && errors.Is(err, fs.ErrNotExist) {
		return p.Host() || p.held.namespaces[kind] == nil, nil
	}
	if err != nil || p.Host() {
		return err == nil, err
	}
	theirs, err := p.namespace(kind)
	return err == nil && os.SameFile(ours, theirs), err
}

// Together says whether two places, neither of which is this host, are in one namespace of a kind.
func (p Place) Together(other Place, kind Namespace) (bool, error) {
	one, err := p.namespace(kind)
	if err != nil {
		return false, err
	}
	two, err := other.namespace(kind)
	return err == nil && os.SameFile(one, two), err
}

// namespace is what tells one namespace from another: device and inode.
func (p Place) namespace(kind Namespace) (fs.FileInfo, error) {
	f := p.held.namespaces[kind]
	if f == nil {
		return nil, fmt.Errorf("the %s namespace of process %d is not known", kind, p.held.pid)
	}
	return f.Stat()
}

// mounts are those of the place, for a program that is confined to them.
func (p Place) mounts() confine.Mounts {
	if p.Host() {
		return confine.Mounts{}
	}
	return confine.Mounts{Namespace: p.held.namespaces[Mounts], PID: p.held.pid, Ended: p.Ended}
}

// maxProc bounds a file of /proc. The mounts of a host with hundreds of containers are some 100 KiB.
const maxProc = 4 << 20

// Mountinfo is the held process's own table of mounts; ESRCH when it has ended.
func (p Place) Mountinfo() (string, error) {
	f, err := safefile.OpenAt(int(p.held.proc.Fd()), "mountinfo", unix.O_RDONLY)
	if err != nil {
		return "", fmt.Errorf("read the mounts of process %d: %w", p.held.pid, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProc+1))
	if err == nil && len(text) > maxProc {
		err = syscall.EFBIG
	}
	if err != nil {
		return "", fmt.Errorf("read the mounts of process %d: %w", p.held.pid, err)
	}
	return string(text), nil
}

// Ended says that the process that was held is gone. This host never is.
func (p Place) Ended() bool {
	if p.Host() {
		return false
	}
	f, err := safefile.OpenAt(int(p.held.proc.Fd()), "stat", unix.O_RDONLY)
	if err != nil {
		return true
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProc))
	fields := statFields(string(text))
	return err != nil || len(fields) == 0 || fields[0] == "Z"
}

// Place is where programs run: the zero value is this host, else it is the container of a process that Hold looked at.
//
// A program in a container is started by us (Confinement), not by the container's engine: it is a child of ours, in our
// control group, with our pipes, so that it ends when we are ended by force, and that works alike under podman and
// docker. It sees the mounts that were held, whatever the pid has become since; our user namespace it keeps.
type Place struct{ held *held }

// Host says that the place is this host.
func (p Place) Host() bool { return p.held == nil }

// Path is a path of the place as this process sees it, until the place is closed. What follows a link on the way
// follows it from this host's root: Resolve, Open and Folder do not.
func (p Place) Path(path string) string {
	if p.Host() {
		return path
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(p.held.root.Fd())), filepath.Join("/", path))
}
