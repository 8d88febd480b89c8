// SPDX-License-Identifier: GPL-3.0-or-later

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestAFileIsReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, replace := range map[string]func(string) error{
		"replace":    func(s string) error { return Replace(filepath.Join(dir, "replace"), []byte(s)) },
		"swap":       func(s string) error { return Swap(filepath.Join(dir, "swap"), ".x", []byte(s)) },
		"replace_in": func(s string) error { return ReplaceIn(root, "replace_in", []byte(s)) },
	} {
		for _, text := range []string{"one", "two"} {
			if err := replace(text); err != nil || content(t, filepath.Join(dir, name)) != text {
				t.Errorf("%s: %v", name, err)
			}
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if list := names(t, dir); len(list) != 3 {
		t.Errorf("left: %q", list)
	}
}

// A link that somebody put at a temporary name is not written through, and what a killed process left does not matter.
func TestWhatLiesAtTheTemporaryNameIsNotWrittenThrough(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("kept"), 0o600), os.Symlink(victim, filepath.Join(dir, "a.new"))); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Join(dir, "a"), []byte("new")); err != nil || content(t, victim) != "kept" {
		t.Errorf("%v, %q", err, content(t, victim))
	}
	if err := Create(victim, []byte("x"), 0o600); !errors.Is(err, fs.ErrExist) || content(t, victim) != "kept" {
		t.Error(err)
	}
}

func TestAFailedReplacementLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "folder")
	if err := errors.Join(os.Mkdir(taken, 0o700), os.WriteFile(filepath.Join(taken, "x"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if Replace(taken, []byte("x")) == nil || Swap(taken, ".x", []byte("x")) == nil {
		t.Error("a folder was replaced")
	}
	if list := names(t, dir); len(list) != 1 {
		t.Errorf("left: %q", list)
	}
}
