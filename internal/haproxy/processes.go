// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/peer"
	"overcloud.backup/internal/safefile"
)

// running is a process of HAProxy's, held by descriptors: its number may be another's by the time that it is looked at
// again.
type running struct {
	pid  string
	uid  uint32
	root *os.File // its root directory; nil when it may not be looked into
}

// maxParents is how many processes up HAProxy's own may be: wrapper, master, worker.
const maxParents = 4

// processes are the haproxy processes, without those that Neutron starts beside every network for the metadata
// service (haproxy -f .../ns-metadata-proxy/UUID.conf), which are no load balancers. Anybody can call a program
// haproxy: only those count that are of the given users, in this user namespace, or workers of such a one, which a
// container runs under an account of its own.
func (h host) processes(may peer.Owners) (all []running) {
	dirs, _ := filepath.Glob(h.path("/proc/[0-9]*"))
	for _, dir := range dirs {
		fd, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			continue
		}
		status := statusOf(fd)
		if string(readAt(fd, "comm")) == "haproxy\n" && h.isHAProxy(fd, status, may) && !isMetadata(fd) {
			root := openAt(fd, "root", unix.O_PATH|unix.O_DIRECTORY)
			all = append(all, running{pid: filepath.Base(dir), uid: status.uids[0], root: root})
		}
		fd.Close()
	}
	return all
}

func closeAll(all []running) {
	for _, p := range all {
		p.root.Close()
	}
}

// isHAProxy says that a process runs HAProxy for one of the users, itself or as the child of one that does. What a
// process calls itself, and its arguments, it can write as it likes; the kernel alone writes what is read here.
func (h host) isHAProxy(dir *os.File, s status, may peer.Owners) bool {
	for range maxParents {
		if len(s.uids) == 0 || !h.ours(dir) || !runsHAProxy(dir) {
			return false
		}
		if !slices.ContainsFunc(s.uids, func(uid uint32) bool { return !may.Has(uid) }) {
			return true // in all of them: a program that is setuid root is its caller's, too
		}
		parent, err := os.OpenFile(h.path(filepath.Join("/proc", s.parent)), unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			return false
		}
		defer parent.Close()
		dir, s = parent, statusOf(parent)
	}
	return false
}

// ours says that a process is in this user namespace: anybody is root in one of his own. Who may not look goes by the
// uids, and is not let into the process's root either.
func (h host) ours(dir *os.File) bool {
	var own, its unix.Stat_t
	if err := unix.Stat(h.path("/proc/self/ns/user"), &own); err != nil {
		return errors.Is(err, unix.ENOENT) // a kernel without user namespaces
	}
	if err := unix.Fstatat(int(dir.Fd()), "ns/user", &its, 0); err != nil {
		return errors.Is(err, unix.EACCES)
	}
	return own.Ino == its.Ino && own.Dev == its.Dev
}

// runsHAProxy looks at the program file: haproxy, or the haproxy-systemd-wrapper of 1.5 to 1.7.
func runsHAProxy(dir *os.File) bool {
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), "exe", b)
	if err != nil {
		return errors.Is(err, unix.EACCES)
	}
	return strings.HasPrefix(filepath.Base(string(b[:n])), "haproxy")
}

// isMetadata is asked about trusted processes alone: reading the arguments of others can be made to hang.
func isMetadata(dir *os.File) bool {
	return bytes.Contains(readAt(dir, "cmdline"), []byte("ns-metadata-proxy"))
}

// status is what /proc/PID/status says: the real, effective, saved and file system's uid, and the parent.
type status struct {
	uids   []uint32
	parent string
}

func statusOf(dir *os.File) (s status) {
	for line := range strings.Lines(string(readAt(dir, "status"))) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 5 && fields[0] == "Uid:":
			for _, field := range fields[1:] {
				uid, err := strconv.ParseUint(field, 10, 32)
				if err != nil {
					return status{}
				}
				s.uids = append(s.uids, uint32(uid))
			}
		case len(fields) == 2 && fields[0] == "PPid:":
			s.parent = fields[1]
		}
	}
	return s
}

// maxProc bounds a file of /proc/PID: arguments can have megabytes.
const maxProc = 1 << 20

// readAt reads a file of a process; nothing when it cannot, as after its end.
func readAt(dir *os.File, name string) []byte {
	f := openAt(dir, name, unix.O_RDONLY|unix.O_NONBLOCK)
	if f == nil {
		return nil
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, maxProc))
	return b
}

func openAt(dir *os.File, name string, flags int) *os.File {
	f, err := safefile.OpenAt(int(dir.Fd()), name, flags)
	if err != nil {
		return nil
	}
	return f
}
