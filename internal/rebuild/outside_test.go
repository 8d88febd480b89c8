// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/process"
)

// tree creates files in a new folder: a name that ends with a slash is a folder, "name -> to" a link, "name |" a pipe.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		at, to, link := strings.Cut(name, " -> ")
		path := filepath.Join(root, strings.TrimSuffix(at, " |"))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		switch {
		case link:
			must(t, os.Symlink(to, path))
		case strings.HasSuffix(at, " |"):
			must(t, syscall.Mkfifo(path, 0o600))
		case strings.HasSuffix(at, "/"):
			must(t, os.MkdirAll(path, 0o700))
		default:
			must(t, os.WriteFile(path, []byte("of "+at), 0o600))
		}
	}
	return root
}

// filesIn returns all paths in a folder, sorted.
func filesIn(t *testing.T, root string) (all []string) {
	t.Helper()
	must(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(root, path); rel != "." {
			all = append(all, rel)
		}
		return err
	}))
	return all
}

// A link of a forged set must not make the scratch server, or a restored one, read or write elsewhere.
func TestNothingOfADatadirLeadsOutOfIt(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "precious")
	must(t, os.MkdirAll(outside, 0o700))
	must(t, os.WriteFile(filepath.Join(outside, "t.ibd"), []byte("rows"), 0o600))
	root := tree(t, "ibdata1", "nova/t.ibd", "nova/t.frm", "nova/u.isl", "nova/#sql-x.isl", "linked -> "+outside,
		"nova/v.ibd -> "+outside+"/t.ibd", "nova/pipe |", "dangling -> /nowhere", "a.isl", "empty/", "up -> ..")
	removed, err := removeLinks(root)
	must(t, err)
	want := []string{"a.isl", "dangling", "linked", "nova/#sql-x.isl", "nova/pipe", "nova/u.isl", "nova/v.ibd", "up"}
	if slices.Sort(removed); !slices.Equal(removed, want) {
		t.Errorf("removed %q\nnot     %q", removed, want)
	}
	if left := filesIn(t, root); !slices.Equal(left, []string{"empty", "ibdata1", "nova", "nova/t.frm", "nova/t.ibd"}) {
		t.Errorf("left %q", left)
	}
	if rows, err := os.ReadFile(filepath.Join(outside, "t.ibd")); err != nil || string(rows) != "rows" {
		t.Errorf("outside: %q, %v", rows, err)
	}
	if removed, err := removeLinks(root); err != nil || len(removed) > 0 {
		t.Errorf("once more: %q, %v", removed, err)
	}
	if _, err := removeLinks(filepath.Join(root, "gone")); err == nil {
		t.Error("a folder that is not there has no links")
	}
}

// The option file is in a folder of another user: no link is followed, and unknown options are not used.
func TestTheOptionFileKeepsOnlySafeOptions(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to give a file away")
	}
	victim := filepath.Join(t.TempDir(), "victim")
	must(t, os.WriteFile(victim, []byte("[mysqld]\ninnodb_page_size=4096\n"), 0o600))
	for name, c := range map[string]struct{ file, why string }{
		"one of a backup": {optionsFile, ""},
		"none":            {"other", "the stream holds no backup-my.cnf"},
		"a link":          {optionsFile + " -> " + victim, "the stream holds no backup-my.cnf"},
		"a pipe":          {optionsFile + " |", "it is not a regular file"},
		"a folder":        {optionsFile + "/", "it is not a regular file"},
	} {
		root := tree(t, c.file)
		if c.why == "" {
			text := "[mysqld]\ninnodb_page_size=4096\nplugin_load=evil.so\n"
			must(t, os.WriteFile(filepath.Join(root, optionsFile), []byte(text), 0o600))
		}
		args, dropped, err := cleanOptions(root, process.Owner{UID: 12345, GID: 12346})
		if c.why != "" {
			if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%s: %q, %v", name, args, err)
			}
			continue
		}
		must(t, err)
		info, err := os.Stat(filepath.Join(root, optionsFile))
		must(t, err)
		owner := info.Sys().(*syscall.Stat_t)
		if owner.Uid != 12345 || owner.Gid != 12346 || info.Mode().Perm() != 0o600 {
			t.Errorf("it belongs to %d:%d, mode %o", owner.Uid, owner.Gid, info.Mode().Perm())
		}
		kept, _ := os.ReadFile(filepath.Join(root, optionsFile))
		if string(kept) != "[mysqld]\ninnodb_page_size=4096\n" || len(dropped) != 1 ||
			!slices.Equal(args, []string{"--innodb-page-size=4096"}) {
			t.Errorf("%q, %q, %q", kept, args, dropped)
		}
	}
	if text, err := os.ReadFile(victim); err != nil || !strings.Contains(string(text), "4096") {
		t.Errorf("the victim: %q, %v", text, err)
	}
}

func TestUnpackedFilesAreComparedWithTheStream(t *testing.T) {
	for want, c := range map[string]struct{ got, stream map[string]int64 }{
		"": {map[string]int64{"ibdata1": 5, "nova/t.ibd": 0}, map[string]int64{"ibdata1": 5, "nova/t.ibd": 0}},
		"of 2 files in the stream nova/t.ibd is missing": {map[string]int64{"ibdata1": 5},
			map[string]int64{"ibdata1": 5, "nova/t.ibd": 0}},
		"of 1 file in the stream ibdata1 has 4 bytes, not 5": {map[string]int64{"ibdata1": 4},
			map[string]int64{"ibdata1": 5}},
		"of 0 files in the stream evil.so is not in the stream": {map[string]int64{"evil.so": 1}, nil},
		"of 5 files in the stream a is missing, b is missing, c is missing, 3 more " +
			"differ": {map[string]int64{"x": 1},
			map[string]int64{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}},
	} {
		if got := compareUnpacked(c.got, c.stream); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	root := tree(t, "a", "nova/b", "nova/c/d", "empty/")
	lengths, err := lengthsIn(root)
	if err != nil || len(lengths) != 3 || lengths["nova/c/d"] != int64(len("of nova/c/d")) {
		t.Errorf("%v, %v", lengths, err)
	}
}

// A datadir gets its name only when it is complete.
func TestADatadirIsKeptAsAWhole(t *testing.T) {
	from := tree(t, "ibdata1", "nova/t.ibd")
	to := filepath.Join(filepath.Dir(from), "mysql")
	must(t, keep(from, to))
	if got := filesIn(t, to); !slices.Equal(got, []string{"ibdata1", "nova", "nova/t.ibd"}) {
		t.Errorf("%q", got)
	}
	if _, err := os.Lstat(from); err == nil {
		t.Error("it is there twice")
	}
	if err := keep(from, to); err == nil {
		t.Error("what is not there was kept")
	}
	other := tree(t, "other")
	if err := keep(other, to); err == nil {
		t.Error("it took the place of a datadir")
	}
	if got := filesIn(t, to); !slices.Contains(got, "ibdata1") {
		t.Errorf("%q", got)
	}
}
