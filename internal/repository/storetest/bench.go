// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"

	"overcloud.backup/internal/repository"
)

// Opener opens a store again and again: each Store that it returns sees what the others have written.
type Opener func(t *testing.T) repository.Store

const cluster, first, second = "solo", "solo/20261122T191500Z_physical_a", "solo/20261122T191501Z_logical_a"

// bench is a store under test.
type bench struct {
	*testing.T
	repository.Store
	open Opener
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func silent() error { return nil }

// begin begins a set and gives it a file.
func (b *bench) begin(set string) repository.Sink {
	b.Helper()
	sink, err := b.Create(set, silent)
	b.must(err)
	b.must(write(sink, "data", []byte("rows of "+set)))
	return sink
}

func write(sink repository.Sink, name string, content []byte) error {
	w, err := sink.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	if err = errors.Join(err, w.Sync()); err != nil {
		return errors.Join(err, w.Close())
	}
	size, err := w.Size()
	if err == nil && size != int64(len(content)) {
		err = fmt.Errorf("%s has %d bytes after %d were written", w.Name(), size, len(content))
	}
	return errors.Join(err, w.Close())
}

func (b *bench) commit(set string) {
	b.Helper()
	b.must(b.begin(set).Commit([]byte("manifest of " + set)))
}

// read reads a file of a set to its end.
func (b *bench) read(set, file string, offset int64) (string, error) {
	source, err := b.Open(set)
	if err != nil {
		return "", err
	}
	defer source.Close()
	from, size, err := source.Open(file, offset)
	if err != nil {
		return "", err
	}
	defer from.Close()
	content, err := io.ReadAll(from)
	if err == nil && offset <= size && int64(len(content)) != size-offset {
		err = fmt.Errorf("%d bytes from %d on, and the file has %d", len(content), offset, size)
	}
	return string(content), err
}

// want requires the list of a cluster, unfinished sets in brackets.
func (b *bench) want(cluster string, want ...string) {
	b.Helper()
	items, err := b.List(cluster)
	if err != nil && !(errors.Is(err, fs.ErrNotExist) && len(want) == 0) {
		b.Fatal(err)
	}
	var got []string
	for _, i := range items {
		if i.Unfinished {
			i.Name = "[" + i.Name + "]"
		}
		got = append(got, i.Name)
	}
	if !slices.Equal(got, want) {
		b.Errorf("%q lists %q, not %q", cluster, got, want)
	}
}

func (b *bench) unfinished(set string) string { return "[" + b.Working(set) + "]" }
