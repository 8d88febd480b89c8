// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// loss is a way in which one of three controllers is away.
type loss struct {
	name   string
	leave  func(l lab, out string)
	back   func(l lab, out string)
	member bool // its server runs on as a member
}

var losses = []loss{
	{"its database is stopped", func(l lab, out string) {
		l.on(out, "crm_resource --ban --resource "+galeraResource+" --node "+out)
	}, nil, false},
	{"no power", func(l lab, out string) { l.run("machine", "kill", number(out)) }, nil, false},
	{"standby", func(l lab, out string) {
		l.on(out, "crm_attribute --node "+out+" --name standby --update on")
	}, func(l lab, out string) {
		l.on(out, "crm_attribute --node "+out+" --name standby --delete")
	}, false},
	{"maintenance", func(l lab, out string) {
		l.on(out, "crm_attribute --node "+out+" --name maintenance --update true")
	}, func(l lab, out string) {
		l.on(out, "crm_attribute --node "+out+" --name maintenance --delete")
	}, true},
}

// Who is lost: a standby, or the one that serves, of which a standby takes the clients.
const (
	firstStandby  = "the first standby"
	secondStandby = "the second standby"
	activeOne     = "the active one"
)

// lose takes a controller away, and returns one that is left and idle.
func (l lab) lose(how loss, who string) (left, out string) {
	l.t.Helper()
	out, left = l.spare()
	switch who {
	case secondStandby:
		out, left = left, out
	case activeOne:
		out = l.serving()
	}
	how.leave(l, out)
	l.settle(left, how.member)
	if left = l.idle(out); left == "" {
		l.t.Fatalf("nobody is idle besides %s", out)
	}
	return left, out
}

// settle waits until the rest of the cluster has noticed, and clients commit again.
func (l lab) settle(on string, member bool) {
	l.t.Helper()
	if !member {
		l.until("the Galera cluster has two members", 90*time.Second, func() bool {
			out, err := l.try("sql", number(on), "SHOW STATUS LIKE 'wsrep_cluster_size'")
			return err == nil && strings.HasSuffix(strings.TrimSpace(out), "\t2")
		})
	}
	l.on(on, "crm_resource --wait --timeout=90")
	l.run("load", "start")
	time.Sleep(6 * time.Second) // the statistics of a HAProxy count from an uptime of 5 s on
}

// idle returns the controller that is neither away nor serves: the VIP may have moved, and the clients with it.
func (l lab) idle(out string) string {
	serving := l.serving()
	for _, n := range names(3) {
		if n != out && n != serving {
			return n
		}
	}
	return ""
}

// named are the messages of a backup that ended because of a dead server.
var named = regexp.MustCompile("the guard stopped the backup|the database server ended")

var setPath = regexp.MustCompile(destination + `/[^\s"',]+_(?:physical|logical)_controller-\d`)

// whoIsLost returns whom a loss takes away: each of the three in turn, and all of them in make test-all. An active one
// in maintenance goes on serving, beside two sound standbys.
func whoIsLost(loss int) []string {
	all := []string{firstStandby, activeOne, secondStandby}
	if losses[loss].member {
		all = []string{firstStandby, secondStandby}
	}
	if os.Getenv("TESTS_ALL") != "" {
		return all
	}
	return all[loss%len(all):][:1]
}

// TestDegraded backs up clusters of which one controller is away: the one that is left idle is backed up, and stays
// the spare.
func TestDegraded(t *testing.T) {
	for i, how := range losses {
		for _, who := range whoIsLost(i) {
			t.Run(how.name+", "+who, func(t *testing.T) { degraded(t, how, who) })
		}
	}
}

func degraded(t *testing.T, how loss, who string) {
	l := fresh(t)
	l.run("load", "start")
	left, out := l.lose(how, who)
	if how.name == "no power" && shape == "bundle" {
		// The inventory calls the host by another name than the cluster its node, and it cannot be asked.
		l.refuses(nil, "cluster_incomplete")
		return
	}
	for _, method := range []string{"physical", "logical"} {
		t.Run(method, func(t *testing.T) { lab{t}.backsUpTheOnlySpare(left, out, method) })
	}
	t.Run("two spares are wanted", func(t *testing.T) {
		lab{t}.refuses(map[string]any{"controller_backup_min_spares": 2}, "last_standby")
	})
	t.Run("desync: always", func(t *testing.T) {
		lab{t}.refuses(map[string]any{"controller_backup_desync": "always"},
			"this node is needed as a spare", "desync: always would take it out of service")
	})
	t.Run("check mode", func(t *testing.T) {
		text, _ := lab{t}.play("playbooks/backup.yml", nil, "--check")
		for _, want := range []string{"stays one: no desync", "wsrep_desync stays OFF"} {
			if !strings.Contains(unwrapped(text), want) {
				t.Errorf("the plan lacks %q:\n%s", want, text)
			}
		}
	})
}

// unwrapped joins the lines of Ansible's output, which breaks long ones, and may show them as a list.
func unwrapped(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(`",`, " ", `"`, " ").Replace(text)), " ")
}

// backsUpTheOnlySpare makes a backup under load. Ansible's exit status also counts hosts that are away.
func (l lab) backsUpTheOnlySpare(left, out, method string) {
	l.t.Helper()
	from := time.Now().Unix()
	text, err := l.play("playbooks/backup.yml", map[string]any{"controller_backup_method": method})
	to := time.Now().Unix()
	path := setPath.FindString(text)
	if path == "" || !strings.HasSuffix(path, "_"+left) {
		l.t.Fatalf("%s was not backed up: %v\n%s", left, err, text)
	}
	if err != nil && !strings.Contains(text, "unreachable=1") {
		l.t.Errorf("%v\n%s", err, text)
	}
	if !strings.Contains(unwrapped(text), left+" was chosen; it is the only spare and stays one: no desync") {
		l.t.Errorf("it does not say that %s stays a spare:\n%s", left, text)
	}
	if told := l.on(left, "grep '\"desync\":' "+path+"/manifest.json"); !strings.Contains(told, "not changed") {
		l.t.Errorf("wsrep_desync was changed: %s", told)
	}
	l.clientsSawNothing(from, to)
	l.nothingIsLeft(left)
	l.t.Logf("%s without %s: %s", left, out, path)
}

