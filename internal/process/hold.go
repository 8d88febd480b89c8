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

// Namespace is a kind of namespaces, by its name in /proc/PID/ns.
type Namespace string

// The kinds that are inspected.
const (
	Mounts    Namespace = "mnt"
	Processes Namespace = "pid"
	Network   Namespace = "net"
	IPC       Namespace = "ipc"
	Users     Namespace = "user"
)

// held are descriptors of a process, opened at one moment. A pid can be another process's a moment later, a descriptor
// cannot: that of /proc/PID gives ESRCH once the process has ended (all kernels, also those before pidfd), and those of
// a namespace and the root keep their meaning.
type held struct {
	pid        int
	proc, root *os.File
	namespaces map[Namespace]*os.File
	closed     sync.Once
}

// kept are those that are not closed: commands and paths use their descriptors by number, so that garbage collection
// must not close one.
var kept sync.Map

// Hold opens a process by descriptors that keep their meaning whatever happens to it, until Close. It checks nothing:
// programs may be run there only after Shares and Together have shown whose it is.
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

// Close releases the process; it may be called again. After that nothing runs in the place, and no path of it leads
// anywhere.
func (p Place) Close() error {
	if p.Host() {
		return nil
	}
	return p.held.close()
}

// PID returns the process that was held, by this host's count: for messages and signals. 0 is this host.
func (p Place) PID() int {
	if p.Host() {
		return 0
	}
	return p.held.pid
}

// Shares reports whether the place is in our own namespace of a kind.
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

// Together reports whether two places, neither of which is this host, are in one namespace of a kind.
func (p Place) Together(other Place, kind Namespace) (bool, error) {
	one, err := p.namespace(kind)
	if err != nil {
		return false, err
	}
	two, err := other.namespace(kind)
	return err == nil && os.SameFile(one, two), err
}

// namespace identifies a namespace: device and inode.
func (p Place) namespace(kind Namespace) (fs.FileInfo, error) {
	f := p.held.namespaces[kind]
	if f == nil {
		return nil, fmt.Errorf("the %s namespace of process %d is not known", kind, p.held.pid)
	}
	return f.Stat()
}

// mounts returns those of the place, for a program that is confined to them.
func (p Place) mounts() confine.Mounts {
	if p.Host() {
		return confine.Mounts{}
	}
	return confine.Mounts{Namespace: p.held.namespaces[Mounts], PID: p.held.pid, Ended: p.Ended}
}

// maxProc limits a file of /proc. The mounts of a host with hundreds of containers are some 100 KiB.
const maxProc = 4 << 20

// Mountinfo returns the held process's own table of mounts; ESRCH if it has ended.
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

// Ended reports that the process that was held is gone. This host never is.
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

// Place is where programs run: the zero value is this host, otherwise it is the container of a process that Hold
// opened.
//
// A program in a container is started by us (Confinement), not by the container's engine: it is a child of ours, in our
// control group, with our pipes, so that it ends when we are killed, and that works the same under podman and docker.
// It sees the mounts that were held, even if the pid has been reused; it keeps our user namespace.
type Place struct{ held *held }

// Host reports that the place is this host.
func (p Place) Host() bool { return p.held == nil }

// Path returns a path of the place as this process sees it, until the place is closed. A caller that follows a link in
// it follows it from this host's root: Resolve, Open and Folder do not.
func (p Place) Path(path string) string {
	if p.Host() {
		return path
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(p.held.root.Fd())), filepath.Join("/", path))
}
