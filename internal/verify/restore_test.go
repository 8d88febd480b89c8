// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

const mebibyte = 1 << 20

// scratchFolder is a new one, which must be empty but for the lock when the test ends.
func scratchFolder(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("/var/tmp", "verify-scratch-")
	must(t, err)
	must(t, os.Chmod(parent, 0o711))
	t.Cleanup(func() { os.RemoveAll(parent) })
	root := filepath.Join(parent, "s")
	t.Cleanup(func() { wantEmpty(t, root) })
	return root
}

func wantEmpty(t *testing.T, root string) {
	t.Helper()
	entries, _ := os.ReadDir(root)
	for _, e := range entries {
		if e.Name() != lockName {
			t.Errorf("%s is left in the scratch folder", e.Name())
		}
	}
	users := []int{nobody.UID}
	if owner, err := serverUser(); err == nil {
		users = append(users, owner.UID)
	}
	if inside := process.WorkingIn(root, users...); len(inside) > 0 {
		t.Errorf("processes are left: %v", inside)
	}
}

func prepared(t *testing.T, s *Set, scratch string) *Restore {
	t.Helper()
	r, err := PrepareRestore(context.Background(), s, RestoreOptions{Scratch: scratch, Memory: 64 * mebibyte})
	must(t, err)
	return r
}

func restored(t *testing.T, s *Set) (*Restored, []Problem, []string) {
	t.Helper()
	found, err := prepared(t, s, scratchFolder(t)).Run(context.Background())
	must(t, err)
	return found.Restored, found.Problems, found.Warnings
}

func TestWholeSetsAreRestoredAndFoundEqual(t *testing.T) {
	var sums []string
	live := othersTemporaryTable(t)
	for _, method := range []string{"physical", "logical"} {
		destination, path := copySet(t, method)
		s := openSet(t, destination, path)
		found, problems, warnings := restored(t, s)
		if len(problems) > 0 || len(warnings) > 0 || found == nil {
			t.Fatalf("%s: %v, %q", method, problems, warnings)
		}
		if found.Fingerprint != s.Manifest.Schema.Fingerprint || found.Schemas["nova"] != 4 || found.Rows != 852 || found.Checked < 20 {
			t.Errorf("%s: %+v", method, found)
		}
		if want := liveTables(t); !slices.Equal(found.Tables, want) {
			t.Errorf("%s: restored %v\nlive     %v", method, found.Tables, want)
		}
		sums = append(sums, found.Checksum)
	}
	if _, err := os.Stat(live); err != nil {
		t.Errorf("a temporary table of another server is gone: %v", err)
	}
	if sums[0] != sums[1] {
		t.Errorf("the physical and the logical set of one server differ: %q", sums)
	}
}

// othersTemporaryTable is a file as a server has it in the folder that is everybody's default. A server that starts with that
// folder as its tmpdir removes it, and the one that it belongs to crashes (MariaDB 10.11.19, ha_maria::drop_table).
func othersTemporaryTable(t *testing.T) string {
	t.Helper()
	file, err := os.CreateTemp("/tmp", "#sql-temptable-*.MAI")
	must(t, err)
	must(t, file.Close())
	t.Cleanup(func() { os.Remove(file.Name()) })
	return file.Name()
}

// liveTables are the same lines of the server that was backed up.
func liveTables(t *testing.T) (tables []Table) {
	t.Helper()
	for _, name := range []string{"odd `name; -- %", "parent", "t"} {
		table := Table{Schema: "nova", Name: name}
		out, err := one.SQL("SELECT COUNT(*) FROM " + table.quoted() + "; CHECKSUM TABLE " + table.quoted() + " EXTENDED")
		must(t, err)
		rows, sum, _ := strings.Cut(out, "\n")
		_, table.Checksum, _ = strings.Cut(sum, "\t")
		for _, digit := range rows {
			table.Rows = 10*table.Rows + int64(digit-'0')
		}
		tables = append(tables, table)
	}
	return tables
}

