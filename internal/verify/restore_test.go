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

	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/tests/sets"
)

// prepared returns a verification of a set by a restore. It reports its progress to a function, which may be nil.
func prepared(t *testing.T, s *repository.Set, root string, progress func(rebuild.Progress)) *Verification {
	t.Helper()
	v, err := Prepare(t.Context(), s, Options{Level: repository.LevelRestore,
		Rebuild: rebuild.Options{Scratch: root, Memory: 64 * sets.Mebibyte, Progress: progress}})
	must(t, err)
	return v
}

func examined(t *testing.T, s *repository.Set) (Found, error) {
	t.Helper()
	return prepared(t, s, sets.ScratchFolder(t), nil).find(t.Context())
}

func restored(t *testing.T, s *repository.Set) (*repository.Restored, []repository.Problem, []string) {
	t.Helper()
	found, err := examined(t, s)
	must(t, err)
	return found.Restored, found.Problems, found.Warnings
}

func TestWholeSetsAreRestoredAndFoundEqual(t *testing.T) {
	var sums []string
	live := othersTemporaryTable(t)
	for _, method := range []string{"physical", "logical"} {
		destination, path := sets.Copy(t, method)
		s := sets.Open(t, destination, path)
		found, problems, warnings := restored(t, s)
		if len(problems) > 0 || len(warnings) > 0 || found == nil {
			t.Fatalf("%s: %v, %q", method, problems, warnings)
		}
		if found.Fingerprint != s.Manifest.Schema.Fingerprint || found.Schemas["nova"] != 4 || found.Rows != 852 ||
			found.Checked < 20 {
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

// othersTemporaryTable is a server's temporary file in the default folder, which all servers share. A server that
// starts with that folder as its tmpdir removes the file, and the server that owns it crashes (MariaDB 10.11.19,
// ha_maria::drop_table).
func othersTemporaryTable(t *testing.T) string {
	t.Helper()
	file, err := os.CreateTemp("/tmp", "#sql-temptable-*.MAI")
	must(t, err)
	must(t, file.Close())
	t.Cleanup(func() { os.Remove(file.Name()) })
	return file.Name()
}

// liveTables returns the same lines from the server that was backed up.
func liveTables(t *testing.T) (tables []repository.Table) {
	t.Helper()
	for _, name := range []string{"odd `name; -- %", "parent", "t"} {
		table := repository.Table{Schema: "nova", Name: name}
		out, err := sets.Shared(t).SQL("SELECT COUNT(*) FROM " + quoted(table) + "; CHECKSUM TABLE " + quoted(table) +
			" EXTENDED")
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

// Pages that were damaged before the backup read them have correct checksums in the set.
func TestDamagedPagesAreFoundByTheServer(t *testing.T) {
	for _, c := range []struct{ first, nth int }{{4, 1}, {40, 7}} {
		destination, path := sets.Copy(t, "physical")
		sets.Recompress(t, path, sets.Open(t, destination, path).Manifest.Data(),
			func(raw string) { sets.DamageTable(t, raw, "nova/t.ibd", c.first, c.nth) })
		s := sets.Open(t, destination, path)
		if problems, err := s.Read(context.Background(), nil); len(problems) > 0 || err != nil {
			t.Fatalf("reading alone cannot see it: %v, %v", problems, err)
		}
		_, problems, _ := restored(t, s)
		if len(problems) == 0 || problems[0].File != sets.PhysicalFile {
			t.Errorf("%v: %v", c, problems)
		}
	}
}

func TestASecondRestoreIsComparedWithTheFirst(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	s := sets.Open(t, destination, path)
	found, _, _ := restored(t, s)
	found.Tables[0].Rows++
	found.Checksum = digest(found.Tables)
	must(t, s.Write(repository.LevelRestore, repository.Outcome{OK: true, Restored: found}))
	_, problems, _ := restored(t, s)
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "nova.odd `name; -- % (51 rows, then 50)") {
		t.Errorf("%v", problems)
	}
}

func TestARestoreThatIsStoppedLeavesNothing(t *testing.T) {
	for _, phase := range []string{"unpack", "check"} {
		destination, path := sets.Copy(t, "physical")
		ctx, cancel := context.WithCancelCause(context.Background())
		why := errors.New("enough")
		v := prepared(t, sets.Open(t, destination, path), sets.ScratchFolder(t), func(p rebuild.Progress) {
			if p.Phase == phase {
				cancel(why)
			}
		})
		found, err := v.find(ctx)
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
	sets.Shared(t)
	for method, phases := range map[string][]string{"physical": {"unpack", "start", "check"}, "logical": {"load"}} {
		_, path := sets.Copy(t, method)
		for _, phase := range phases {
			root := sets.ScratchFolder(t)
			c := exec.Command(os.Args[0], "-test.run=^TestARestoreThatIsKilledIsUndone$")
			c.Env = append(os.Environ(), "VERIFY_KILLED="+path, "VERIFY_SCRATCH="+root, "VERIFY_PHASE="+phase)
			out, err := c.CombinedOutput()
			if err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("%s: %v\n%s", phase, err, out)
			}
			undone, err := scratch.Recover(root)
			if err != nil || len(undone) == 0 {
				t.Errorf("%s: %q, %v", phase, undone, err)
			}
			sets.WantEmpty(t, root)
			if undone, err := scratch.Recover(root); len(undone) > 0 || err != nil {
				t.Errorf("%s, once more: %q, %v", phase, undone, err)
			}
		}
	}
}

func killed(t *testing.T, path, root, phase string) {
	t.Helper()
	v := prepared(t, sets.Open(t, filepath.Dir(filepath.Dir(path)), path), root, func(p rebuild.Progress) {
		if p.Phase == phase {
			time.AfterFunc(20*time.Millisecond, func() {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
			})
			time.Sleep(time.Second)
		}
	})
	_, err := v.find(context.Background())
	t.Fatal("nobody killed it", err)
}