// nothingIsLeft checks that a controller has no traces of a backup besides its sets.
func (l lab) nothingIsLeft(controller string) {
	l.t.Helper()
	l.until("nothing is left on "+controller, 20*time.Second, func() bool {
		found := l.on(controller, "systemctl list-units 'overcloud-backup-*' --all --no-legend --plain; "+
			"find "+destination+" -mindepth 2 -name '.*' 2>/dev/null || true; "+
			"cibadmin --query --scope crm_config 2>/dev/null | grep -o 'id=\"overcloud-backup[^\"]*\"' || true")
		return strings.TrimSpace(found) == "" && l.sql(controller, "SELECT @@wsrep_desync") == "0"
	})
}

// refuses requires that nothing is backed up, for these reasons.
func (l lab) refuses(vars map[string]any, because ...string) {
	l.t.Helper()
	before := l.setsOfThoseThere()
	text, err := l.play("playbooks/backup.yml", vars)
	for _, want := range because {
		if err == nil || !strings.Contains(unwrapped(text), want) {
			l.t.Errorf("%v: not refused because of %q:\n%s", err, want, text)
		}
	}
	if after := l.setsOfThoseThere(); after != before {
		l.t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// setsOfThoseThere lists the destinations of the controllers that are there.
func (l lab) setsOfThoseThere() string {
	var all strings.Builder
	for _, n := range names(3) {
		out, err := l.try("ssh", number(n), "find "+destination+" -mindepth 1 2>/dev/null | sort || true")
		if err == nil {
			all.WriteString(out)
		}
	}
	return all.String()
}

// TestTheActiveOneDiesInADegradedCluster kills the server of the active controller while the only spare is backed up,
// and once more without a backup: the spare takes the clients as soon with as without. If the third is no member,
// Galera may find some seconds later that the majority is lost; Pacemaker then stops what is left, and its agent waits
// for the report of the third before it bootstraps, with a backup or without one: an operator has to bring it back.
func TestTheActiveOneDiesInADegradedCluster(t *testing.T) {
	for _, how := range []loss{losses[2], losses[3]} {
		t.Run(how.name, func(t *testing.T) {
			without := outage(t, how, false)
			with := outage(t, how, true)
			t.Logf("%s: without service for %.1f s with a backup, for %.1f s without one", how.name, with.Seconds(),
				without.Seconds())
			if with > without+6*time.Second {
				t.Errorf("without service for %s with a backup, for %s without one", with, without)
			}
		})
	}
}

// clientWrite is a statement that the clients' account may run, any number of times.
const clientWrite = "REPLACE INTO lab_load.degraded VALUES (1)"

// outage returns for how long nobody could write through the VIP after the active server was killed.
func outage(t *testing.T, how loss, backup bool) (took time.Duration) {
	t.Run(fmt.Sprintf("backup: %t", backup), func(t *testing.T) {
		l := fresh(t)
		l.run("load", "start")
		left, out := l.lose(how, firstStandby)
		active := l.serving()
		l.run("sql", "vip", "CREATE TABLE IF NOT EXISTS lab_load.degraded (id INT PRIMARY KEY)")
		ended := make(chan string, 1)
		if backup {
			go func() {
				text, err := lab{t}.play("playbooks/backup.yml", map[string]any{"controller_backup_retries": 0})
				ended <- fmt.Sprintf("%v\n%s", err, text)
			}()
			l.until("the tool reads", time.Minute, func() bool { return l.stopTool(left) })
			t.Cleanup(func() { lab{t}.continueTool(left) })
		}
		if _, err := l.try("sql", "vip", clientWrite); err != nil {
			t.Fatalf("a client cannot write before anything died: %v", err)
		}
		killed := time.Now()
		l.on(active, "pkill -KILL -x 'mariadbd|mysqld'")
		l.until("clients are served again", 8*time.Minute, func() bool {
			_, err := l.try("sql", "vip", clientWrite)
			return err == nil
		})
		took = time.Since(killed)
		time.Sleep(20 * time.Second)
		_, err := l.try("sql", "vip", clientWrite)
		t.Logf("%s: clients are served again after %.1f s, and 20 s later: %t", how.name, took.Seconds(), err == nil)
		if backup {
			l.continueTool(left)
			text := <-ended
			if path := setPath.FindString(text); path == "" && !named.MatchString(unwrapped(text)) {
				t.Errorf("the cause is not named:\n%s", text)
			}
		}
		how.back(l, out)
		l.run("wait")
		l.nothingIsLeft(left)
		l.run("load", "stop")
		if s := l.clients(0, 0); s.Lost > 0 {
			t.Errorf("acknowledged commits are lost: %+v", s)
		}
	})
	return took
}

// backupTool selects the running tool for pkill, but not when it is only asked for its version.
const backupTool = "-f '^[^ ]*(mariadb-backup|mariabackup) .*--backup'"

// stopTool reports whether the tool runs, and stops it: it must not end before the fault. It reads
// nothing then, and holds no lock.
func (l lab) stopTool(controller string) bool {
	return l.on(controller, "pkill -STOP "+backupTool+" && echo stopped || true") != ""
}

func (l lab) continueTool(controller string) { l.on(controller, "pkill -CONT "+backupTool+" || true") }
