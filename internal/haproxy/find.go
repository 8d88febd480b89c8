// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

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

	"overcloud.backup/internal/peer"
)

// Where things are when nobody says otherwise.
var (
	// defaultConfigs: what TripleO writes for the container, then the host's own. Where both are, the host's is the
	// package's example, which no process runs with.
	defaultConfigs = []string{
		"/var/lib/config-data/puppet-generated/haproxy/etc/haproxy/haproxy.cfg",
		"/etc/haproxy/haproxy.cfg",
	}
	// defaultSockets: of TripleO, of Debian, of early Ocata.
	defaultSockets = []string{"/var/lib/haproxy/stats", "/run/haproxy/admin.sock", "/var/run/haproxy.sock"}
)

// maxConfig bounds one configuration file.
const maxConfig = 16 << 20

// first returns the first of the paths that is there, an empty one when none is.
func (h host) first(paths []string, all []running, may peer.Owners) found {
	there := h.all(paths, all, may)
	if len(there) == 0 {
		return found{}
	}
	closeFound(there[1:])
	return there[0]
}

// all returns those of the paths that are there: on the host itself, then inside the containers of haproxy processes,
// where a bundle that does not share /var/lib/haproxy keeps them. What is inside may be the owners', or of the account
// that the process has there.
func (h host) all(paths []string, all []running, may peer.Owners) (there []found) {
	for _, path := range paths {
		if h.exists(path) {
			there = append(there, found{name: h.path(path)})
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
func (h host) inside(p running, path string, may peer.Owners) (found, error) {
	if p.root == nil || p.onHost {
		return found{}, fs.ErrNotExist
	}
	held, err := inside(p.root, path)
	if err != nil {
		return found{}, err
	}
	name := h.path(filepath.Join("/proc", p.pid, "root", path))
	return found{name, held, may.And(p.uid, "haproxy in its container")}, nil
}

// readConfigs reads configuration files as haproxy -f takes them: a folder stands for its *.cfg files in order. With
// an error comes the path that it is about.
func readConfigs(all []found) (files []ConfigFile, at string, err error) {
	for _, f := range all {
		names, err := expandFolder(f)
		if err != nil {
			return nil, f.name, bare(err)
		}
		for _, name := range names {
			b, err := readFile(name)
			if name.held != f.held {
				name.held.Close()
			}
			if err != nil {
				return nil, name.name, bare(err)
			}
			files = append(files, ConfigFile{Name: name.name, Content: b})
		}
	}
	return files, "", nil
}

// expandFolder returns the files of a folder, which the caller closes, or the file that it was given.
func expandFolder(f found) ([]found, error) {
	info, err := os.Stat(f.at())
	if err != nil || !info.IsDir() {
		return []found{f}, err
	}
	entries, err := os.ReadDir(f.at())
	if err != nil {
		return nil, err
	}
	var all []found
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".cfg") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		file := found{name: filepath.Join(f.name, e.Name()), may: f.may}
		if f.held != nil {
			if file.held, err = inside(f.held, e.Name()); err != nil {
				closeFound(all)
				return nil, err
			}
		}
		all = append(all, file)
	}
	if len(all) == 0 {
		return nil, errors.New("the folder holds no *.cfg file")
	}
	slices.SortFunc(all, func(a, b found) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// readFile reads a regular file. Opening a pipe would wait for its writer, and opening a device can do anything: what
// it is, is looked at first, and it is opened by what was looked at.
func readFile(f found) ([]byte, error) {
	held := f.held
	if held == nil {
		var err error
		if held, err = os.OpenFile(f.name, unix.O_PATH, 0); err != nil {
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

// bare drops the path that the error repeats: the caller names it.
func bare(err error) error {
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

// configOf are the configuration files of a process: in its container, or on this host. It is none of them when one is
// not there.
func (h host) configOf(p running, may peer.Owners) (all []found) {
	for _, path := range p.files {
		switch f, err := h.inside(p, path, may); {
		case err == nil:
			all = append(all, f)
		case (p.root == nil || p.onHost) && h.exists(path):
			all = append(all, found{name: h.path(path)})
		default:
			closeFound(all)
			return nil
		}
	}
	return all
}
