// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyProgramsAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"plain": 0o644, "program": 0o755} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", ".::"+dir)
	if path, err := Find("program"); err != nil || path != filepath.Join(dir, "program") {
		t.Errorf("%s, %v", path, err)
	}
	for _, name := range []string{"plain", "folder"} {
		if path, err := Find(name); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s was found as %s, %v", name, path, err)
		}
	}
	// A program of the working folder is never meant; those of the system are, whatever PATH is.
	t.Chdir(dir)
	t.Setenv("PATH", ".:")
	if path, err := Find("program"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%s, %v", path, err)
	}
	if path, err := Find("sh"); err != nil || !filepath.IsAbs(path) {
		t.Errorf("%s, %v", path, err)
	}
}
