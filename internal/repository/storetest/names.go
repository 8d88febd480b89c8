// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"errors"
	"io/fs"
	"path"
	"testing"
)

func testNames(t *testing.T, b *bench) {
	sink := b.begin(first)
	taken := func(when string) {
		t.Helper()
		asked := func() error { t.Errorf("%s: it was announced", when); return nil }
		if _, err := b.Create(first, asked); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", when, err)
		}
	}
	taken("unfinished")
	if _, err := sink.Create("data"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file of the same name: %v", err)
	}
	b.must(sink.Commit([]byte("{}")))
	taken("finished")
	b.commit(second)
	b.want(cluster, path.Base(first), path.Base(second))
}

func testAnnounce(t *testing.T, b *bench) {
	full := errors.New("the journal is full")
	asked := 0
	sink, err := b.Create(first, func() error {
		asked++
		b.want(cluster)
		return full
	})
	if sink != nil || !errors.Is(err, full) || asked != 1 {
		t.Errorf("%v, %v, asked %d times", sink, err, asked)
	}
	b.want(cluster)
}

func testDiscard(t *testing.T, b *bench) {
	b.commit(second)
	b.begin(first) // and nobody ends it
	next := b.open(t)
	defer next.Close()
	for n, want := range []bool{true, false} {
		if removed, err := next.Discard(cluster, b.Working(first)); removed != want || err != nil {
			t.Errorf("%d: %t, %v", n, removed, err)
		}
	}
	b.want(cluster, path.Base(second))
}

func testDiscardFinished(t *testing.T, b *bench) {
	b.commit(first)
	// A job that was killed after its commit is undone by this name.
	if removed, err := b.Discard(cluster, b.Working(first)); removed || err != nil {
		t.Errorf("the set that was committed: %t, %v", removed, err)
	}
	for _, name := range []string{b.Working(first), path.Base(first), "../" + path.Base(first), "", ".", "..", "x/y"} {
		for _, in := range []string{cluster, "..", "", "a/b", "other"} {
			if removed, _ := b.Discard(in, name); removed {
				t.Errorf("%q in %q: it is removed", name, in)
			}
		}
	}
	b.want(cluster, path.Base(first))
}

func testMissing(t *testing.T, b *bench) {
	b.commit(first)
	if _, err := b.List("other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a cluster: %v", err)
	}
	if _, err := b.read(first, "other", 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file: %v", err)
	}
	if _, err := b.Open(second); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a set: %v", err)
	}
}

func testNamesElsewhere(t *testing.T, b *bench) {
	b.commit(first)
	for _, name := range []string{"", ".", "..", "solo", "../solo/x", "/solo/x", "solo/../x", "solo/a/b", "solo//x",
		"solo/", "solo/.."} {
		if source, err := b.Open(name); err == nil {
			source.Close()
			t.Errorf("%q is opened", name)
		}
		if sink, err := b.Create(name, silent); err == nil {
			t.Errorf("%q is made: %v", name, sink.Abort())
		}
	}
	for _, name := range []string{"..", ".", "../solo", "a/b", "/"} {
		if items, err := b.List(name); err == nil {
			t.Errorf("%q lists %v", name, items)
		}
	}
	sink := b.begin(second)
	for _, name := range []string{"", ".", "..", "../x", "a/b", "/x"} {
		if w, err := sink.Create(name); err == nil {
			w.Close()
			t.Errorf("the file %q is made", name)
		}
		if content, err := b.read(first, name, 0); err == nil {
			t.Errorf("the file %q has %q", name, content)
		}
	}
	b.must(sink.Abort())
	b.want(cluster, path.Base(first))
}
