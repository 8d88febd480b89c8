// SPDX-License-Identifier: GPL-3.0-or-later

package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// writers lists the functions that write a file at a path.
var writers = map[string]func(path string, content []byte, mode fs.FileMode) error{
	"Create": Create, "Replace": Replace, "Exchange": Exchange,
	"ReplaceIn": func(path string, content []byte, mode fs.FileMode) error {
		return in(path, func(folder *os.Root, name string) error { return ReplaceIn(folder, name, content, mode) })
	},
}

// replacers lists those that replace an existing file.
var replacers = []string{"Replace", "Exchange", "ReplaceIn"}

// only fails a test if a folder holds anything but these names.
func only(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the folder has %q, want %q", got, want)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileIsWrittenWithItsMode(t *testing.T) {
	for name, write := range writers {
		path := filepath.Join(t.TempDir(), "state.json")
		if err := write(path, []byte("one"), 0o600); err != nil {
			t.Fatal(name, err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != 0o600 || content(t, path) != "one" {
			t.Errorf("%s: %v, %v, %q", name, err, info.Mode(), content(t, path))
		}
		only(t, filepath.Dir(path), "state.json")
	}
}

func TestOnlyCreateRefusesAFileThatIsThere(t *testing.T) {
	for name, write := range writers {
		path := filepath.Join(t.TempDir(), "state.json")
		if err := os.WriteFile(path, []byte("one"), 0o644); err != nil {
			t.Fatal(err)
		}
		err := write(path, []byte("two"), 0o600)
		want := "two"
		if name == "Create" {
			want = "one"
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("Create: %v", err)
			}
		} else if err != nil {
			t.Error(name, err)
		}
		if content(t, path) != want {
			t.Errorf("%s: %q, want %q", name, content(t, path), want)
		}
		only(t, filepath.Dir(path), "state.json")
	}
}

// A link at the name is replaced or refused: its target stays as it is.
func TestALinkIsNotWrittenThrough(t *testing.T) {
	for name, write := range writers {
		folder := t.TempDir()
		victim, path := filepath.Join(folder, "victim"), filepath.Join(folder, "state.json")
		if err := errors.Join(os.WriteFile(victim, []byte("mine"), 0o600), os.Symlink(victim, path)); err != nil {
			t.Fatal(err)
		}
		err := write(path, []byte("two"), 0o600)
		if (err != nil) != (name == "Create") {
			t.Errorf("%s: %v", name, err)
		}
		if content(t, victim) != "mine" {
			t.Errorf("%s wrote through the link", name)
		}
		only(t, folder, "state.json", "victim")
	}
}

// A folder at the name cannot be replaced by a file. A failure leaves nothing behind.
func TestAFailureLeavesTheOldFile(t *testing.T) {
	for _, name := range replacers {
		folder := t.TempDir()
		path := filepath.Join(folder, "state.json")
		if err := os.MkdirAll(filepath.Join(path, "inside"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := writers[name](path, []byte("two"), 0o600); err == nil {
			t.Errorf("%s took the place of a folder", name)
		}
		only(t, folder, "state.json")
		only(t, path, "inside")
	}
}

func TestAMissingFolderIsAnError(t *testing.T) {
	for name, write := range writers {
		if err := write(filepath.Join(t.TempDir(), "gone", "state.json"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := SyncFolder(filepath.Join(t.TempDir(), "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SyncFolder: %v", err)
	}
}

// A reader sees the whole content of one writer, even if several write at the same time.
func TestReadersSeeWholeFiles(t *testing.T) {
	for _, name := range replacers {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "state.json")
			if err := Replace(path, []byte(strings.Repeat("0", 1<<16)), 0o600); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					for range 25 {
						if err := writers[name](path, []byte(strings.Repeat(fmt.Sprint(i), 1<<16)), 0o600); err != nil {
							t.Error(err)
						}
					}
				})
			}
			done := make(chan struct{})
			go func() { all.Wait(); close(done) }()
			for seen := 0; ; seen++ {
				text := content(t, path)
				if len(text) != 1<<16 || text != strings.Repeat(text[:1], 1<<16) {
					t.Fatalf("after %d reads: %d bytes that begin with %.10q", seen, len(text), text)
				}
				select {
				case <-done:
					only(t, folder, "state.json")
					return
				default:
				}
			}
		})
	}
}

func TestAFolderIsSynced(t *testing.T) {
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	file := filepath.Join(folder, "file")
	if err := errors.Join(SyncFolder(folder), SyncFolderIn(root, "."), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Error(err)
	}
	// Anything but a folder is not opened: a pipe would block.
	if SyncFolder(file) == nil || SyncFolderIn(root, "file") == nil {
		t.Error("a file is no folder")
	}
	if SyncFolderIn(root, "..") == nil {
		t.Error("a folder above the open one was synced")
	}
}
