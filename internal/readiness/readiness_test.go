// SPDX-License-Identifier: GPL-3.0-or-later

package readiness

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/backups"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/unit"
	"overcloud.backup/tests/node"
	"overcloud.backup/tests/sets"
	"overcloud.backup/tests/units"
)

func TestMain(m *testing.M) { node.Main(m) }

// apart keeps a test away from this host's own jobs, restores and units.
func apart(t *testing.T, systemd error) (root, ours string) {
	t.Helper()
	before, beforeHome, beforeSystemd := store, home, jobs.Systemd
	t.Cleanup(func() { store, home, jobs.Systemd = before, beforeHome, beforeSystemd })
	store, ours = units.Store(t)
	// The name of the node is asked once for all tests of the process.
	units.Put(t, filepath.Join(ours, "crm_node"), "#!/bin/sh\necho controller-1\n", 0o700)
	home = filepath.Join(t.TempDir(), "restore")
	jobs.Systemd = func(context.Context) (int, error) { return 252, systemd }
	return t.TempDir(), ours
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	units.Put(t, path, content, 0o600)
}

// read is what Read finds, by the name of the check.
func read(t *testing.T, o Options) (doctor.Facts, map[string]doctor.Result) {
	t.Helper()
	f, err := Read(t.Context(), reading.StartClock(0), o, jobs.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]doctor.Result{}
	for _, l := range f.Results {
		if _, twice := results[l.Check]; twice {
			t.Errorf("%s is there twice", l.Check)
		}
		results[l.Check] = l
	}
	return f, results
}

func options(destination, scratch string) Options {
	o := Options{Scratch: scratch, Backup: backups.Options{Destination: destination, Method: "auto", Desync: "auto"}}
	o.Backup.Login.Socket = "/nowhere/mysqld.sock"
	return o
}

// What is not there is found, nothing of it is called good, and nothing is left on the host.
func TestAHostWithoutADatabaseLacksWhatABackupNeeds(t *testing.T) {
	root, _ := apart(t, unit.ErrNoSystemd)
	f, results := read(t, options(filepath.Join(root, "sets"), filepath.Join(root, "scratch")))
	for _, c := range doctor.Checks() {
		if l, made := results[c.Name]; made == doctor.MadeElsewhere(c.Name) || made && l.Seen+l.Problem+l.Unread == "" {
			t.Errorf("%s: %+v", c.Name, l)
		}
	}
	for name, want := range map[string]string{
		doctor.Systemd: "no systemd", doctor.Login: "no server could be reached",
	} {
		if !strings.Contains(results[name].Problem, want) {
			t.Errorf("%s: %+v", name, results[name])
		}
	}
	for name, want := range map[string]string{
		doctor.Tool: `"database account" did not succeed`, doctor.BackupSpace: `"backup tool" did not succeed`,
		doctor.Verification: `"backup tool" did not succeed`, doctor.VerificationSpace: errNoSize.Error(),
		doctor.Jobs: `"systemd" did not succeed`,
	} {
		if !strings.Contains(results[name].Unread, want) {
			t.Errorf("%s: %+v", name, results[name])
		}
	}
	if l := results[doctor.Destination]; l.Problem != "" ||
		!strings.Contains(l.Seen, "the first backup creates in "+root) {
		t.Errorf("%+v", l)
	}
	if f.Present || f.SELinux == "" || f.Mount.Point == "" || f.Kernel == "" || f.Host.Name == "" {
		t.Errorf("%+v", f)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	if _, err := os.Lstat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of restores: %v", err)
	}
}

