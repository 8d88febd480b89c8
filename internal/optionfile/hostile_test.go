// SPDX-License-Identifier: GPL-3.0-or-later

package optionfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Files that include themselves repeatedly are an error after a bounded number of files, not after 20^10.
func TestFilesThatIncludeEachOtherEnd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.cnf")
	for name, line := range map[string]string{"a file": "!include " + path + "\n",
		"a folder": "!includedir " + dir + "\n"} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte("[client]\nuser=u\n"+strings.Repeat(line, 20)), 0o600); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			all, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), "include") || time.Since(begun) > 5*time.Second {
				t.Errorf("%d options after %s, %.200v", len(all), time.Since(begun), err)
			}
			if user, found := all.Last([]string{"client"}, "user"); !found || user.Value != "u" {
				t.Errorf("what could be read is lost: %+v", user)
			}
		})
	}
}

// Anything but a regular file is skipped at once: nobody waits for a pipe's writer.
func TestLoadSkipsEverythingButRegularFiles(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.cnf")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, dir, "/dev/zero"} {
		if all, err := Load(path); len(all) != 0 || err != nil {
			t.Errorf("%s: %v, %v", path, all, err)
		}
	}
}

// A value with line feeds, NULs and groups in it stays one value, or is refused.
func TestAQuotedValueAddsNoOption(t *testing.T) {
	for _, value := range []string{"x\n[client]\nuser=root", "x\"\nuser=root\n\"", "x\r\nuser=root",
		`x\"` + "\nuser=root", "x\\", "\\\"\nuser=root #", "x\v\f\b\x1a", "[mysqld]", "!include /etc/shadow", ""} {
		quoted, err := Quote(value)
		if err != nil {
			t.Fatal(err)
		}
		items, err := Parse([]byte("[client]\npassword=" + quoted + "\n"))
		if err != nil || len(items) != 1 || items[0].Value != value || items[0].Name != "password" {
			t.Errorf("%q became %+v, %v", value, items, err)
		}
	}
	if quoted, err := Quote("a\x00b"); err == nil {
		t.Errorf("a NUL was written: %q", quoted)
	}
}
