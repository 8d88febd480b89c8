// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/tests/node"
)

// examined are the results by name, each as its value, "! " and what is wrong, or "after " and the other check.
func examined(t *testing.T, o Options) (map[string]string, Examined) {
	t.Helper()
	found, err := Examine(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]string{}
	for _, l := range found.Results {
		if _, twice := results[l.Name]; twice {
			t.Errorf("%s is there twice", l.Name)
		}
		switch {
		case l.Err != nil:
			results[l.Name] = "! " + l.Err.Error()
		case l.After != "":
			results[l.Name] = "after " + l.After
		default:
			results[l.Name] = l.Seen + strings.Join(l.Warnings, "")
		}
	}
	if len(results) != 8 {
		t.Errorf("%d results: %v", len(results), results)
	}
	return results, found
}

func expect(t *testing.T, results, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got := results[name]; got == "" || !strings.Contains(got, text) {
			t.Errorf("%s: %q does not have %q", name, got, text)
		}
	}
	for name, got := range results {
		if want[name] == "" && (strings.HasPrefix(got, "! ") || strings.HasPrefix(got, "after ")) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestEveryCheckIsMadeAndNothingIsChanged(t *testing.T) {
	s := shared(t)
	c := node.FakeCluster(t, "", "")
	o := s.options(t)
	results, found := examined(t, o)
	expect(t, results, map[string]string{
		CheckDestination: o.Destination, CheckLogin: `"root" at ` + s.Socket,
		CheckTool:   "physical: /usr/bin/mariadb-backup",
		CheckGrants: "it has RELOAD, PROCESS, BINLOG MONITOR", CheckContent: "the whole datadir",
		CheckSpace:         "are free at",
		CheckConfiguration: "Pacemaker's was read",
	})
	if found.Raw < 1<<20 || found.Method != "physical" || found.Version == "" || found.Datadir == 0 {
		t.Errorf("%+v", found)
	}
	o.Method = tool.Logical
	results, found = examined(t, o)
	expect(t, results, map[string]string{CheckTool: "logical: ", CheckContent: "a dump of 1 schema"})
	if found.Raw <= 0 || found.Method != "logical" {
		t.Errorf("%+v", found)
	}
	if left, err := os.ReadDir(filepath.Dir(o.Destination)); err != nil || slices.ContainsFunc(left,
		func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) || c.Has(t, "lock") ||
		s.Desync(t) != "0" {
		t.Errorf("%v %v, a lock: %t, desync %s", left, err, c.Has(t, "lock"), s.Desync(t))
	}
}

// One check that fails does not hide the others, and what depends on it is not called good.
func TestAFailedCheckLeavesTheOthers(t *testing.T) {
	s := shared(t)
	node.FakeCluster(t, "", "")
	writable := filepath.Join(t.TempDir(), "everybodys")
	if err := os.Mkdir(writable, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(writable, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*testing.T, *Options)
		want   map[string]string
	}{
		"a destination that others can write to": {
			func(_ *testing.T, o *Options) { o.Destination = writable },
			map[string]string{CheckDestination: "can be written by others than root", CheckSpace: "after destination"},
		},
		"no server": {
			func(_ *testing.T, o *Options) { o.Login.Socket = "/nowhere/mysqld.sock" },
			map[string]string{
				CheckLogin: "! no server could be reached", CheckTool: "after login", CheckGrants: "after tool",
				CheckName: "after login", CheckContent: "after grants", CheckSpace: "after tool",
			},
		},
		"too few privileges": {
			func(t *testing.T, o *Options) { s.account(t, o, []string{"PROCESS"}) },
			map[string]string{
				CheckGrants: "lacks RELOAD, BINLOG MONITOR: GRANT", CheckContent: "after grants",
				CheckSpace: "after content",
			},
		},
		"a name that no folder can have": {
			func(_ *testing.T, o *Options) { o.Cluster = "../x" },
			map[string]string{CheckName: "set the option cluster"},
		},
		"no tool": {
			func(t *testing.T, o *Options) { o.Method = tool.Auto; foreignTools(t) },
			map[string]string{
				CheckTool: "! no way to back up: physical: ", CheckGrants: "after tool",
				CheckContent: "after grants", CheckSpace: "after tool",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t)
			tt.change(t, &o)
			results, _ := examined(t, o)
			expect(t, results, tt.want)
		})
	}
}

// foreignTools puts programs of another vendor before those of the server.
func foreignTools(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"mariadb-backup", "mariadb-dump"} {
		script := "#!/bin/sh\necho 'another tool 8.0.36'\n"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
}

// Whoever leaves the method to the module hears that a dump is all that is left.
func TestADumpThatNobodyAskedForIsAWarning(t *testing.T) {
	s := shared(t)
	o := s.options(t)
	o.Method = tool.Auto
	j := &Job{o: o}
	j.tool.Method, j.plan.Reason = tool.Logical, "no physical backup: mariadb-backup is not installed"
	if err := j.warnOfDump(t.Context(), nil); err != nil || len(j.takeWarnings()) != 1 {
		t.Error(err)
	}
	if j.o.Method = tool.Logical; j.warnOfDump(t.Context(), nil) != nil || len(j.takeWarnings()) != 0 {
		t.Error("it was asked for")
	}
}