// A real server on this host, with a fake Pacemaker.
func TestAHostWithAllThatIsNeeded(t *testing.T) {
	s := node.Shared(t)
	apart(t, nil)
	node.FakeCluster(t, "", "")
	destination := node.Destination(t)
	scratch, err := os.MkdirTemp("/var/tmp", "readiness-scratch-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(scratch)
	if err := os.Chmod(scratch, 0o711); err != nil {
		t.Fatal(err)
	}
	o := options(destination, scratch)
	o.Backup.Login.Socket = s.Socket
	f, results := read(t, o)
	for _, name := range []string{
		doctor.Systemd, doctor.Confinement, doctor.SELinux, doctor.Destination, doctor.Sets, doctor.Login, doctor.Tool,
		doctor.Grants, doctor.SetName, doctor.Content, doctor.BackupSpace, doctor.Configuration,
		doctor.VerificationSpace, doctor.Jobs, doctor.Leftovers,
	} {
		if l := results[name]; l.Seen == "" || l.Problem+l.Unread != "" {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if !f.Present || !strings.Contains(results[doctor.Sets].Seen, "0 sets") ||
		!strings.Contains(results[doctor.Tool].Seen, "mariadb-backup") {
		t.Errorf("%+v", f)
	}
	for _, folder := range []string{destination, scratch} {
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%s: %v, %v", folder, left, err)
		}
	}
}

func TestWhatDeadJobsAndRestoresLeftIsReported(t *testing.T) {
	root, ours := apart(t, nil)
	units.Job(t, store, ours, "20261123T081500Z-4f2a9c", `{"started": 1, "finished": 0}`, "")
	scratch := filepath.Join(root, "scratch")
	put(t, filepath.Join(scratch, "overcloud_verify.run", "data", "ibdata1"), "x")
	put(t, filepath.Join(scratch, "overcloud_verify.lock"), "")
	put(t, filepath.Join(home, "restore.json"), `{"job": "j", "set": "/sets/c/s", "began": "yesterday", "datadir": "`+
		filepath.Join(root, "mysql")+`", "started": "today"}`)
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "mysql.aside-j"), 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := cib.LockXML(cib.Lock{Cluster: "5bcd8e3a-7d2f-11f0-9c4e-0e3f5f0d7a11", Holder: "controller-1",
		Job: "dead", Since: 1, Expires: 99999999999})
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(ours, "cib"), lock)
	_, results := read(t, options(filepath.Join(root, "sets"), scratch))
	l := results[doctor.Jobs]
	if got := strings.Join(l.Warnings, "\n"); l.Problem != "" || l.Seen != "none runs" ||
		!strings.Contains(got, "would be undone of job dead") {
		t.Errorf("%+v", l)
	}
	if content, err := os.ReadFile(filepath.Join(ours, "cib")); err != nil || string(content) != lock {
		t.Errorf("the lock: %q, %v", content, err)
	}
	l = results[doctor.Leftovers]
	if got := strings.Join(l.Warnings, "\n"); !strings.Contains(l.Problem, "the restore j of /sets/c/s, begun") ||
		!strings.Contains(got, "is left of a verification that was killed") || !strings.Contains(got, "mysql.aside-j") {
		t.Errorf("%+v", l)
	}
	// A verification that runs holds its lock.
	running, err := os.Open(filepath.Join(scratch, "overcloud_verify.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	if err := syscall.Flock(int(running.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	_, results = read(t, options(filepath.Join(root, "sets"), scratch))
	if got := strings.Join(results[doctor.Leftovers].Warnings, "\n"); strings.Contains(got, "verification") {
		t.Errorf("while it runs: %s", got)
	}
}

func TestDamagedAndUnfinishedSetsAreWarnings(t *testing.T) {
	destination, path := sets.Small(t)
	if l := list(destination); l.Problem != "" || len(l.Warnings) != 0 ||
		!strings.HasPrefix(l.Seen, "1 set, the newest is ") {
		t.Errorf("%+v", l)
	}
	put(t, filepath.Join(filepath.Dir(path), ".partial-20261123T081500Z_physical_c1", "x"), "x")
	if err := os.WriteFile(filepath.Join(path, "manifest.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := list(destination)
	if got := strings.Join(l.Warnings, "\n"); l.Problem != "" || !strings.Contains(got, "unfinished") ||
		!strings.Contains(got, filepath.Base(path)) {
		t.Errorf("%+v", l)
	}
}

func TestADestinationThatCannotBeWrittenToIsAProblem(t *testing.T) {
	root := t.TempDir()
	info, err := os.Stat(root)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := describe(filepath.Join(root, "a", "b"), info.Sys().(*syscall.Stat_t).Dev)
	if err != nil || !strings.Contains(seen, "creates in "+root) ||
		!strings.Contains(seen, "the datadir's own file system") {
		t.Errorf("%q, %v", seen, err)
	}
	if seen, err := describe("/sys/kernel", 0); err == nil && os.Getuid() != 0 {
		t.Errorf("%q", seen)
	}
	if seen, err := describe("/proc/1", 0); err == nil && os.Getuid() != 0 {
		t.Errorf("%q", seen)
	}
}

func TestTheMountOfAPathIsTheOneAboveIt(t *testing.T) {
	const table = `22 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:45 / /var/backups rw,relatime shared:2 - nfs4 nas:/export rw,vers=4.2
31 22 0:46 / /var/backups rw shared:3 - xfs /dev/vdb1 rw
32 22 0:47 / /mnt/with\040space rw - tmpfs tmpfs rw
a line that is none
`
	for path, want := range map[string]doctor.Mount{
		"/var/backups/overcloud": {Point: "/var/backups", Type: "xfs", Source: "/dev/vdb1"},
		"/var/backups":           {Point: "/var/backups", Type: "xfs", Source: "/dev/vdb1"},
		"/var/backups2":          {Point: "/", Type: "ext4", Source: "/dev/vda"},
		"/mnt/with space/x":      {Point: "/mnt/with space", Type: "tmpfs", Source: "tmpfs"},
	} {
		if got, err := parseMounts(table, path); err != nil || got != want {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	if _, err := parseMounts("", "/x"); err == nil {
		t.Error("no table")
	}
}

func TestAModeOfSELinuxThatIsUnknownIsAnError(t *testing.T) {
	for content, want := range map[string]string{"1": "enforcing", "0\n": "permissive", "7": "", "": ""} {
		if got, err := selinuxMode(content, nil); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", content, got, err)
		}
	}
	if got, err := selinuxMode("", fs.ErrNotExist); got != "disabled" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := selinuxMode("", fs.ErrPermission); got != "" || err == nil {
		t.Errorf("%q, %v", got, err)
	}
}
