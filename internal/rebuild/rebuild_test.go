// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/tests/sets"
)

func TestDamagedSetsAreNotRestored(t *testing.T) {
	for _, c := range []struct{ method, file string }{{"physical", sets.PhysicalFile}, {"logical", sets.LogicalFile},
		{"logical", "users.sql"}} {
		t.Run(c.file, func(t *testing.T) {
			destination, path := sets.Copy(t, c.method)
			content := sets.Read(t, path, c.file)
			content[len(content)/2] ^= 1
			must(t, os.WriteFile(filepath.Join(path, c.file), content, 0o600))
			found, err := looked(t, ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t)))
			must(t, err)
			if found.Restored != nil || len(found.Problems) != 1 || found.Problems[0].File != c.file {
				t.Errorf("%+v", found)
			}
		})
	}
}

// The checksums of these sets are right, but the content differs from the manifest.
func TestRestoresThatHoldSomethingElseAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, method, why string
		change            func(string) string
	}{
		{"a column is another", "logical",
			"differs from what was recorded: backup.sql.zst: table nova.parent is defined differently",
			func(dump string) string { return strings.Replace(dump, "`name` varchar(40)", "`name` varchar(41)", 1) }},
		{"a table is missing", "logical", "differs from what was recorded: backup.sql.zst: table nova.t is missing",
			func(dump string) string { return dump + "USE `nova`;\nDROP TABLE IF EXISTS `t`;\n-- Dump completed\n" }},
		{"a statement fails", "logical", "does not load: backup.sql.zst, line", func(dump string) string {
			return dump + "USE `nova`;\nCREATE TABLE `t` (`a` int);\n-- Dump completed\n"
		}},
		{"a statement is none of a dump", "logical", "does not load: backup.sql.zst, line 1: ",
			func(dump string) string { return "GRANT ALL ON *.* TO evil@'%';\n" + dump }},
	} {
		t.Run(c.name, func(t *testing.T) {
			destination, path := sets.Copy(t, c.method)
			sets.Recompress(t, path, sets.Open(t, destination, path).Manifest.Data(), func(raw string) {
				content, err := os.ReadFile(raw)
				must(t, err)
				changed := c.change(string(content))
				if changed == string(content) {
					t.Fatal("nothing was changed")
				}
				must(t, os.WriteFile(raw, []byte(changed), 0o600))
			})
			found, err := looked(t, ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t)))
			must(t, err)
			if !strings.Contains(repository.Verdict(found.Problems), c.why) {
				t.Errorf("%v", found.Problems)
			}
		})
	}
}

func TestImpossibleRestoresAreRefusedFirst(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	for _, c := range []struct {
		why, scratch string
		change       func(*repository.Manifest)
	}{
		{"10.11.", "/var/tmp/x", func(m *repository.Manifest) { m.Server.Version = "11.4.2-MariaDB-log" }},
		{"only the same series", "/var/tmp/x", func(m *repository.Manifest) { m.Server.Version = "10.10.19-MariaDB" }},
		{"not MariaDB", "/var/tmp/x", func(m *repository.Manifest) { m.Server.Version = "8.0.36" }},
		{"too little space", "/var/tmp/x", func(m *repository.Manifest) { m.Files[0].RawBytes = 1 << 60 }},
		{"socket's address", "/var/tmp/" + strings.Repeat("x", 100), func(*repository.Manifest) {}},
		{"absolute path", "tmp", func(*repository.Manifest) {}},
	} {
		s := sets.Open(t, destination, path)
		c.change(s.Manifest)
		_, err := Prepare(context.Background(), s,
			Options{Scratch: c.scratch, Memory: 64 * sets.Mebibyte})
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
	if _, err := os.Lstat("/var/tmp/x"); err == nil {
		t.Error("preparing made a folder")
	}
}

func TestOnlyOneRestoreRunsInAFolder(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	root := sets.ScratchFolder(t)
	var second, recovered error
	r := ready(t, sets.Open(t, destination, path), root)
	r.o.Progress = func(p Progress) {
		if p.Phase == "prepare" {
			_, second = looked(t, ready(t, sets.Open(t, destination, path), root))
			_, recovered = scratch.Recover(root)
		}
	}
	found, err := looked(t, r)
	if err != nil || len(found.Problems) > 0 || !errors.Is(second, scratch.ErrBusy) ||
		!errors.Is(recovered, scratch.ErrBusy) {
		t.Errorf("%v, %v; second %v, recover %v", found.Problems, err, second, recovered)
	}
}
