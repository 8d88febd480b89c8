// SPDX-License-Identifier: GPL-3.0-or-later

package optionfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/peer"
)

const (
	// maxDepth is the depth to which the client follows !include.
	maxDepth = 10
	// maxFiles bounds the number of files that include each other repeatedly.
	maxFiles = 1000
	// maxSize bounds one file; real option files are smaller.
	maxSize = 1 << 20
)

// Option is an option and its position.
type Option struct {
	Item
	File string
}

// Options are options in the order in which they were read: of two with the same name, the later one counts.
type Options []Option

// Load reads files in order, including all files that they include. A missing file is skipped. A file that users other
// than the database's can write or replace is skipped with an error: it decides where root logs in, and with which
// password. (MariaDB's own client only skips world-writable ones, with a warning.) The options that could be read are
// returned even with an error.
func Load(paths ...string) (Options, error) {
	var all Options
	var errs []error
	l := &loading{may: peer.OfDatabase()}
	for _, path := range paths {
		some, err := l.load(path, 0)
		all = append(all, some...)
		errs = append(errs, err)
	}
	return all, excerpt.Join(errs...)
}

// Last returns the option that counts in these groups, under any of these names (with dashes).
func (o Options) Last(groups []string, names ...string) (Option, bool) {
	for _, option := range slices.Backward(o) {
		if slices.Contains(names, option.Name) && slices.Contains(groups, option.Group) {
			return option, true
		}
	}
	return Option{}, false
}

// loading counts the files of one Load, and has their allowed owners.
type loading struct {
	files int
	may   peer.Owners
}

func (l *loading) load(path string, depth int) (Options, error) {
	if l.files++; l.files > maxFiles {
		if l.files == maxFiles+1 {
			return nil, fmt.Errorf("%s: more than %d option files include each other", excerpt.UpTo(300, path),
				maxFiles)
		}
		return nil, nil
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: included more than %d levels deep", excerpt.UpTo(300, path), maxDepth)
	}
	data, err := l.read(path)
	if err != nil {
		return nil, err
	}
	items, err := Parse(data)
	errs := []error{}
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", excerpt.UpTo(300, path), err))
	}
	var all Options
	for _, item := range items {
		if item.Name != "" {
			all = append(all, Option{Item: item, File: path})
			continue
		}
		if l.files > maxFiles {
			break
		}
		more, err := l.include(item, depth+1)
		all = append(all, more...)
		errs = append(errs, err)
	}
	return all, excerpt.Join(errs...)
}

// include reads one file, or a folder's *.cnf in the order of their names.
func (l *loading) include(item Item, depth int) (Options, error) {
	if item.Include != "" {
		return l.load(item.Include, depth)
	}
	entries, err := os.ReadDir(item.IncludeDir)
	if err != nil {
		return nil, fmt.Errorf("read the folder of !includedir: %w", excerpt.Error(err))
	}
	var all Options
	var errs []error
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".cnf") {
			continue
		}
		some, err := l.load(filepath.Join(item.IncludeDir, entry.Name()), depth)
		all = append(all, some...)
		errs = append(errs, err)
	}
	return all, excerpt.Join(errs...)
}

// read returns nil if the file does not exist.
func (l *loading) read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read option file: %w", excerpt.Error(err))
	}
	// The client also accepts a relative path.
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("read option file: %w", err)
	}
	data, err := l.may.ReadFile(path, maxSize)
	if err != nil {
		return nil, fmt.Errorf("read option file: %w", excerpt.Error(err))
	}
	return data, nil
}
