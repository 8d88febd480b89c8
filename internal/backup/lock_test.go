// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/pacemaker"
)

// cluster is a fake Pacemaker on PATH: the lab's status and CIB as they were recorded, and a lock in a file.
type cluster struct{ dir string }

// fakeCIB keeps one lock, as the CIB does: made once only, and deleted only by a path that matches it.
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

// fakeCluster puts it on PATH; this host is its controller-1. status is a sed script for what crm_mon says.
func fakeCluster(t *testing.T, status, journal string) cluster {
	t.Helper()
	c := cluster{t.TempDir()}
	here, err := filepath.Abs("../pacemaker/testdata")
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"crm_mon": "sed '" + status + "' $here/lab-status.xml", "crm_node": "echo controller-1", "cibadmin": fakeCIB,
		"corosync-quorumtool": "cat $here/lab-quorum.txt",
	} {
		script := fmt.Sprintf("#!/bin/bash\ndir=%s\nhere=%s\njournal=%s\n%s\n", c.dir, here, journal, body)
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", c.dir+":"+os.Getenv("PATH"))
	return c
}

func (c cluster) has(t *testing.T, name string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(c.dir, name))
	return err == nil
}

// hold puts a lock of somebody's there.
func (c cluster) hold(t *testing.T, l pacemaker.Lock) {
	t.Helper()
	if err := pacemaker.Acquire(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

func TestTheClusterIsLockedWhileABackupRuns(t *testing.T) {
	s := shared(t)
	path := filepath.Join(t.TempDir(), "journal")
	c := fakeCluster(t, "", path)
	notes, err := journal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	for name, tool := range map[string]string{
		"well": `[ -e ` + c.dir + `/lock ] && exec /usr/bin/mariadb-backup "$@"`,
		"ill":  `[ -e ` + c.dir + `/lock ] && touch ` + c.dir + `/seen; exit 3`,
	} {
		j := s.job(t, func(o *Options) { o.Job, o.Journal = "20261123T081500Z-4f2a9c", notes })
		j.tool.path, j.tool.folders = fake(t, tool), []string{c.dir}
		if made, err := j.Run(t.Context()); (made == nil) != (name == "ill") || (err != nil) != (name == "ill") {
			t.Errorf("%s: %v, %v", name, made, err)
		}
		if c.has(t, "lock") || c.has(t, "unnoted") {
			t.Errorf("%s: locked afterwards %t, not noted before %t", name, c.has(t, "lock"), c.has(t, "unnoted"))
		}
	}
	if entries, err := journal.Read(path); len(entries) != 0 || err != nil || !c.has(t, "seen") {
		t.Errorf("open: %v, %v; seen while it ran: %t", entries, err, c.has(t, "seen"))
	}
}

// One that is held is broken only with evidence that its holder cannot free it.
func TestALockIsBrokenOnlyWithEvidence(t *testing.T) {
	s := shared(t)
	const theirs, away = "20261123T080000Z-000001", `/<node name="controller-0"/s/online="true"/online="false"/`
	never := func(context.Context, string) (bool, error) { return false, nil }
	runs := func(_ context.Context, job string) (bool, error) { return job == theirs, nil }
	unknown := func(context.Context, string) (bool, error) { return false, errors.New("no systemd") }
	for name, tt := range map[string]struct {
		status, holder string
		expires        time.Duration
		running        func(context.Context, string) (bool, error)
		evidence, why  string
	}{
		"of a node that is there":                        {"", "controller-0", -time.Hour, never, "", "galera_backup with state: recovered there frees the lock"},
		"of a node that is away, but not for long":       {away, "controller-0", time.Hour, never, "", "its job may go on for another "},
		"of a node that is away and over":                {away, "controller-0", -time.Minute, never, "controller-0 is not in the cluster any more", ""},
		"of a node that the cluster does not know":       {"", "controller-9", -time.Minute, never, "controller-9 is not in the cluster any more", ""},
		"of a remote node that is there":                 {`/<node name="controller-0"/s/type="member"/type="remote"/`, "controller-0", -time.Hour, never, "", "wait for its end"},
		"of this node, whose job runs":                   {"", "controller-1", -time.Hour, runs, "", "it runs on this node"},
		"of this node, whose job does not run":           {"", "controller-1", time.Hour, never, "no such job runs on this node any more", ""},
		"of this node, of whose jobs nothing is known":   {"", "controller-1", -time.Hour, nil, "", "is not known"},
		"of this node, which does not say what it runs":  {"", "controller-1", -time.Hour, unknown, "", "could not be found out: no systemd"},
		"of a node that is there, in an odd clock's eye": {"", "controller-2", -24 * time.Hour, never, "", "wait for its end"},
	} {
		t.Run(name, func(t *testing.T) {
			c := fakeCluster(t, tt.status, "")
			j := s.job(t, func(o *Options) { o.Job, o.Running = "20261123T081500Z-4f2a9c", tt.running })
			since := seconds(time.Now().Add(-30 * time.Minute))
			c.hold(t, pacemaker.Lock{Cluster: j.plan.Cluster.UUID, Holder: tt.holder, Job: theirs, Since: since, Expires: seconds(time.Now().Add(tt.expires))})
			made, err := j.Run(t.Context())
			if tt.why != "" {
				named := err != nil && strings.Contains(err.Error(), "is held by "+tt.holder+", job "+theirs+", since 20") && strings.Contains(err.Error(), "held for 30m")
				if made != nil || !named || !strings.Contains(err.Error(), tt.why) || Elsewhere(err) || !c.has(t, "lock") || len(left(t, j.o.Destination)) != 0 {
					t.Errorf("got %v, %v; want %q", made, err, tt.why)
				}
				return
			}
			if err != nil || !strings.Contains(strings.Join(made.Manifest.Warnings, "\n"), tt.evidence) || c.has(t, "lock") {
				t.Errorf("%v; it is there: %t", err, c.has(t, "lock"))
			}
		})
	}
}

// A job may have the same id on two controllers, when the caller names it: who is refused leaves the other one's lock alone.
func TestWhoIsRefusedTheLockLeavesItToItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	c := fakeCluster(t, "", path)
	notes, err := journal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	const uuid = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	c.hold(t, pacemaker.Lock{Cluster: uuid, Holder: "controller-0", Job: "nightly", Since: 1, Expires: seconds(time.Now().Add(time.Hour))})
	j := &Job{o: Options{Job: "nightly", Journal: notes}, noting: &sync.Mutex{}}
	j.plan.Cluster.UUID = uuid
	var held *pacemaker.LockHeld
	if _, err := j.lock(t.Context()); !errors.As(err, &held) || held.Lock.Holder != "controller-0" || !c.has(t, "lock") {
		t.Errorf("%v, held %t", err, c.has(t, "lock"))
	}
	if entries, err := journal.Read(path); len(entries) != 0 || err != nil {
		t.Errorf("open: %v, %v", entries, err)
	}
}

func TestWithoutQuorumOrAnAnswerNothingIsLocked(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Job = "20261123T081500Z-4f2a9c" })
	c := fakeCluster(t, `s/with_quorum="true"/with_quorum="false"/`, "")
	if made, err := j.Run(t.Context()); made != nil || !errors.Is(err, pacemaker.ErrNoQuorum) || c.has(t, "lock") {
		t.Errorf("no quorum: %v, %v", made, err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "crm_mon"), []byte("#!/bin/sh\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if made, err := j.Run(ctx); made != nil || err == nil || !strings.Contains(err.Error(), "lock the cluster: read the cluster's state") || !Elsewhere(err) {
		t.Errorf("crm_mon hangs: %v, %v", made, err)
	}
	if l := left(t, j.o.Destination); len(l) != 0 {
		t.Errorf("left: %q", l)
	}
}

