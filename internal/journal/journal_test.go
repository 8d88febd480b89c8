// SPDX-License-Identifier: GPL-3.0-or-later

package journal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/tests/messages"
)

// kinds returns the kinds of entries, in their order.
func kinds(entries []Entry) string {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Kind
	}
	return strings.Join(names, " ")
}

// written writes a journal with entries of these kinds, and returns its path and the entries.
func written(t testing.TB, names ...string) (string, []Entry) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	j.now = func() time.Time { return time.Unix(1795422000, 0) }
	var entries []Entry
	for _, name := range names {
		e, err := j.Will(name, map[string]string{"of": name})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return path, entries
}

func TestEntriesToUndoAreReadNewestFirst(t *testing.T) {
	path, entries := written(t, "lock", "set", "desync")
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	j.now = func() time.Time { return time.Unix(1795422276, 500000000) }
	if err := j.Undone(entries[1]); err != nil {
		t.Fatal(err)
	}
	later, err := j.Will("later", nil)
	if err != nil || later.ID != 4 || later.At != 1795422276.5 {
		t.Fatalf("got %+v, %v", later, err)
	}
	left, err := Read(path)
	if err != nil || kinds(left) != "later desync lock" {
		t.Fatalf("got %q, %v", kinds(left), err)
	}
	if string(left[1].Undo) != `{"of":"desync"}` || left[1].At != entries[2].At {
		t.Errorf("got %+v, want %+v", left[1], entries[2])
	}
}

