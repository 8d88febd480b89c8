// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/clusterlock"
)

// repository is the folder of the repository.
func repository() string {
	for folder := "."; ; folder = filepath.Join(folder, "..") {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil || len(folder) > 60 {
			return folder
		}
	}
}

// Cluster is a fake Pacemaker on PATH: the recorded status and CIB of the lab, and a lock in a file.
type Cluster struct{ Dir string }

// fakeCIB keeps one lock, like the CIB: created only once, and deleted only by a path that matches it.
const fakeCIB = `
echo "$*" >>$dir/used
case "$*" in
*--create*) [ -e $dir/lock ] && { echo "Call cib_apply_diff failed (-76): Name not unique on network" >&2; exit 76; }
  [ -e "$journal" ] && grep -q '"kind":"lock"' "$journal" || touch $dir/unnoted
  echo "${@: -1}" >$dir/lock;;
*--delete*) for want in $(grep -o 'value="[^"]*"' <<<"$*"); do grep -qF "$want" $dir/lock 2>/dev/null || exit 0; done
  rm $dir/lock;;
*) if [ -e $dir/lock ]; then sed "/<crm_config>/r $dir/lock" $here/lab-cib.xml; else cat $here/lab-cib.xml; fi;;
esac`

// FakeCluster puts it on PATH; this host is its controller-1. status is a sed script for the output of crm_mon.
func FakeCluster(t *testing.T, status, journal string) Cluster {
	t.Helper()
	c := Cluster{t.TempDir()}
	here, err := filepath.Abs(filepath.Join(repository(), "internal/pacemaker/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"crm_mon": "sed '" + status + "' $here/lab-status.xml", "crm_node": "echo controller-1", "cibadmin": fakeCIB,
		"corosync-quorumtool": "cat $here/lab-quorum.txt",
	} {
		script := fmt.Sprintf("#!/bin/bash\ndir=%s\nhere=%s\njournal=%s\n%s\n", c.Dir, here, journal, body)
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", c.Dir+":"+os.Getenv("PATH"))
	return c
}

// Has reports whether a file exists that the fake creates: lock, used, unnoted.
func (c Cluster) Has(t *testing.T, name string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(c.Dir, name))
	return err == nil
}

// Hold creates a lock of another job there.
func (c Cluster) Hold(t *testing.T, l cib.Lock) {
	t.Helper()
	if err := clusterlock.Acquire(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}
