// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"overcloud.backup/internal/peer"
)

// host is the file system that files, sockets and processes are looked for in.
type host struct{ root string }

// path is a path of the host as this process sees it.
func (h host) path(p string) string { return filepath.Join(h.root, p) }

// exists says that the path is there, readable or not.
func (h host) exists(path string) bool {
	_, err := os.Stat(h.path(path))
	return !errors.Is(err, fs.ErrNotExist)
}

// found is a file or socket: by its name on this host, or inside a container, where it is held.
type found struct {
	name string   // as facts and errors show it; empty when there is none
	held *os.File // nil on this host
	may  peer.Owners
}

// at is the path to open it by.
func (f found) at() string {
	if f.held == nil {
		return f.name
	}
	return fmt.Sprintf("/proc/self/fd/%d", f.held.Fd())
}

// closeFound lets go of what is held.
func closeFound(all []found) {
	for _, f := range all {
		f.held.Close() // which does nothing where nothing is held
	}
}

// running is a process of HAProxy's, held by descriptors: its number may be another's by the time that it is looked at
// again.
type running struct {
	pid  string
	uid  uint32
	root *os.File // its root directory; nil when it may not be looked into
	// onHost says that it sees this host's own files.
	onHost bool
	// away says that it has a network of its own, as in a container without the host's: it listens on none of our
	// addresses.
	away bool
	// files are the files and folders of -f as it sees them, env is the environment that it was started with; nil where
	// they are not known.
	files []string
	env   map[string]string
}

// closeAll lets go of processes.
func closeAll(all []running) {
	for _, p := range all {
		p.root.Close()
	}
}
