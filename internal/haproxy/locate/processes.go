// SPDX-License-Identifier: GPL-3.0-or-later

package locate

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/peer"
	"overcloud.backup/internal/safefile"
)

// maxParents is how many processes up HAProxy's own may be: wrapper, master, worker.
const maxParents = 4

// Processes returns the haproxy processes, except those that are not load balancers of the controllers. Any user can
// call a program haproxy: only those count that belong to the given users, in this user namespace, or workers of such a
// one, which a container runs under an account of its own.
func (h Host) Processes(may peer.Owners) (all []Process) {
	dirs, _ := filepath.Glob(h.process("[0-9]*"))
	for _, dir := range dirs {
		fd, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			continue
		}
		status := statusOf(fd)
		if string(readAt(fd, "comm")) == "haproxy\n" && h.isHAProxy(fd, status, may) && !hasOtherUse(fd) {
			all = append(all, h.inspect(filepath.Base(dir), fd, status))
		}
		fd.Close()
	}
	return all
}

// inspect reads what a trusted process was started with.
func (h Host) inspect(pid string, dir *os.File, s status) Process {
	p := Process{PID: pid, uid: s.uids[0], Root: openAt(dir, "root", unix.O_PATH|unix.O_DIRECTORY)}
	mounts, _ := h.sameNamespace(dir, "mnt")
	p.OnHost = mounts && sameRoot(h.Root, p.Root)
	network, known := h.sameNamespace(dir, "net")
	p.Away = known && !network
	b := make([]byte, unix.PathMax)
	n, _ := unix.Readlinkat(int(dir.Fd()), "cwd", b)
	p.Files = filesOf(strings.Split(string(readAt(dir, "cmdline")), "\x00"), string(b[:max(n, 0)]))
	for _, pair := range strings.Split(string(readAt(dir, "environ")), "\x00") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			if p.Env == nil {
				p.Env = map[string]string{}
			}
			p.Env[name] = value
		}
	}
	return p
}

// sameNamespace reports whether a process is in our namespace of a kind, and whether that is known.
func (h Host) sameNamespace(dir *os.File, kind string) (same, known bool) {
	var own, its unix.Stat_t
	if unix.Stat(h.process("self/ns", kind), &own) != nil ||
		unix.Fstatat(int(dir.Fd()), "ns/"+kind, &its, 0) != nil {
		return false, false
	}
	return own.Ino == its.Ino && own.Dev == its.Dev, true
}

func sameRoot(path string, root *os.File) bool {
	if root == nil {
		return false
	}
	own, err := os.Stat(path)
	its, wrong := root.Stat()
	return err == nil && wrong == nil && os.SameFile(own, its)
}

// filesOf returns the arguments of -f, and what follows --, in a command line of HAProxy. -C names the folder that they
// begin at, otherwise it is the one that the process runs in.
func filesOf(args []string, folder string) (files []string) {
	for i := 1; i < len(args); i++ {
		switch {
		case args[i] == "--":
			for _, f := range args[i+1:] {
				if f != "" {
					files = append(files, f)
				}
			}
			i = len(args)
		case i+1 == len(args):
		case args[i] == "-f":
			i++
			files = append(files, args[i])
		case args[i] == "-C":
			i++
			folder = args[i]
		}
	}
	for i, f := range files {
		if !filepath.IsAbs(f) {
			files[i] = filepath.Join("/", folder, f)
		}
	}
	return files
}

// isHAProxy reports that a process runs HAProxy for one of the users, itself or as the child of one that does. A
// process can choose its name and its arguments freely; only the kernel writes what is read here.
func (h Host) isHAProxy(dir *os.File, s status, may peer.Owners) bool {
	for range maxParents {
		if len(s.uids) == 0 || !h.ours(dir) || !runsHAProxy(dir) {
			return false
		}
		if !slices.ContainsFunc(s.uids, func(uid uint32) bool { return !may.Has(uid) }) {
			return true // in all of them: a program that is setuid root is its caller's, too
		}
		parent, err := os.OpenFile(h.process(s.parent), unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			return false
		}
		defer parent.Close()
		dir, s = parent, statusOf(parent)
	}
	return false
}

// ours reports that a process is in this user namespace: any user is root in one of their own. A reader without the
// permission uses the uids, and is not let into the process's root either.
func (h Host) ours(dir *os.File) bool {
	var own, its unix.Stat_t
	if err := unix.Stat(h.process("self/ns/user"), &own); err != nil {
		return errors.Is(err, unix.ENOENT) // a kernel without user namespaces
	}
	if err := unix.Fstatat(int(dir.Fd()), "ns/user", &its, 0); err != nil {
		return errors.Is(err, unix.EACCES)
	}
	return own.Ino == its.Ino && own.Dev == its.Dev
}

// runsHAProxy checks the program file: haproxy, or the haproxy-systemd-wrapper of 1.5 to 1.7.
func runsHAProxy(dir *os.File) bool {
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), "exe", b)
	if err != nil {
		return errors.Is(err, unix.EACCES)
	}
	return strings.HasPrefix(filepath.Base(string(b[:n])), "haproxy")
}

// otherUses are the HAProxies that are not load balancers of the controllers, by their command line: Neutron's, for the
// metadata service of every network (haproxy -f .../ns-metadata-proxy/UUID.conf, or OVN's .../ovn-metadata-proxy/...).
var otherUses = []string{"ns-metadata-proxy", "ovn-metadata-proxy"}

// ingress are those of Ceph, in containers of cephadm, by their control group (ceph-FSID@haproxy.nfs.NAME) or by the
// folder that they have mounted (/var/lib/ceph/FSID/haproxy.nfs.NAME).
var ingress = regexp.MustCompile(`ceph-[0-9a-f-]{36}@haproxy\.|/ceph/[0-9a-f-]{36}/haproxy\.`)

// hasOtherUse is called only for trusted processes: reading the arguments of others can be made to hang.
func hasOtherUse(dir *os.File) bool {
	line := readAt(dir, "cmdline")
	return slices.ContainsFunc(otherUses, func(name string) bool { return bytes.Contains(line, []byte(name)) }) ||
		ingress.Match(readAt(dir, "cgroup")) || ingress.Match(readAt(dir, "mountinfo"))
}

// status is the content of /proc/PID/status: the real, effective, saved and file system's uid, and the parent.
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

// maxProc limits a file of /proc/PID: arguments can have megabytes.
const maxProc = 1 << 20

// readAt reads a file of a process; nothing if it cannot, such as after its end.
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
