// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/node"
)

const otherInStandby = `/<node name="controller-2"/s/standby="false"/standby="true"/`

// The job counts by itself who can take over. Only if the others are too few without it, the node stays in service; a
// decision may ask for that, and cannot release it.
func TestTheJobCountsItsOwnNodeAsASpare(t *testing.T) {
	three, two := galera.Wsrep{ClusterSize: 3}, galera.Wsrep{ClusterSize: 2}
	for name, tt := range map[string]struct {
		w      galera.Wsrep
		status string
		job    Job
		stays  bool
		want   string
	}{
		"three":       {three, "", Job{o: Options{MinSpares: 1}}, false, ""},
		"two members": {two, "", Job{o: Options{MinSpares: 1}}, true, ""},
		"an arbitrator": {galera.Wsrep{ClusterSize: 3, Arbitrators: 1}, "", Job{o: Options{MinSpares: 1}}, true,
			""},
		"two promoted": {three, otherInStandby, Job{o: Options{MinSpares: 1}}, true, ""},
		"two spares":   {three, "", Job{o: Options{MinSpares: 2}}, true, ""},
		"three spares": {three, "", Job{o: Options{MinSpares: 3}}, false,
			"the Galera cluster has 2 other members, and must have 3"},
		"one is promoted": {three, otherInStandby, Job{o: Options{MinSpares: 2}}, false,
			"promoted on controller-0 in addition"},
		"none is wanted": {two, otherInStandby, Job{decided: true}, false, ""},
		"it serves": {two, "", Job{serves: true, o: Options{MinSpares: 1,
			Allowed: guard.Allowed{AllowClients: true}}}, false, ""},
		"the decision sees": {three, "", Job{decided: true, o: Options{MinSpares: 1}}, true, ""},
		"it was needed":     {three, "", Job{stays: true, o: Options{MinSpares: 1}}, true, ""},
		"desync: always": {two, "", Job{o: Options{MinSpares: 1, Desync: DesyncAlways}}, true,
			"this node is needed as a spare (the Galera cluster has 1 other member, and must have 2), and desync:" +
				" always would take it out of service: set desync: auto, bring the other"},
		"desync: always, by a decision": {three, "", Job{decided: true, o: Options{MinSpares: 1,
			Desync: DesyncAlways}}, true,
			"needed as a spare (the decision found too few other spares), and desync: always would"},
		"desync: always, and no spare is wanted": {two, "", Job{o: Options{Desync: DesyncAlways}}, false, ""},
		"a read lock": {two, "", Job{o: Options{MinSpares: 1, Desync: DesyncAuto},
			tool: tool.Tool{Method: tool.Physical, Path: "/usr/bin/mariabackup"}}, true,
			"and /usr/bin/mariabackup of a server before 10.4 keeps it from writing while it copies"},
		"a dump of such a server": {two, "", Job{o: Options{MinSpares: 1, Desync: DesyncAuto},
			tool: tool.Tool{Method: tool.Logical}}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			node.FakeCluster(t, tt.status, "")
			j := tt.job
			j.server.Version = "10.3.39-MariaDB"
			err := j.spares(t.Context(), tt.w)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if tt.stays && err == nil && !tt.job.stays && j.few == "" {
				t.Error("it does not say why it stays")
			}
			if j.stays != tt.stays || err == nil && tt.stays && (j.o.Desync != DesyncNever || !j.plan.Stays) {
				t.Errorf("stays: %t, desync %s, plan %+v", j.stays, j.o.Desync, j.plan)
			}
		})
	}
}

func TestThePlanSaysThatTheNodeStaysInService(t *testing.T) {
	j := &Job{stays: true, few: "the others", members: 2}
	j.o.MaxCommitStall = time.Second
	plan := strings.Join(j.steps(), "; ")
	for _, want := range []string{"wsrep_desync stays OFF", "committing for longer than 500ms", "has two members",
		"needed as a spare (the others): ",
		"with or without a backup"} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan lacks %q: %s", want, plan)
		}
	}
	j.members, j.o.MaxCommitStall = 3, 200*time.Millisecond
	if plan = strings.Join(j.steps(), "; "); strings.Contains(plan, "two members") || !strings.Contains(plan, "200ms") {
		t.Errorf("the plan is %s", plan)
	}
	j.o.MaxCommitStall, j.o.AllowClients = 0, true
	plan = strings.Join(j.steps(), "; ")
	if !strings.Contains(plan, "500ms") || strings.Contains(plan, "clients come") {
		t.Errorf("without a limit of its own, and with clients, the plan is %s", plan)
	}
	j.stays = false
	if plan = strings.Join(j.steps(), "; "); strings.Contains(plan, "spare") {
		t.Errorf("the plan is %s", plan)
	}
}