// A host that never had Pacemaker has no lock, and says so.
func TestWithoutPacemakerTheMissingLockIsAWarning(t *testing.T) {
	if pacemaker.Present() {
		t.Skip("needs a machine without Pacemaker")
	}
	s := shared(t)
	made, err := s.job(t, func(o *Options) { o.Job = "20261123T081500Z-4f2a9c" }).Run(t.Context())
	if err != nil || !strings.Contains(strings.Join(made.Manifest.Warnings, "\n"), "no lock keeps another controller from being backed up") {
		t.Errorf("%v, %v", made, err)
	}
}

// An undo frees the lock of its own job on its own node only, and keeps in mind what it could not free.
func TestTheLockOfAKilledJobIsFreed(t *testing.T) {
	c := fakeCluster(t, "", "")
	const uuid, mine, theirs = "0bf81e81-e6a9-11f1-aab7-6f76032d5070", "20261123T081500Z-4f2a9c", "20261123T080000Z-000001"
	a := apart{Journal: filepath.Join(t.TempDir(), "journal")}
	for name, l := range map[string]pacemaker.Lock{
		"its own":         {Holder: "controller-1", Job: mine},
		"of another job":  {Holder: "controller-1", Job: theirs},
		"of another node": {Holder: "controller-0", Job: mine},
	} {
		a.note(t, lockEffect, lockUndo{Cluster: uuid, Job: mine, Holder: "controller-1"})
		l.Cluster, l.Since, l.Expires = uuid, 1, 2
		c.hold(t, l)
		done, err := a.undo(t)
		if err != nil || len(done) != 1 || len(a.open(t)) != 0 || c.has(t, "lock") != (name != "its own") {
			t.Errorf("%s: %+v, %v, open %q, locked %t", name, done, err, a.open(t), c.has(t, "lock"))
		}
		_ = os.Remove(filepath.Join(c.dir, "lock"))
	}
	if err := os.WriteFile(filepath.Join(c.dir, "cibadmin"), []byte("#!/bin/sh\necho 'Transport endpoint is not connected' >&2; exit 102\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	freeing := freeTimeout
	freeTimeout = time.Second
	t.Cleanup(func() { freeTimeout = freeing })
	a.note(t, lockEffect, lockUndo{Cluster: uuid, Job: mine, Holder: "controller-1"})
	done, err := a.undo(t)
	if err == nil || !strings.Contains(err.Error(), "state: recovered on this host frees it") || len(done) != 0 || len(a.open(t)) != 1 {
		t.Errorf("without Pacemaker: %+v, %v, open %q", done, err, a.open(t))
	}
}

// A node that was cut off may free the lock in a copy of the configuration that the others' replaces right after.
func TestALockThatComesBackIsFreedAgain(t *testing.T) {
	c := fakeCluster(t, "", "")
	l := pacemaker.Lock{Cluster: "0bf81e81-e6a9-11f1-aab7-6f76032d5070", Holder: "controller-1", Job: "20261123T081500Z-4f2a9c", Since: 1, Expires: 2}
	c.hold(t, l)
	cibadmin := filepath.Join(c.dir, "cibadmin")
	if err := os.Rename(cibadmin, cibadmin+".real"); err != nil {
		t.Fatal(err)
	}
	// The first call fails, the first deletion is undone before the second look.
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
	if err := (lockUndo{Cluster: l.Cluster, Job: l.Job, Holder: l.Holder}).free(); err != nil || !c.has(t, "back") || c.has(t, "lock") {
		t.Errorf("%v, came back %t, held %t", err, c.has(t, "back"), c.has(t, "lock"))
	}
}
