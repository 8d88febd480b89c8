// SPDX-License-Identifier: GPL-3.0-or-later

package optionfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stranger is the user nobody, which is not an account of the database.
const stranger = 65534

// A file that others can write or replace is skipped with an error.
func TestLoadSkipsFilesThatOthersCanWrite(t *testing.T) {
	give := func(path string) error { return os.Lchown(path, stranger, stranger) }
	for name, c := range map[string]struct {
		spoil func(dir string) error
		want  string // "" if it is accepted
	}{
		"a file of ours":          {func(string) error { return nil }, ""},
		"that everybody may read": {func(dir string) error { return os.Chmod(dir+"/my.cnf", 0o644) }, ""},
		"that everybody may write": {func(dir string) error { return os.Chmod(dir+"/my.cnf", 0o666) },
			"mode 0666"},
		"that our group may write":     {func(dir string) error { return os.Chmod(dir+"/my.cnf", 0o660) }, ""},
		"that another group may write": {anotherGroups, "mode 0660"},
		"of a stranger": {func(dir string) error { return give(dir + "/my.cnf") },
			"belongs to user 65534"},
		"in a stranger's folder":     {func(dir string) error { return give(dir) }, "belongs to user 65534"},
		"in an open folder":          {func(dir string) error { return os.Chmod(dir, 0o777) }, "chmod go-w"},
		"ours in a folder like /tmp": {func(dir string) error { return os.Chmod(dir, 0o777|os.ModeSticky) }, ""},
		"a stranger's link like in /tmp": {func(dir string) error { return link(dir, dir+"/real.txt", true) },
			"/my.cnf belongs to user 65534"},
		"our link to a file of ours":      {func(dir string) error { return link(dir, "real.txt", false) }, ""},
		"our link to a stranger's folder": {linkToHis, "/his belongs to user 65534"},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Geteuid() != 0 && (strings.Contains(c.want, "65534") || strings.Contains(name, "another group")) {
				t.Skip("needs root: only root can give files away")
			}
			dir := filepath.Join(t.TempDir(), "d")
			path := dir + "/my.cnf"
			if err := errors.Join(os.Mkdir(dir, 0o755),
				os.WriteFile(path, []byte("[client]\nuser=u\n"), 0o600)); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			main := filepath.Join(t.TempDir(), "main.cnf")
			text := "[mysqld]\nport=1\n!include " + path + "\n!includedir " + dir + "\n"
			if err := os.WriteFile(main, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, from := range []string{path, main} {
				all, err := Load(from)
				_, found := all.Last([]string{"client"}, "user")
				good := c.want == ""
				if found != good || (err == nil) != good || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: %v, %v", from, all, err)
				}
				if _, found := all.Last([]string{"mysqld"}, "port"); found != (from == main) {
					t.Errorf("%s: what is ours is lost: %v", from, all)
				}
			}
		})
	}
}

// link replaces my.cnf with a link.
func link(dir, target string, his bool) error {
	if !his {
		return errors.Join(os.Rename(dir+"/my.cnf", dir+"/real.txt"), os.Symlink(target, dir+"/my.cnf"))
	}
	return errors.Join(os.Chmod(dir, 0o777|os.ModeSticky), os.Rename(dir+"/my.cnf", dir+"/real.txt"),
		os.Symlink(target, dir+"/my.cnf"), os.Lchown(dir+"/my.cnf", stranger, stranger))
}

func linkToHis(dir string) error {
	return errors.Join(os.Mkdir(dir+"/his", 0o755), os.WriteFile(dir+"/his/x.cnf", []byte("[client]\nuser=u\n"), 0o600),
		os.Lchown(dir+"/his", stranger, stranger), link(dir, "his/x.cnf", false))
}

func anotherGroups(dir string) error {
	return errors.Join(os.Chown(dir+"/my.cnf", -1, stranger), os.Chmod(dir+"/my.cnf", 0o660))
}