// Tools before 10.8 copy what is not InnoDB while commits wait.
func TestASpareIsNotLockedForLong(t *testing.T) {
	datadir := t.TempDir()
	for n := range 3000 {
		if err := os.WriteFile(filepath.Join(datadir, fmt.Sprintf("t%d.frm", n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old, recent := "10.5.29-MariaDB", "10.11.19-MariaDB"
	for name, tt := range map[string]struct {
		stays   bool
		method  tool.Method
		version string
		stall   time.Duration
		want    string
	}{
		"needed":       {true, tool.Physical, old, time.Second, "copies 3000 files that are not InnoDB"},
		"not needed":   {false, tool.Physical, old, time.Second, ""},
		"a dump":       {true, tool.Logical, old, time.Second, ""},
		"a later tool": {true, tool.Physical, recent, time.Second, ""},
		"no limit":     {true, tool.Physical, old, 0, "max_commit_stall is 500ms then"},
	} {
		t.Run(name, func(t *testing.T) {
			j := &Job{stays: tt.stays, tool: tool.Tool{Method: tt.method, Path: "mariabackup"},
				o: Options{Allowed: guard.Allowed{MaxCommitStall: tt.stall}}}
			j.server.Version, j.server.Datadir = tt.version, datadir
			err := j.checkLocks(t.Context(), nil)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// An operator's larger max_commit_stall is not silently lowered.
func TestALargerStallOfASpareIsAWarning(t *testing.T) {
	for stall, want := range map[time.Duration]string{
		10 * time.Second:       "max_commit_stall is 500ms instead of 10s",
		800 * time.Millisecond: "max_commit_stall is 500ms instead of 800ms",
		0:                      "max_commit_stall is 500ms instead of 0s",
		time.Second:            "", 500 * time.Millisecond: "", 200 * time.Millisecond: "",
	} {
		j := &Job{stays: true, tool: tool.Tool{Method: tool.Physical},
			o: Options{Allowed: guard.Allowed{MaxCommitStall: stall}}}
		j.server.Version = "10.11.19-MariaDB"
		if err := j.checkLocks(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if said := strings.Join(j.plan.Warnings, "; "); (said == "") != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%s: %q", stall, said)
		}
	}
}

// The plan was made before the node became needed as a spare.
func TestALargerStallOfALateSpareIsAWarningInTheSet(t *testing.T) {
	j := &Job{stays: true, tool: tool.Tool{Method: tool.Physical},
		o: Options{Allowed: guard.Allowed{MaxCommitStall: 10 * time.Second}}}
	j.server.Version, j.plan.Warnings = "10.11.19-MariaDB", []string{"an earlier one"}
	r := &running{Job: j, manifest: &repository.Manifest{Warnings: []string{"an earlier one"}}}
	if err := r.checkLocksLate(t.Context(), nil); err != nil || len(r.manifest.Warnings) != 2 ||
		r.manifest.Warnings[1] != "max_commit_stall is 500ms instead of 10s, because this node is needed as a spare" {
		t.Errorf("%v, %q", err, r.manifest.Warnings)
	}
}

// A real server whose tool holds its last locks for longer than a spare may be away.
func TestTheToolOfASpareIsStoppedSooner(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.MaxCommitStall = 30 * time.Second })
	j.stays = true
	j.tool.Path = fake(t, `echo "[00] 2026-11-22 19:09:57 Started BACKUP STAGE BLOCK_DDL" >&2; sleep 20`)
	begun := time.Now()
	_, err := j.Run(t.Context())
	var b *guard.Breach
	if !errors.As(err, &b) || b.Rule != "commit_stall" || time.Since(begun) > 15*time.Second ||
		!strings.Contains(b.Message, "while this node is needed as a spare") {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
	if l := left(t, j.o.Destination); len(l) != 0 {
		t.Errorf("left: %q", l)
	}
}

// A node that has clients, and may have them, is no spare of its own; one that only might have them is.
func TestANodeThatServesIsNoSpare(t *testing.T) {
	s := shared(t)
	create := "CREATE USER IF NOT EXISTS glance@localhost; GRANT USAGE ON *.* TO glance@localhost"
	if _, err := s.SQL(create); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = s.SQL("KILL HARD USER glance@localhost; DROP USER glance@localhost; DO SLEEP(0.5)")
	})
	j := s.job(t, func(o *Options) { o.AllowClients = true })
	c := s.Client(t)
	if _, err := j.recheck(t.Context(), c); err != nil || j.serves {
		t.Errorf("nobody is connected: serves: %t, %v", j.serves, err)
	}
	client := exec.Command("mariadb", "--no-defaults", "--socket="+s.Socket, "-uglance", "-e", "SELECT SLEEP(20)")
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Process.Kill(); _ = client.Wait() })
	until := time.Now().Add(10 * time.Second)
	for ; !j.serves && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if _, err := j.recheck(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	j.o.MinSpares = 1
	if n := j.needed(); !j.serves || n.Without != 1 || n.With != 1 {
		t.Errorf("serves: %t, needed %+v", j.serves, n)
	}
}

// The decision may come back from a controller that lies.
func TestADecisionCannotReleaseASpare(t *testing.T) {
	s := shared(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for stays, want := range map[string]bool{"true": true, "false": false, `"yes"`: false, "null": false} {
		o := s.options(t)
		o.Decision = json.RawMessage(fmt.Sprintf(`{"clusters": [{"controllers": [{"name": %q, "verdict": "chosen",
			"stays": %s}]}]}`, host, stays))
		j, err := Prepare(t.Context(), o)
		if err != nil || j.decided != want || j.stays {
			t.Errorf("%s: %v, %+v", stays, err, j)
		}
	}
}
