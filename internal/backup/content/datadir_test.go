// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

// tree creates small files; a name that ends in / is a folder.
func tree(t *testing.T, files map[string]int) string {
	t.Helper()
	top := t.TempDir()
	for name, size := range files {
		path := filepath.Join(top, name)
		folder := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if folder != path {
			if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return top
}

// The space for a set is estimated from what the tool copies; caches and temporary files can be as large as the data.
func TestOnlyCopiedFilesCount(t *testing.T) {
	top := tree(t, map[string]int{
		"ibdata1": 1000, "nova/t.ibd": 200, "nova/t.frm": 30, "undo001": 4,
		"galera.cache": 10000, "gcache.page.000001": 10000, "ib_logfile0": 10000, "ibtmp1": 10000, "core.123": 10000,
		"#ib_16384_0.dblwr": 10000, "nova/core": 10000, "empty/": 0,
	})
	if err := os.Symlink("/dev/zero", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	if sum, err := DatadirBytes(top); err != nil || sum != 1234 {
		t.Errorf("%d %v", sum, err)
	}
	if _, err := DatadirBytes(filepath.Join(top, "gone")); err == nil ||
		!strings.HasPrefix(err.Error(), "read the datadir: ") {
		t.Error(err)
	}
	for name, want := range map[string]bool{
		"ibdata1": true, "my-core.ibd": true, "ib_buffer_pool": true, "ib_logfile101": false, "ibtmp2": false,
		"#sql-1.ibd":   true,
		"galera.cache": false, "galera.cache.old": false, "grastate.dat": true,
	} {
		if copied(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// A tool before 10.8 copies these files in its last locks, and those of InnoDB earlier.
func TestFilesThatAreNotInnoDBAreHeld(t *testing.T) {
	top := tree(t, map[string]int{
		"ibdata1": 1000, "nova/t.ibd": 200, "nova/t.frm": 30, "mysql/db.MAD": 8, "mysql/db.MAI": 4, "nova/db.opt": 2,
		"undo001": 4, "ib_logfile0": 10000, "galera.cache": 10000, "aria_log.00000001": 10000,
	})
	h, err := HeldFiles(top)
	if err != nil || h.Files != 4 || h.Bytes != 44 {
		t.Errorf("%+v, %v", h, err)
	}
	if short, long := (Held{100, 1 << 20}).Time(), (Held{5_000, 100 << 20}).Time(); short > 50*time.Millisecond ||
		long < 2*time.Second {
		t.Errorf("%s and %s", short, long)
	}
	if _, err := HeldFiles(filepath.Join(top, "gone")); err == nil {
		t.Error("a datadir that is gone has none")
	}
}

func TestASetNeedsHalfOfItsDataAndAMargin(t *testing.T) {
	at := t.TempDir()
	for raw, needed := range map[int64]int64{0: 64 << 20, 1 << 20: 64<<20 + 1<<19, 3: 64<<20 + 1} {
		s, err := Estimate(raw, at)
		if s.Needed != needed || s.Raw != raw || s.Ratio != 0.5 || s.Free <= 0 || s.At == "" || err != nil {
			t.Errorf("%d: %+v %v", raw, s, err)
		}
	}
	s, err := Estimate(1<<60, at)
	if err == nil || !strings.Contains(err.Error(), "too little space at "+s.At) ||
		!strings.Contains(err.Error(), "half of") {
		t.Errorf("%+v %v", s, err)
	}
	if s, err := Estimate(0, filepath.Join(at, "not", "yet")); err != nil || s.At != at {
		t.Errorf("a destination that is not there yet: %+v %v", s, err)
	}
}

// mbstream exits successfully at such a folder, before everything that follows: the set would lack data, and look
// complete.
func TestAHiddenFolderWithoutAFileIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]int
		named string
	}{
		"none":                        {map[string]int{"nova/t.ibd": 1}, ""},
		"with a file":                 {map[string]int{".config/rc": 1}, ""},
		"a hidden file":               {map[string]int{".bash_history": 1}, ""},
		"empty":                       {map[string]int{".cache/": 0}, ".cache"},
		"only folders":                {map[string]int{".cache/sub/file": 1}, ".cache"},
		"two, one of them with files": {map[string]int{".a/": 0, ".b/x": 1, ".c/": 0}, ".a, .c"},
		"not hidden":                  {map[string]int{"empty/": 0}, ""},
	} {
		err := refuseHidden(tree(t, c.files))
		if (err != nil) != (c.named != "") || err != nil &&
			!strings.Contains(err.Error(), ": "+c.named+"; remove them") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := refuseHidden(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a datadir that cannot be read has no hidden folders")
	}
}

func TestOnlyPlainNamesAreFolders(t *testing.T) {
	for name, want := range map[string]bool{"nova": true, "nova_cell0": true, "N1": true, "#mysql50#x": false,
		"a-b":  false,
		"../x": false, ".": false, "a b": false, "é": false} {
		if plainFolder(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// The server treats every folder as a schema, and a backup leaves out those without a table.
func TestFoldersThatAreNoSchemasAreNamed(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE made_empty", "CREATE DATABASE `with-dash`",
		"CREATE DATABASE with_table", "CREATE TABLE with_table.t (i INT)")
	strange := filepath.Join(s.Data, "lost_found")
	for _, folder := range []string{strange, filepath.Join(s.Data, "lost-found")} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		_ = os.RemoveAll(strange)
		_ = os.RemoveAll(filepath.Join(s.Data, "lost-found"))
		_, _ = s.SQL("DROP DATABASE made_empty; DROP DATABASE with_table; DROP DATABASE `with-dash`")
	})
	folders, warning, err := OfDatadir(t.Context(), c, s.Data, true)
	if err != nil || strings.Join(folders, " ") != "lost_found" ||
		!strings.HasSuffix(warning, ": lost_found; move them elsewhere") {
		t.Errorf("%v %q %v", folders, warning, err)
	}
	if folders, warning, err := OfDatadir(t.Context(), c, s.Data, false); err != nil || len(folders) > 0 ||
		warning != "" {
		t.Errorf("an account that does not see all schemas: %v %q %v", folders, warning, err)
	}
	if err := os.Mkdir(filepath.Join(s.Data, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(filepath.Join(s.Data, ".cache")) })
	for _, described := range []bool{true, false} {
		if _, _, err := OfDatadir(t.Context(), c, s.Data, described); err == nil ||
			!strings.Contains(err.Error(), ".cache") {
			t.Errorf("a hidden folder, described %v: %v", described, err)
		}
	}
}

// No file of a datadir is looked up before it is known that this datadir can be backed up.
func TestADatadirThatCannotBeReadIsAnError(t *testing.T) {
	var nobody *mariadb.Client
	if _, _, err := OfDatadir(t.Context(), nobody, filepath.Join(t.TempDir(), "gone"), true); err == nil ||
		!strings.HasPrefix(err.Error(), "read the datadir: ") {
		t.Error(err)
	}
}
