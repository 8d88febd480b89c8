// SPDX-License-Identifier: GPL-3.0-or-later

package locate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"overcloud.backup/internal/peer"
)

// Host is the file system that files, sockets and processes are looked for in. Proc is its /proc; empty means the one
// below Root.
type Host struct{ Root, Proc string }

// Path is a path of the host as this process sees it.
func (h Host) Path(p string) string { return filepath.Join(h.Root, p) }

// process is a path of /proc, such as 7/root.
func (h Host) process(elements ...string) string {
	proc := h.Proc
	if proc == "" {
		proc = h.Path("/proc")
	}
	return filepath.Join(proc, filepath.Join(elements...))
}

// Runs reports that a process has not ended.
func (h Host) Runs(p Process) bool {
	_, err := os.Stat(h.process(p.PID))
	return !errors.Is(err, fs.ErrNotExist)
}

// Exists reports that the path exists, readable or not.
func (h Host) Exists(path string) bool {
	_, err := os.Stat(h.Path(path))
	return !errors.Is(err, fs.ErrNotExist)
}

// File is a file or socket: by its name on this host, or inside a container, where it is held.
type File struct {
	Name string   // as facts and errors show it; empty if there is none
	held *os.File // nil on this host
	may  peer.Owners
}

// At returns the path to open it by.
func (f File) At() string {
	if f.held == nil {
		return f.Name
	}
	return fmt.Sprintf("/proc/self/fd/%d", f.held.Fd())
}

// CloseFiles releases what is held.
func CloseFiles(all []File) {
	for _, f := range all {
		f.held.Close() // which does nothing if nothing is held
	}
}

// Process is a process of HAProxy's, held by descriptors: its pid may belong to another process by the time that it is
// read again.
type Process struct {
	PID  string
	uid  uint32
	Root *os.File // its root directory; nil if it may not be inspected
	// OnHost says that it sees this host's own files.
	OnHost bool
	// Away says that it has a network of its own, as in a container without the host's: it listens on none of our
	// addresses.
	Away bool
	// Files are the files and folders of -f as it sees them, env is the environment that it was started with; nil if
	// they are not known.
	Files []string
	Env   map[string]string
}

// CloseProcesses releases processes.
func CloseProcesses(all []Process) {
	for _, p := range all {
		p.Root.Close()
	}
}
