// SPDX-License-Identifier: GPL-3.0-or-later

// Package units replaces systemd and Pacemaker in tests of jobs: the running units are files in a folder.
package units

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/jobs"
)

// systemctl answers that a unit runs if a file in its folder has its name. Stopping a unit runs the file.
const systemctl = `#!/bin/sh
cd 'FOLDER' || exit 99
for unit in "$@"; do :; done
echo "$1 $unit" >>calls
case $1 in
show) a=inactive l=not-found; [ ! -e "$unit" ] || a=active l=loaded; echo "LoadState=$l
ActiveState=$a
SubState=running
Result=success
MainPID=0" ;;
stop) [ ! -e "$unit" ] || { . "./$unit"; rm "$unit"; } ;;
esac
`

// cibadmin answers with the file cib in its folder, or as on a host whose Pacemaker is down. Deleting empties it.
const cibadmin = `#!/bin/sh
cd 'FOLDER' || exit 99
[ -e cib ] || { echo "Signon to CIB failed: Transport endpoint is not connected" >&2; exit 102; }
case $1 in
--query) printf '<configuration><crm_config>%s</crm_config><resources/></configuration>' "$(cat cib)" ;;
--delete) echo "$3" >>deleted; : >cib ;;
esac
`

// Store returns a store in a folder of its own, on a host whose units are the files in the folder units. The host is
// the node node-a of a cluster with quorum.
func Store(t testing.TB) (s jobs.Store, units string) {
	t.Helper()
	dir := t.TempDir()
	units = filepath.Join(dir, "units")
	if err := os.Mkdir(units, 0o700); err != nil {
		t.Fatal(err)
	}
	Put(t, filepath.Join(units, "systemctl"), strings.ReplaceAll(systemctl, "FOLDER", units), 0o700)
	Put(t, filepath.Join(units, "cibadmin"), strings.ReplaceAll(cibadmin, "FOLDER", units), 0o700)
	Put(t, filepath.Join(units, "crm_node"), "#!/bin/sh\necho node-a\n", 0o700)
	recorded := filepath.Join(top(t), "internal/pacemaker/testdata")
	Put(t, filepath.Join(units, "crm_mon"), "#!/bin/sh\ncat '"+recorded+"/lab-status.xml'\n", 0o700)
	Put(t, filepath.Join(units, "corosync-quorumtool"), "#!/bin/sh\ncat '"+recorded+"/lab-quorum.txt'\n", 0o700)
	Put(t, filepath.Join(units, "cib"), "", 0o600)
	t.Setenv("PATH", units+":/usr/bin:/bin")
	return jobs.Store{State: filepath.Join(dir, "lib"), Run: filepath.Join(dir, "run")}, units
}

// top returns the folder of the module. A test runs in the folder of its package.
func top(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; folder != "/"; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
	}
	t.Fatal("there is no go.mod above the test")
	return ""
}

// Put writes a file.
func Put(t testing.TB, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// Job creates a job that started long ago, with this state; it runs if stop is not empty.
func Job(t testing.TB, s jobs.Store, units, id, state, stop string) *jobs.Job {
	t.Helper()
	job, err := s.Create(id, []byte(`{"login_password":"hunter2"}`), os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if state != "" {
		Put(t, job.StateFile(), state, 0o600)
	}
	if stop != "" {
		Put(t, filepath.Join(units, job.Unit()), stop, 0o700)
	}
	Aged(t, filepath.Dir(job.StateFile()))
	return job
}

// Aged makes a file an hour old.
func Aged(t testing.TB, path string) {
	t.Helper()
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

// Contents of a job's state file.
const (
	AtWork = `{"started":1,"finished":0,"progress":{"phase":"stream"}}`
	Made   = `{"changed":true,"msg":"made","ansible_job_id":"x","backup":{"path":"/p"},"warnings":["w"],` +
		`"invocation":{}}`
	Failed = `{"changed":false,"failed":true,"msg":"the guard stopped it","elsewhere":true}`
)

// Gone reports whether a file does not exist.
func Gone(t testing.TB, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}
