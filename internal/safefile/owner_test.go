// SPDX-License-Identifier: GPL-3.0-or-later

package safefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const stranger = 65500

func TestALinkIsFollowedOnlyWhereNobodyElseCanCreateOne(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	must(t, errors.Join(os.Mkdir(at("theirs"), 0o700), os.Mkdir(at("ours"), 0o755),
		os.WriteFile(at("file"), []byte("content"), 0o600),
		os.Symlink("../file", at("ours/link")), os.Symlink("../file", at("theirs/link")),
		os.Symlink("../theirs/link", at("ours/chain")),
		os.Symlink("..", at("theirs/up")), os.WriteFile(at("theirs/file"), []byte("content"), 0o600),
		os.Symlink("../theirs/file", at("ours/to theirs"))))
	for name, way := range map[string]func() error{
		"written by all": func() error { return os.Chmod(at("theirs"), 0o777) },
		"sticky":         func() error { return os.Chmod(at("theirs"), 0o777|os.ModeSticky) },
		"somebody else's": func() error {
			return errors.Join(os.Chmod(at("theirs"), 0o755), os.Chown(at("theirs"), stranger, stranger))
		},
		"a group can write": func() error {
			return errors.Join(os.Chown(at("theirs"), 0, stranger), os.Chmod(at("theirs"), 0o775))
		},
	} {
		if os.Geteuid() != 0 && strings.HasSuffix(name, "e") {
			continue
		}
		if err := way(); os.Geteuid() == 0 {
			must(t, err)
		} else if err != nil {
			continue // only root can chown files
		}
		for path, works := range map[string]bool{
			"file": true, "ours/link": true, "ours/to theirs": true, "theirs/file": true, "theirs/link": false,
			"ours/chain": false, "theirs/up/file": false,
		} {
			f, err := OpenOurs(at(path))
			if works {
				must(t, err)
				content, err := io.ReadAll(f)
				if f.Close(); err != nil || string(content) != "content" {
					t.Errorf("%s, %s: %q, %v", name, path, content, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), "is a symbolic link, and "+at("theirs")) ||
				strings.Contains(err.Error(), "; ch") {
				t.Errorf("%s, %s: %v", name, path, err)
			}
		}
	}
	if _, err := OpenOurs(at("ours")); !errors.Is(err, ErrKind) {
		t.Error(err)
	}
}

func TestAFolderIsOursOrIsRefused(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	must(t, errors.Join(os.Mkdir(at("open"), 0o700), os.Chmod(at("open"), 0o777), os.Mkdir(at("sticky"), 0o700),
		os.Chmod(at("sticky"), 0o777|os.ModeSticky),
		os.Mkdir(at("target"), 0o700), os.Symlink("../target", at("sticky/link")), os.Symlink("target", at("link")),
		os.WriteFile(at("file"), nil, 0o600)))
	for path, why := range map[string]string{
		"new/below": "", "sticky": "", "sticky/new": "", "link": "", "link/new": "", "open": "can be written by others",
		"open/new/below": "can be written by others",
		"sticky/link":    "is a symbolic link", "sticky/link/new": "is a symbolic link", "file": "not a directory",
	} {
		if err := OurFolder(at(path)); why == "" && err != nil ||
			why != "" && (err == nil || !strings.Contains(err.Error(), why)) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if entries, err := os.ReadDir(at("open")); len(entries) > 0 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	if info, err := os.Stat(at("new/below")); err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info, err)
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: a folder of somebody else's")
	}
	must(t, errors.Join(os.Mkdir(at("theirs"), 0o700), os.Chown(at("theirs"), stranger, stranger)))
	for _, path := range []string{"theirs", "theirs/new"} {
		if err := OurFolder(at(path)); err == nil || !strings.Contains(err.Error(), "belongs to user 65500") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
