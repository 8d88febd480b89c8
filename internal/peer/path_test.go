// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSocketLeadsWhereTheKernelWould(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"a", "a/b", "c"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "a/b/s"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"c/b": "../a/b", "c/abs": dir + "/c/b", "c/s": "abs/./s",
		"loop": "c/loop", "c/loop": dir + "/loop"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		path, want string
		err        error
	}{
		"no link":                     {"a/b/s", "a/b/s", nil},
		"slashes and dots":            {"a//./b/s", "a/b/s", nil},
		"a link's own ..":             {"c/b/s", "a/b/s", nil},
		"up from a link's end":        {"c/b/../b/s", "a/b/s", nil},
		"links to links":              {"c/s", "a/b/s", nil},
		"links in a circle":           {"loop", "", syscall.ELOOP},
		"nothing there":               {"a/none", "", fs.ErrNotExist},
		"a file in place of a folder": {"a/b/s/x", "", syscall.ENOTDIR},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Trust().Socket(dir + "/" + c.path)
			if !errors.Is(err, c.err) || err == nil && got != filepath.Join(dir, c.want) {
				t.Errorf("%s, %v; want %s, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestReadFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Trust().ReadFile(path, 5); string(got) != "12345" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Trust().ReadFile(path, 4); err == nil || !strings.Contains(err.Error(), "more than 4 bytes") {
		t.Errorf("%v", err)
	}
	pipe := path + ".pipe"
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, filepath.Dir(path), "/dev/zero"} {
		if _, err := Trust().ReadFile(path, 4); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
