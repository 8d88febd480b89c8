// SPDX-License-Identifier: GPL-3.0-or-later

// Package storetest holds drivers to the contract of repository.Store. Every driver's own tests call Run.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
)

// Opener opens a store again and again: each Store that it returns sees what the others have written.
type Opener func(t *testing.T) repository.Store

const cluster, first, second = "solo", "solo/20261122T191500Z_physical_a", "solo/20261122T191501Z_logical_a"

// Run tests a driver. fresh returns the opener of a store without sets.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *bench)
	}{
		{"a set exists when it has its manifest", testCommit},
		{"a name is given to one set only", testNames},
		{"what cannot be announced is not made", testAnnounce},
		{"an aborted set leaves nothing", testAbort},
		{"an aborted set leaves others alone", testAbortBesideOthers},
		{"a set that is reset is empty", testReset},
		{"a set of a killed writer can be discarded", testDiscard},
		{"a finished set is never discarded", testDiscardFinished},
		{"a file is read from any offset", testRanges},
		{"a file is replaced as a whole", testReplace},
		{"what is not there is named so", testMissing},
		{"names that lead elsewhere are refused", testNamesElsewhere},
		{"large files come back as they were", testLarge},
		{"several sets are written at once", testParallel},
	} {
		t.Run(c.name, func(t *testing.T) {
			opener := fresh(t)
			c.test(t, &bench{T: t, open: opener, Store: opener(t)})
		})
	}
}

// bench is a store that is tested.
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

// want wants the list of a cluster, unfinished sets in brackets.
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

func testCommit(t *testing.T, b *bench) {
	b.want("")
	b.want(cluster)
	sink := b.begin(first)
	b.want(cluster, b.unfinished(first))
	b.must(sink.Commit([]byte("manifest of " + first)))
	b.want("", cluster)
	b.want(cluster, path.Base(first))
	for file, want := range map[string]string{"data": "rows of " + first,
		repository.ManifestName: "manifest of " + first} {
		if got, err := b.read(first, file, 0); err != nil || got != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	if at := b.Location(first); !strings.HasPrefix(at, b.Location("")+"/") || !strings.HasSuffix(at, "/"+first) {
		t.Errorf("%s is at %s", first, at)
	}
	other := b.open(t)
	defer other.Close()
	if items, err := other.List(cluster); err != nil || len(items) != 1 || items[0].Unfinished {
		t.Errorf("another use of the store lists %v, %v", items, err)
	}
}

func testAbort(t *testing.T, b *bench) {
	b.must(b.begin(first).Abort())
	b.want("")
	sink := b.begin(first)
	b.must(sink.Commit([]byte("{}")))
	b.must(sink.Abort()) // what goes wrong after Commit takes the set away again
	b.want("")
	if _, err := b.Open(first); !errors.Is(err, fs.ErrNotExist) {
		if _, err = b.read(first, "data", 0); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("its files: %v", err)
		}
	}
}

func testAbortBesideOthers(_ *testing.T, b *bench) {
	sink := b.begin(first)
	b.commit(second)
	b.must(sink.Abort())
	b.want(cluster, path.Base(second))
}

func testReset(t *testing.T, b *bench) {
	sink := b.begin(first)
	b.must(sink.Reset())
	b.want(cluster, b.unfinished(first))
	b.must(write(sink, "data", []byte("written anew")))
	b.must(sink.Commit([]byte("{}")))
	if got, err := b.read(first, "data", 0); err != nil || got != "written anew" {
		t.Errorf("%q, %v", got, err)
	}
}

func testRanges(t *testing.T, b *bench) {
	b.commit(first)
	whole := "rows of " + first
	for _, offset := range []int{0, 1, len(whole) - 1, len(whole)} {
		if got, err := b.read(first, "data", int64(offset)); err != nil || got != whole[offset:] {
			t.Errorf("from %d: %q, %v", offset, got, err)
		}
	}
	if got, err := b.read(first, "data", int64(len(whole)+5)); err == nil && got != "" {
		t.Errorf("beyond the end: %q", got)
	}
}

func testReplace(t *testing.T, b *bench) {
	b.commit(first)
	source, err := b.Open(first)
	b.must(err)
	defer source.Close()
	for _, content := range []string{"a long record", "short"} {
		b.must(source.Replace("verified.json", []byte(content)))
		if got, err := b.read(first, "verified.json", 0); err != nil || got != content {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := b.read(first, "data", 0); err != nil || got != "rows of "+first {
		t.Errorf("beside it: %q, %v", got, err)
	}
}

// testLarge writes in pieces, more than any buffer has.
func testLarge(t *testing.T, b *bench) {
	sink, err := b.Create(first, silent)
	b.must(err)
	piece := bytes.Repeat([]byte("0123456789abcde\n"), 1<<14)
	w, err := sink.Create("data")
	b.must(err)
	for range 64 {
		_, err = w.Write(piece)
		b.must(err)
	}
	b.must(errors.Join(w.Sync(), w.Close()))
	b.must(sink.Commit([]byte("{}")))
	got, err := b.read(first, "data", int64(len(piece))*32)
	if err != nil || got != strings.Repeat(string(piece), 32) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func testParallel(t *testing.T, b *bench) {
	const sets = 8
	ended := make(chan error, sets)
	var want []string
	for i := range sets {
		set := fmt.Sprintf("solo/2026112%dT000000Z_logical_a", i)
		want = append(want, path.Base(set))
		go func() {
			sink, err := b.Create(set, silent)
			if err == nil {
				err = write(sink, "data", []byte(set))
			}
			if err == nil {
				err = sink.Commit([]byte("{}"))
			}
			ended <- err
		}()
	}
	for range sets {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	b.want(cluster, want...)
}
