// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

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

// Find looks a program up in the system's folders of the place (on this host also on PATH): its absolute path there, or
// ErrNotFound. The first of the names that is there counts; more are further folders. What others than root can replace
// in a container is none: it would run as this host's root.
func (p Place) Find(names []string, more ...string) (string, error) {
	var refused error
	for _, name := range names {
		if p.Host() {
			if path, err := Find(name); err == nil {
				return path, nil
			}
		}
		for _, folder := range append(slices.Clone(systemFolders), more...) {
			path := filepath.Join(folder, name)
			is, err := p.isProgram(path)
			if is {
				return path, nil
			}
			refused = cmp.Or(refused, err)
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", fmt.Errorf("%s%s: %w", none(names), p.in(), ErrNotFound)
}

// isProgram says that a path of the place can be run. The error is of one that must not be.
func (p Place) isProgram(path string) (bool, error) {
	w, err := p.find(path)
	if err != nil {
		return false, nil // none is there
	}
	defer w.Close()
	info, err := w.Here().Stat()
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return false, nil
	}
	if !p.Host() && w.Foreign != "" {
		return false, fmt.Errorf("%s%s is not run: others than root can write to %s there", path, p.in(), w.Foreign)
	}
	return true, nil
}

func (p Place) in() string {
	if p.Host() {
		return " here"
	}
	return fmt.Sprintf(" in the container of process %d", p.PID())
}

func none(names []string) string {
	if len(names) == 1 {
		return names[0] + " is not installed"
	}
	return "neither " + strings.Join(names, " nor ") + " is installed"
}