func TestDamagedSetsAreNotRestored(t *testing.T) {
	for _, c := range []struct{ method, file string }{{"physical", physicalFile}, {"logical", logicalFile}, {"logical", "users.sql"}} {
		t.Run(c.file, func(t *testing.T) {
			destination, path := copySet(t, c.method)
			content := read(t, path, c.file)
			content[len(content)/2] ^= 1
			must(t, os.WriteFile(filepath.Join(path, c.file), content, 0o600))
			found, problems, _ := restored(t, openSet(t, destination, path))
			if found != nil || len(problems) != 1 || problems[0].File != c.file {
				t.Errorf("%+v, %v", found, problems)
			}
		})
	}
}

// The checksums of these sets are right; what is in them is not what the manifest says.
func TestRestoresThatHoldSomethingElseAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, method, why string
		change            func(string) string
	}{
		{"a column is another", "logical", "differs from what was recorded: backup.sql.zst: table nova.parent is defined differently", func(dump string) string { return strings.Replace(dump, "`name` varchar(40)", "`name` varchar(41)", 1) }},
		{"a table is missing", "logical", "differs from what was recorded: backup.sql.zst: table nova.t is missing", func(dump string) string { return dump + "USE `nova`;\nDROP TABLE IF EXISTS `t`;\n-- Dump completed\n" }},
		{"a statement fails", "logical", "does not load: backup.sql.zst, line", func(dump string) string {
			return dump + "USE `nova`;\nCREATE TABLE `t` (`a` int);\n-- Dump completed\n"
		}},
		{"a statement is none of a dump", "logical", "does not load: backup.sql.zst, line 1: ", func(dump string) string { return "GRANT ALL ON *.* TO evil@'%';\n" + dump }},
	} {
		t.Run(c.name, func(t *testing.T) {
			destination, path := copySet(t, c.method)
			recompress(t, path, data(openSet(t, destination, path).Manifest), func(raw string) {
				content, err := os.ReadFile(raw)
				must(t, err)
				changed := c.change(string(content))
				if changed == string(content) {
					t.Fatal("nothing was changed")
				}
				must(t, os.WriteFile(raw, []byte(changed), 0o600))
			})
			_, problems, _ := restored(t, openSet(t, destination, path))
			if len(problems) == 0 || !strings.Contains(Verdict(problems), c.why) {
				t.Errorf("%v", problems)
			}
		})
	}
}

// Pages that were damaged before the backup read them have right checksums in the set.
func TestDamagedPagesAreFoundByTheServer(t *testing.T) {
	for _, c := range []struct{ first, nth int }{{4, 1}, {40, 7}} {
		destination, path := copySet(t, "physical")
		recompress(t, path, data(openSet(t, destination, path).Manifest), func(raw string) { damageTable(t, raw, "nova/t.ibd", c.first, c.nth) })
		s := openSet(t, destination, path)
		if problems, err := s.Read(context.Background(), nil); len(problems) > 0 || err != nil {
			t.Fatalf("reading alone cannot see it: %v, %v", problems, err)
		}
		_, problems, _ := restored(t, s)
		if len(problems) == 0 || problems[0].File != physicalFile {
			t.Errorf("%v: %v", c, problems)
		}
	}
}

func TestASecondRestoreIsHeldAgainstTheFirst(t *testing.T) {
	destination, path := copySet(t, "logical")
	s := openSet(t, destination, path)
	found, _, _ := restored(t, s)
	found.Tables[0].Rows++
	found.Checksum = digest(found.Tables)
	must(t, s.Write(LevelRestore, Outcome{OK: true, Restored: found}))
	_, problems, _ := restored(t, s)
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "nova.odd `name; -- % (51 rows, then 50)") {
		t.Errorf("%v", problems)
	}
}

func TestWhatCannotWorkIsRefusedBefore(t *testing.T) {
	destination, path := copySet(t, "physical")
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
		s := openSet(t, destination, path)
		c.change(s.Manifest)
		_, err := PrepareRestore(context.Background(), s, RestoreOptions{Scratch: c.scratch, Memory: 64 * mebibyte})
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
	if _, err := os.Lstat("/var/tmp/x"); err == nil {
		t.Error("preparing made a folder")
	}
}

