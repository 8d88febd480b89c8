// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Find looks a program up in the system's folders of the place (on this host also on PATH): its absolute path there, or
// ErrNotFound. The first of the names that exists counts; more are further folders. A program that others than root can
// replace in a container does not count: it would run as this host's root.
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

// isProgram reports that a path of the place can be run. The error is about one that must not be run.
func (p Place) isProgram(path string) (bool, error) {
	w, err := p.find(path)
	if err != nil {
		return false, nil // it does not exist
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
