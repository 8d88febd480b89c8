// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/clusterlock"
	"overcloud.backup/tests/node"
)

// Jobs on two controllers may have the same id if the caller sets it: the refused one leaves the other's lock alone.
func TestWhoIsRefusedTheLockLeavesItToItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	c := node.FakeCluster(t, "", path)
	notes, err := journal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	const uuid = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	c.Hold(t, cib.Lock{Cluster: uuid, Holder: "controller-0", Job: "nightly", Since: 1,
		Expires: unixSeconds(time.Now().Add(time.Hour))})
	v, err := pacemaker.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var held *clusterlock.Held
	want := LockRequest{Cluster: uuid, Job: "nightly", Expires: time.Now().Add(time.Hour)}
	if _, _, err := Lock(t.Context(), want, v, NewNotes(notes)); !errors.As(err, &held) ||
		held.Lock.Holder != "controller-0" || !c.Has(t, "lock") {
		t.Errorf("%v, held %t", err, c.Has(t, "lock"))
	}
	if entries, err := journal.Read(path); len(entries) != 0 || err != nil {
		t.Errorf("open: %v, %v", entries, err)
	}
}

// An undo releases only the lock of its own job on its own node, and remembers a lock that it could not release.
func TestTheLockOfAKilledJobIsFreed(t *testing.T) {
	c := node.FakeCluster(t, "", "")
	const uuid, mine, theirs = "0bf81e81-e6a9-11f1-aab7-6f76032d5070", "20261123T081500Z-4f2a9c",
		"20261123T080000Z-000001"
	a := remains{Journal: node.NewJournal(t)}
	for name, l := range map[string]cib.Lock{
		"its own":         {Holder: "controller-1", Job: mine},
		"of another job":  {Holder: "controller-1", Job: theirs},
		"of another node": {Holder: "controller-0", Job: mine},
	} {
		a.Journal.Note(t, lockEffect, lockUndo{Cluster: uuid, Job: mine, Holder: "controller-1"})
		l.Cluster, l.Since, l.Expires = uuid, 1, 2
		c.Hold(t, l)
		done, err := a.undo(t)
		if err != nil || len(done) != 1 || len(a.Journal.Open(t)) != 0 || c.Has(t, "lock") != (name != "its own") {
			t.Errorf("%s: %+v, %v, open %q, locked %t", name, done, err, a.Journal.Open(t), c.Has(t, "lock"))
		}
		_ = os.Remove(filepath.Join(c.Dir, "lock"))
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "cibadmin"),
		[]byte("#!/bin/sh\necho 'Transport endpoint is not connected' >&2; exit 102\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	freeing := freeTimeout
	freeTimeout = time.Second
	t.Cleanup(func() { freeTimeout = freeing })
	a.Journal.Note(t, lockEffect, lockUndo{Cluster: uuid, Job: mine, Holder: "controller-1"})
	done, err := a.undo(t)
	if err == nil || !strings.Contains(err.Error(), "state: recovered on this host frees it") || len(done) != 0 ||
		len(a.Journal.Open(t)) != 1 {
		t.Errorf("without Pacemaker: %+v, %v, open %q", done, err, a.Journal.Open(t))
	}
}

// A node that was cut off may release the lock in a copy of the configuration that the others' copy replaces right
// after.
func TestALockThatComesBackIsFreedAgain(t *testing.T) {
	c := node.FakeCluster(t, "", "")
	l := cib.Lock{Cluster: "0bf81e81-e6a9-11f1-aab7-6f76032d5070", Holder: "controller-1",
		Job: "20261123T081500Z-4f2a9c", Since: 1, Expires: 2}
	c.Hold(t, l)
	cibadmin := filepath.Join(c.Dir, "cibadmin")
	if err := os.Rename(cibadmin, cibadmin+".real"); err != nil {
		t.Fatal(err)
	}
	// The first call fails, and the first deletion is reverted before the second query.
	script := `#!/bin/bash
dir=${0%/*}
if [ ! -e $dir/failed ]; then touch $dir/failed; echo 'Transport endpoint is not connected' >&2; exit 102; fi
case "$*" in
*--delete*) [ -e $dir/deleted ] || cp $dir/lock $dir/deleted;;
*) if [ -e $dir/seen ] && [ -e $dir/deleted ] && [ ! -e $dir/back ]; then cp $dir/deleted $dir/lock; touch $dir/back; fi
  if [ -e $dir/deleted ]; then touch $dir/seen; fi;;
esac
exec $dir/cibadmin.real "$@"`
	if err := os.WriteFile(cibadmin, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	again := freeAgain
	freeAgain = 10 * time.Millisecond
	t.Cleanup(func() { freeAgain = again })
	if err := (lockUndo{Cluster: l.Cluster, Job: l.Job, Holder: l.Holder}).free(); err != nil || !c.Has(t, "back") ||
		c.Has(t, "lock") {
		t.Errorf("%v, came back %t, held %t", err, c.Has(t, "back"), c.Has(t, "lock"))
	}
}