func TestARestoreThatIsStoppedLeavesNothing(t *testing.T) {
	for _, phase := range []string{"unpack", "check"} {
		destination, path := copySet(t, "physical")
		ctx, cancel := context.WithCancelCause(context.Background())
		why := errors.New("enough")
		r := prepared(t, openSet(t, destination, path), scratchFolder(t))
		r.o.Progress = func(p Progress) {
			if p.Phase == phase {
				cancel(why)
			}
		}
		found, err := r.Run(ctx)
		if err == nil || len(found.Problems) > 0 {
			t.Errorf("%s: %v, %v", phase, found.Problems, err)
		}
	}
}

// The test's own binary is the verification that is killed, with SIGKILL.
func TestARestoreThatIsKilledIsUndone(t *testing.T) {
	if where := os.Getenv("VERIFY_KILLED"); where != "" {
		killed(t, where, os.Getenv("VERIFY_SCRATCH"), os.Getenv("VERIFY_PHASE"))
		return
	}
	shared(t)
	for method, phases := range map[string][]string{"physical": {"unpack", "start", "check"}, "logical": {"load"}} {
		_, path := copySet(t, method)
		for _, phase := range phases {
			scratch := scratchFolder(t)
			c := exec.Command(os.Args[0], "-test.run=^TestARestoreThatIsKilledIsUndone$")
			c.Env = append(os.Environ(), "VERIFY_KILLED="+path, "VERIFY_SCRATCH="+scratch, "VERIFY_PHASE="+phase)
			out, err := c.CombinedOutput()
			if err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("%s: %v\n%s", phase, err, out)
			}
			undone, err := Recover(scratch)
			if err != nil || len(undone) == 0 {
				t.Errorf("%s: %q, %v", phase, undone, err)
			}
			wantEmpty(t, scratch)
			if undone, err := Recover(scratch); len(undone) > 0 || err != nil {
				t.Errorf("%s, once more: %q, %v", phase, undone, err)
			}
		}
	}
}

func killed(t *testing.T, path, scratch, phase string) {
	t.Helper()
	r := prepared(t, openSet(t, filepath.Dir(filepath.Dir(path)), path), scratch)
	r.o.Progress = func(p Progress) {
		if p.Phase == phase {
			time.AfterFunc(20*time.Millisecond, func() {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
			})
			time.Sleep(time.Second)
		}
	}
	_, err := r.Run(context.Background())
	t.Fatal("nobody killed it", err)
}

func TestOnlyOneRestoreRunsInAFolder(t *testing.T) {
	destination, path := copySet(t, "physical")
	scratch := scratchFolder(t)
	r := prepared(t, openSet(t, destination, path), scratch)
	var second, recovered error
	r.o.Progress = func(p Progress) {
		if p.Phase == "prepare" {
			_, second = prepared(t, openSet(t, destination, path), scratch).Run(context.Background())
			_, recovered = Recover(scratch)
		}
	}
	found, err := r.Run(context.Background())
	if err != nil || len(found.Problems) > 0 || !errors.Is(second, ErrBusy) || !errors.Is(recovered, ErrBusy) {
		t.Errorf("%v, %v; second %v, recover %v", found.Problems, err, second, recovered)
	}
}

func TestAFolderThatIsNotOursIsLeftAlone(t *testing.T) {
	root := filepath.Join(scratchFolder(t), "x")
	elsewhere := filepath.Join(filepath.Dir(filepath.Dir(root)), "precious")
	for _, d := range []string{root, elsewhere, filepath.Join(root, "run")} {
		must(t, os.MkdirAll(d, 0o700))
	}
	if undone, err := Recover(root); len(undone) > 0 || err != nil {
		t.Errorf("%q, %v", undone, err)
	}
	must(t, os.Symlink(elsewhere, filepath.Join(root, runName)))
	if undone, err := Recover(root); len(undone) > 0 || err == nil {
		t.Errorf("%q, %v", undone, err)
	}
	for _, d := range []string{elsewhere, filepath.Join(root, "run"), filepath.Join(root, runName)} {
		if _, err := os.Lstat(d); err != nil {
			t.Error(err)
		}
	}
	must(t, os.RemoveAll(filepath.Dir(root)))
}
