// SPDX-License-Identifier: GPL-3.0-or-later

// Package locate finds the HAProxy processes of a host, and their files and sockets, on the host or in their
// containers. Only processes that belong to trusted users, according to the kernel, count.
package locate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/peer"
)

// Default paths.
var (
	// DefaultConfigs: what TripleO writes for the container, then the host's own. If both exist, the host's is the
	// package's example, which no process runs with.
	DefaultConfigs = []string{
		"/var/lib/config-data/puppet-generated/haproxy/etc/haproxy/haproxy.cfg",
		"/etc/haproxy/haproxy.cfg",
	}
	// DefaultSockets: of TripleO, of Debian, of early Ocata.
	DefaultSockets = []string{"/var/lib/haproxy/stats", "/run/haproxy/admin.sock", "/var/run/haproxy.sock"}
)

// maxConfig limits one configuration file.
const maxConfig = 16 << 20

// First returns the first of the paths that exists, an empty one if none does.
func (h Host) First(paths []string, all []Process, may peer.Owners) File {
	there := h.All(paths, all, may)
	if len(there) == 0 {
		return File{}
	}
	CloseFiles(there[1:])
	return there[0]
}

// All returns those of the paths that exist: on the host itself, then inside the containers of haproxy processes, where
// a bundle that does not share /var/lib/haproxy keeps them. Files inside may belong to the owners, or to the account of
// the process there.
func (h Host) All(paths []string, all []Process, may peer.Owners) (there []File) {
	for _, path := range paths {
		if h.Exists(path) {
			there = append(there, File{Name: h.Path(path)})
		}
	}
	for _, p := range all {
		for _, path := range paths {
			if f, err := h.inside(p, path, may); err == nil {
				there = append(there, f)
			}
		}
	}
	return there
}

// inside finds a path in the container of a process. A process without one of its own has the host's files.
func (h Host) inside(p Process, path string, may peer.Owners) (File, error) {
	if p.Root == nil || p.OnHost {
		return File{}, fs.ErrNotExist
	}
	held, err := inside(p.Root, path)
	if err != nil {
		return File{}, err
	}
	name := h.process(p.PID, "root", path)
	return File{name, held, may.And(p.uid, "haproxy in its container")}, nil
}

// ReadConfigs reads configuration files as haproxy -f accepts them: a folder stands for its *.cfg files in order. An
// error is returned with the path that it is about.
func ReadConfigs(all []File) (files []cfg.File, at string, err error) {
	for _, f := range all {
		names, err := expandFolder(f)
		if err != nil {
			return nil, f.Name, WithoutPath(err)
		}
		for _, name := range names {
			b, err := readFile(name)
			if name.held != f.held {
				name.held.Close()
			}
			if err != nil {
				return nil, name.Name, WithoutPath(err)
			}
			files = append(files, cfg.File{Name: name.Name, Content: b})
		}
	}
	return files, "", nil
}

// expandFolder returns the files of a folder, which the caller closes, or the file that it was given.
func expandFolder(f File) ([]File, error) {
	info, err := os.Stat(f.At())
	if err != nil || !info.IsDir() {
		return []File{f}, err
	}
	entries, err := os.ReadDir(f.At())
	if err != nil {
		return nil, err
	}
	var all []File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".cfg") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		file := File{Name: filepath.Join(f.Name, e.Name()), may: f.may}
		if f.held != nil {
			if file.held, err = inside(f.held, e.Name()); err != nil {
				CloseFiles(all)
				return nil, err
			}
		}
		all = append(all, file)
	}
	if len(all) == 0 {
		return nil, errors.New("the folder contains no *.cfg file")
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// readFile reads a regular file. Opening a pipe would wait for its writer, and opening a device can do anything: so its
// type is checked first, and it is opened through the descriptor that was checked.
func readFile(f File) ([]byte, error) {
	held := f.held
	if held == nil {
		var err error
		if held, err = os.OpenFile(f.Name, unix.O_PATH, 0); err != nil {
			return nil, err
		}
		defer held.Close()
	}
	info, err := held.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; f.held != nil && !f.may.Has(uid) {
		return nil, fmt.Errorf("it belongs to %s, not to %s", peer.Name(uid), f.may)
	}
	opened, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", held.Fd()), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	b, err := io.ReadAll(io.LimitReader(opened, maxConfig+1))
	if err == nil && len(b) > maxConfig {
		return nil, fmt.Errorf("it is larger than %d MiB", maxConfig>>20)
	}
	return b, err
}

// WithoutPath drops the path that the error repeats: the caller names it.
func WithoutPath(err error) error {
	var stranger *peer.StrangerError
	if errors.As(err, &stranger) {
		return err
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// ConfigOf returns the configuration files of a process: in its container, or on this host. It returns none of them if
// one does not exist.
func (h Host) ConfigOf(p Process, may peer.Owners) (all []File) {
	for _, path := range p.Files {
		switch f, err := h.inside(p, path, may); {
		case err == nil:
			all = append(all, f)
		case (p.Root == nil || p.OnHost) && h.Exists(path):
			all = append(all, File{Name: h.Path(path)})
		default:
			CloseFiles(all)
			return nil
		}
	}
	return all
}
