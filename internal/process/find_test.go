// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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
	// A program in the working directory is never used; those of the system are, regardless of PATH.
	t.Chdir(dir)
	t.Setenv("PATH", ".:")
	if path, err := Find("program"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%s, %v", path, err)
	}
	if path, err := Find("sh"); err != nil || !filepath.IsAbs(path) {
		t.Errorf("%s, %v", path, err)
	}
}

// Root may have inherited the PATH of another user.
func TestRootRunsNothingFromFoldersOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: anybody else may run what he likes")
	}
	var path []string
	for name, change := range map[string]func(folder string) error{
		"his":  func(folder string) error { return os.Chown(folder, 54321, 54321) },
		"open": func(folder string) error { return os.Chmod(folder, 0o777) },
		"tmp":  func(folder string) error { return os.Chmod(folder, 0o777|os.ModeSticky) },
	} {
		folder := filepath.Join(t.TempDir(), name)
		err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, "hiera"), []byte("#!/bin/sh\n"),
			0o755), change(folder))
		if err != nil {
			t.Fatal(err)
		}
		path = append(path, folder)
	}
	t.Setenv("PATH", strings.Join(path, ":")+":/usr/bin:/bin")
	if found, err := Find("hiera"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%s, %v", found, err)
	}
	if out, err := Output(t.Context(), "hiera"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := Output(t.Context(), "sh", "-c", "echo $PATH"); err != nil || string(out) != "/usr/bin:/bin\n" {
		t.Errorf("%s, %v", out, err)
	}
	t.Setenv("PATH", strings.Join(path, ":")+"::.")
	if out, err := Output(t.Context(), "/bin/sh", "-c", "echo $PATH"); err != nil ||
		string(out) != "/usr/sbin:/usr/bin:/sbin:/bin\n" {
		t.Errorf("%s, %v", out, err)
	}
}
