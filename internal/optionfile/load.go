// SPDX-License-Identifier: GPL-3.0-or-later

package optionfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// maxDepth is how deep the client follows !include.
	maxDepth = 10
	// maxFiles bounds what files that include each other over and over come to.
	maxFiles = 1000
	// maxSize bounds one file: no option file is that large.
	maxSize = 1 << 20
)

// Option is an option and where it stands.
type Option struct {
	Item
	File string
}

// Options are options in the order read: of two with one name the later counts.
type Options []Option

// Load reads files in order, with all that they include. A file that does not exist is passed over, and so is a
// world-writable one, as the client does. What could be read is returned even with an error.
func Load(paths ...string) (Options, error) {
	var all Options
	var errs []error
	l := &loading{}
	for _, path := range paths {
		some, err := l.load(path, 0)
		all = append(all, some...)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Last is the option that counts among these groups, under any of these names (with dashes).
func (o Options) Last(groups []string, names ...string) (Option, bool) {
	for _, option := range slices.Backward(o) {
		if slices.Contains(names, option.Name) && slices.Contains(groups, option.Group) {
			return option, true
		}
	}
	return Option{}, false
}

// loading counts the files of one Load.
type loading struct{ files int }

func (l *loading) load(path string, depth int) (Options, error) {
	if l.files++; l.files > maxFiles {
		if l.files == maxFiles+1 {
			return nil, fmt.Errorf("%s: more than %d option files include each other", path, maxFiles)
		}
		return nil, nil
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: included more than %d levels deep", path, maxDepth)
	}
	data, err := read(path)
	if err != nil || data == nil {
		return nil, err
	}
	items, err := Parse(data)
	errs := []error{}
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", path, err))
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
	return all, errors.Join(errs...)
}

// include reads one file, or a folder's *.cnf in the order of their names.
func (l *loading) include(item Item, depth int) (Options, error) {
	if item.Include != "" {
		return l.load(item.Include, depth)
	}
	entries, err := os.ReadDir(item.IncludeDir)
	if err != nil {
		return nil, fmt.Errorf("read the folder of !includedir: %w", err)
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
	return all, errors.Join(errs...)
}

// read returns nil for a file that the client passes over.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read option file: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o002 != 0 {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read option file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read option file: %w", err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("%s: larger than %d bytes, which no option file is", path, maxSize)
	}
	return data, nil
}
