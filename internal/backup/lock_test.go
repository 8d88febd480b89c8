// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
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

func TestTheClusterIsLockedWhileABackupRuns(t *testing.T) {
	s := shared(t)
	path := filepath.Join(t.TempDir(), "journal")
	c := node.FakeCluster(t, "", path)
	notes, err := journal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	for name, tool := range map[string]string{
		"well": `[ -e ` + c.Dir + `/lock ] && exec /usr/bin/mariadb-backup "$@"`,
		"ill":  `[ -e ` + c.Dir + `/lock ] && touch ` + c.Dir + `/seen; exit 3`,
	} {
		j := s.job(t, func(o *Options) { o.Job, o.Journal = "20261123T081500Z-4f2a9c", notes })
		j.tool.Path, j.tool.Folders = fake(t, tool), []string{c.Dir}
		if made, err := j.Run(t.Context()); (made == nil) != (name == "ill") || (err != nil) != (name == "ill") {
			t.Errorf("%s: %v, %v", name, made, err)
		}
		if c.Has(t, "lock") || c.Has(t, "unnoted") {
			t.Errorf("%s: locked afterwards %t, not noted before %t", name, c.Has(t, "lock"), c.Has(t, "unnoted"))
		}
	}
	if entries, err := journal.Read(path); len(entries) != 0 || err != nil || !c.Has(t, "seen") {
		t.Errorf("open: %v, %v; seen while it ran: %t", entries, err, c.Has(t, "seen"))
	}
}

// A held lock is broken only with evidence that its holder cannot release it.
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
		"of a node that is there": {"", "controller-0", -time.Hour, never, "",
			"galera_backup with state: recovered there frees the lock"},
		"of a node that is away, but not for long": {away, "controller-0", time.Hour, never, "",
			"its job may go on for another "},
		"of a node that is away, and expired": {away, "controller-0", -time.Minute, never,
			"controller-0 is not in the cluster any more", ""},
		"of a node that the cluster does not know": {"", "controller-9", -time.Minute, never,
			"controller-9 is not in the cluster any more", ""},
		"of a remote node that is there": {`/<node name="controller-0"/s/type="member"/type="remote"/`,
			"controller-0", -time.Hour, never, "", "wait for its end"},
		"of this node, whose job runs": {"", "controller-1", -time.Hour, runs, "",
			"it runs on this node"},
		"of this node, whose job does not run": {"", "controller-1", time.Hour, never,
			"no such job runs on this node any more", ""},
		"of this node, whose jobs are not known": {"", "controller-1", -time.Hour, nil, "", "is not known"},
		"of this node, which does not say what it runs": {"", "controller-1", -time.Hour, unknown, "",
			"could not be found out: no systemd"},
		"of a node that is there, and expired by this node's clock": {"", "controller-2", -24 * time.Hour, never, "",
			"wait for its end"},
	} {
		t.Run(name, func(t *testing.T) {
			c := node.FakeCluster(t, tt.status, "")
			j := s.job(t, func(o *Options) { o.Job, o.Running = "20261123T081500Z-4f2a9c", tt.running })
			since := seconds(time.Now().Add(-30 * time.Minute))
			c.Hold(t, cib.Lock{Cluster: j.plan.Cluster.UUID, Holder: tt.holder, Job: theirs, Since: since,
				Expires: seconds(time.Now().Add(tt.expires))})
			made, err := j.Run(t.Context())
			if tt.why != "" {
				named := err != nil && strings.Contains(err.Error(),
					"is held by "+tt.holder+", job "+theirs+", since 20") &&
					strings.Contains(err.Error(), "held for 30m")
				if made != nil || !named || !strings.Contains(err.Error(), tt.why) || TryAnother(err) ||
					!c.Has(t, "lock") || len(left(t, j.o.Destination)) != 0 {
					t.Errorf("got %v, %v; want %q", made, err, tt.why)
				}
				return
			}
			if err != nil || !strings.Contains(strings.Join(made.Manifest.Warnings, "\n"), tt.evidence) ||
				c.Has(t, "lock") {
				t.Errorf("%v; it is there: %t", err, c.Has(t, "lock"))
			}
		})
	}
}

func TestWithoutQuorumOrAnAnswerNothingIsLocked(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Job = "20261123T081500Z-4f2a9c" })
	c := node.FakeCluster(t, `s/with_quorum="true"/with_quorum="false"/`, "")
	if made, err := j.Run(t.Context()); made != nil || !errors.Is(err, clusterlock.ErrNoQuorum) || c.Has(t, "lock") {
		t.Errorf("no quorum: %v, %v", made, err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "crm_mon"), []byte("#!/bin/sh\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if made, err := j.Run(ctx); made != nil || err == nil ||
		!strings.Contains(err.Error(), "lock the cluster: read the cluster's state") || !TryAnother(err) {
		t.Errorf("crm_mon hangs: %v, %v", made, err)
	}
	if l := left(t, j.o.Destination); len(l) != 0 {
		t.Errorf("left: %q", l)
	}
}

// A host that never had Pacemaker has no lock, and reports that.
func TestWithoutPacemakerTheMissingLockIsAWarning(t *testing.T) {
	if pacemaker.Present() {
		t.Skip("needs a machine without Pacemaker")
	}
	s := shared(t)
	made, err := s.job(t, func(o *Options) { o.Job = "20261123T081500Z-4f2a9c" }).Run(t.Context())
	if err != nil || !strings.Contains(strings.Join(made.Manifest.Warnings, "\n"),
		"no lock keeps another controller from being backed up") {
		t.Errorf("%v, %v", made, err)
	}
}
