// SPDX-License-Identifier: GPL-3.0-or-later

// Package hiera looks up single keys of Puppet's data on a TripleO controller: with the command hiera if it is
// installed and works, else in the files that hiera.yaml names. A value that would need Puppet data which this host
// does not have is an error, not a guess.
package hiera

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
)

// Config is the path of Puppet's hiera.yaml.
const Config = "/etc/puppet/hiera.yaml"

// Lookup returns the value of a key. Without the file config there is no hiera, and nothing is found. A key that the
// files do not have is an error if the command failed: it might have found it.
func Lookup(ctx context.Context, config, key string) (value string, found bool, err error) {
	data, err := read(config)
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read hiera: %w", err)
	}
	value, found, err = ask(ctx, config, key)
	if err == nil {
		return value, found, nil
	}
	value, found, inFiles := lookupFiles(data, config, key, hostFacts, 0)
	switch {
	case found || errors.Is(err, process.ErrNotFound):
		return value, found, inFiles
	case inFiles != nil:
		err = fmt.Errorf("%w; without the command: %w", err, inFiles)
	}
	return "", false, fmt.Errorf("look up %s: %w", excerpt.Of(key), err)
}

// ask runs the command. It exists but fails if a newer Puppet has removed its Ruby.
func ask(ctx context.Context, config, key string) (string, bool, error) {
	out, err := process.Output(ctx, "hiera", "-c", config, key)
	if err != nil {
		return "", false, err
	}
	value, found := parseOutput(string(out))
	if encrypted.MatchString(value) {
		return "", false, errEncrypted
	}
	return value, found, nil
}

// parseOutput reads the command's output: the value and a line feed, or "nil".
func parseOutput(out string) (string, bool) {
	out = strings.TrimSuffix(out, "\n")
	if out == "nil" || out == "" {
		return "", false
	}
	return out, true
}

// lookupFiles uses the first file of the hierarchy that has the key. A missing file is skipped, as in hiera.
func lookupFiles(data []byte, config, key string, facts Facts, depth int) (string, bool, error) {
	if depth > maxDepth {
		return "", false, errors.New("the references in the data form a cycle")
	}
	sources, err := Sources(data, filepath.Dir(config), facts)
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", config, err)
	}
	for _, source := range sources {
		if source.Err != nil {
			return "", false, fmt.Errorf("%s: %w", config, source.Err)
		}
		value, found, err := source.lookup(key)
		if err != nil {
			return "", false, err
		}
		if !found {
			continue
		}
		if value == nil { // set to null, which hides the values of later sources
			return "", false, nil
		}
		other := func(key string) (string, bool, error) { return lookupFiles(data, config, key, facts, depth+1) }
		text, err := resolve(*value, facts, other)
		if err != nil {
			return "", false, fmt.Errorf("%s: %s: %w", excerpt.UpTo(300, source.Path), excerpt.Of(key), err)
		}
		return text, true, nil
	}
	return "", false, nil
}

// lookup reads a key of a data file. A missing file has no keys.
func (s Source) lookup(key string) (value *string, found bool, err error) {
	content, err := read(s.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read hiera: %w", excerpt.Error(err))
	}
	value, found, err = s.value(content, key)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", excerpt.UpTo(300, s.Path), err)
	}
	if value != nil && encrypted.MatchString(*value) {
		return nil, false, fmt.Errorf("%s: %s: %w", excerpt.UpTo(300, s.Path), excerpt.Of(key), errEncrypted)
	}
	return value, found, nil
}
