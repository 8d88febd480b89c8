// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
)

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