func TestANewJournalIsPrivateToRootAndEmpty(t *testing.T) {
	path, _ := written(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if left, err := Read(path); len(left) != 0 || err != nil {
		t.Errorf("got %v, %v", left, err)
	}
	if _, err := Read(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing journal: %v", err)
	}
}

func TestATornLastLineNeverBegan(t *testing.T) {
	path, _ := written(t, "lock", "desync")
	content, _ := os.ReadFile(path)
	first := bytes.IndexByte(content, '\n') + 1
	for cut := first; cut < len(content); cut++ {
		if err := os.WriteFile(path, content[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		left, err := Read(path)
		if err != nil || kinds(left) != "lock" {
			t.Fatalf("cut at %d: %q, %v", cut, kinds(left), err)
		}
	}
	// A power cut can leave zeros in place of the line.
	torn := append(bytes.Clone(content[:first]), make([]byte, 50)...)
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if _, err := j.Will("next", nil); err != nil {
		t.Fatal(err)
	}
	if left, err := Read(path); err != nil || kinds(left) != "next lock" {
		t.Errorf("after the torn line: %q, %v", kinds(left), err)
	}
}

func TestDamageIsReportedAndTheRestIsRead(t *testing.T) {
	lines := func(content []byte) [][]byte { return bytes.SplitAfter(content, []byte("\n")) }
	for _, c := range []struct {
		name   string
		damage func(content []byte) []byte
		line   int
		left   string
	}{
		{"a middle line is missing", func(b []byte) []byte { l := lines(b); return append(l[0], l[2]...) }, 2,
			"desync lock"},
		{"the first line is missing", func(b []byte) []byte { l := lines(b); return append(l[1], l[2]...) }, 1,
			"desync set"},
		{"a line twice", func(b []byte) []byte {
			l := lines(b)
			return bytes.Join([][]byte{l[0], l[0], l[1], l[2]},
				nil)
		}, 2, "desync set lock"},
		{"two lines changed places", func(b []byte) []byte {
			l := lines(b)
			return bytes.Join([][]byte{l[0], l[2],
				l[1]}, nil)
		}, 2, "set desync lock"},
		{"an empty line", func(b []byte) []byte { return append([]byte("\n"), b...) }, 1, "desync set lock"},
		{"garbage at the end", func(b []byte) []byte { return append(b, "garbage\n"...) }, 4, "desync set lock"},
		{"another value", func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"of":"set"`), []byte(`"of":"sea"`),
				1)
		}, 2, "desync lock"},
		{"another sum", func(b []byte) []byte { b[len(beforeSum)] ^= 1; return b }, 1, "desync set"},
		{"zeros in the middle", func(b []byte) []byte {
			l := lines(b)
			return bytes.Join([][]byte{l[0], make([]byte, 80), []byte("\n"), l[2]}, nil)
		}, 2, "desync lock"},
	} {
		path, _ := written(t, "lock", "set", "desync")
		content, _ := os.ReadFile(path)
		if err := os.WriteFile(path, c.damage(content), 0o600); err != nil {
			t.Fatal(err)
		}
		left, err := Read(path)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.Line != c.line || corrupt.Path != path || kinds(left) != c.left {
			t.Errorf("%s: %q, %v; want %q and line %d", c.name, kinds(left), err, c.left, c.line)
		}
	}
}

func TestEveryFlippedByteIsNoticed(t *testing.T) {
	path, entries := written(t, "lock", "desync")
	content, _ := os.ReadFile(path)
	for i := range content[:len(content)-1] {
		damaged := bytes.Clone(content)
		damaged[i] ^= 0x20
		s := scan(path, damaged)
		if s.bad == nil {
			t.Errorf("byte %d: not noticed", i)
		}
		notInvented(t, s.open(), entries)
	}
}

func TestADamagedJournalCanBeWrittenTo(t *testing.T) {
	path, entries := written(t, "lock", "set", "desync")
	content, _ := os.ReadFile(path)
	damaged := bytes.Replace(content, []byte(`"of":"desync"`), []byte(`"of":"desymc"`), 1)
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Undone(entries[0]); err != nil {
		t.Fatal(err)
	}
	left, err := Read(path)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.Line != 3 || kinds(left) != "set" {
		t.Errorf("got %q, %v", kinds(left), err)
	}
}

func TestOtherFilesAreNotOpenedAsAJournal(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	target, _ := written(t, "lock")
	if err := errors.Join(os.Mkdir(at("folder"), 0o700), os.Symlink(target, at("link")),
		os.Symlink(at("none"), at("dangling")),
		syscall.Mkfifo(at("pipe"), 0o600), os.WriteFile(at("open"), nil, 0o600), os.Chmod(at("open"), 0o666),
		os.WriteFile(at("foreign"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	names := []string{"folder", "link", "dangling", "pipe", "open"}
	if os.Chown(at("foreign"), 12345, -1) == nil {
		names = append(names, "foreign")
	}
	for _, name := range names {
		if j, err := Open(at(name)); err == nil {
			j.Close()
			t.Errorf("%s was opened", name)
		}
		if _, err := Read(at(name)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := os.Lstat(at("none")); err == nil {
		t.Error("a journal was made behind a symbolic link")
	}
}

func TestAFailedWriteLeavesNoHalfLine(t *testing.T) {
	path, _ := written(t, "lock")
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	small := before
	small.Cur = uint64(j.size) + 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	_, err = j.Will("desync", nil)
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); restore != nil {
		t.Fatal(restore)
	}
	if err == nil || !strings.Contains(err.Error(), "note desync before it is done") {
		t.Fatalf("a full disk: %v", err)
	}
	if _, err := j.Will("next", nil); err != nil {
		t.Fatal(err)
	}
	if left, err := Read(path); err != nil || kinds(left) != "next lock" {
		t.Errorf("got %q, %v", kinds(left), err)
	}
}

func TestATooLargeFileIsNoJournal(t *testing.T) {
	path, _ := written(t)
	if err := os.Truncate(path, maxSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "more than 16 MiB") {
		t.Errorf("got %v", err)
	}
}

func TestAnUndoThatCannotBeWrittenIsRefused(t *testing.T) {
	path, _ := written(t)
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Will("set", func() {}); err == nil {
		t.Error("a function was noted")
	}
	j.Close()
	if err := j.Undone(Entry{ID: 1, Kind: "set"}); err == nil || !strings.Contains(err.Error(), "set is undone") {
		t.Errorf("a closed journal: %v", err)
	}
}

// notInvented checks that every entry that was read had been written.
func notInvented(t *testing.T, read, noted []Entry) {
	t.Helper()
	for _, e := range read {
		known := false
		for _, n := range noted {
			known = known || n.ID == e.ID && n.Kind == e.Kind && n.At == e.At && bytes.Equal(n.Undo, e.Undo)
		}
		if !known {
			t.Errorf("an entry was read that was not written: %+v", e)
		}
	}
}

// A checksum is not a signature: any user who can write a journal can write a valid one.
func TestErrorsRepeatLittle(t *testing.T) {
	messages.Everywhere(t, `{"prev":"x","entry":{"id":1,"kind":"set","at":1.5,"undo":{"a":1}},"undone":2}`,
		func(raw []byte) error {
			line := beforeSum + sumOf(raw) + beforeRecord + string(raw) + afterRecord + "\n"
			if s := scan("/j", []byte(line)); s.bad != nil {
				return s.bad
			}
			return nil
		})
}

func FuzzRead(f *testing.F) {
	path, noted := written(f, "lock", "set", "desync")
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, 0, []byte(nil))
	f.Add(10, 20, []byte("x"))
	f.Add(0, len(content), []byte("{}\n"))
	f.Add(len(content), 0, content)
	f.Fuzz(func(t *testing.T, at, drop int, put []byte) {
		at = min(max(at, 0), len(content))
		end := min(max(drop, 0), len(content)-at) + at
		s := scan(path, bytes.Join([][]byte{content[:at], put, content[end:]}, nil))
		if s.whole < 0 || s.bad != nil && s.bad.Line < 1 {
			t.Errorf("whole %d, %v", s.whole, s.bad)
		}
		if s.bad != nil {
			messages.Check(t, s.bad)
		}
		notInvented(t, s.open(), noted)
	})
}
