// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const destination = "/var/backups/overcloud"

// manifest is the part of a set's manifest that the tests read.
type manifest struct {
	Controller string `json:"controller"`
	Method     string `json:"method"`
	Position   struct {
		UUID  string `json:"uuid"`
		Seqno int64  `json:"seqno"`
	} `json:"position"`
	Decision struct {
		Chosen string   `json:"chosen"`
		Active []string `json:"active"`
	} `json:"decision"`
}

// backup runs playbooks/backup.yml and returns its output, the set's path and its manifest.
func (l lab) backup(vars map[string]any, args ...string) (string, string, manifest) {
	l.t.Helper()
	out, err := l.play("playbooks/backup.yml", vars, args...)
	if err != nil {
		l.t.Fatalf("backup: %v\n%s", err, out)
	}
	path := regexp.MustCompile(destination + `/[^\s"',]+_(physical|logical)_controller-\d`).FindString(out)
	if path == "" {
		l.t.Fatalf("the output does not say where the set lies:\n%s", out)
	}
	controller := path[strings.LastIndexByte(path, '_')+1:]
	var m manifest
	if err := json.Unmarshal([]byte(l.on(controller, "cat "+path+"/manifest.json")), &m); err != nil {
		l.t.Fatal(err)
	}
	return out, path, m
}

// sets lists the destination on every controller.
func (l lab) sets() string {
	l.t.Helper()
	var all strings.Builder
	for _, n := range names(3) {
		all.WriteString(l.on(n, "find "+destination+" -mindepth 1 2>/dev/null | sort || true"))
	}
	return all.String()
}

// pristine reports that nothing has touched the lab since it was last reset.
var pristine bool

// reset restores the freshly formed state of the lab.
func (l lab) reset() {
	l.t.Helper()
	l.run("reset")
	pristine = true
}

// borrow returns the lab in the tested shape, healthy, and resets it when the test ends.
func borrow(t *testing.T) lab {
	t.Helper()
	l := lab{t}
	if !pristine {
		l.up()
		l.reset()
	}
	pristine = false
	t.Cleanup(func() { lab{t}.reset() })
	return l
}

// fresh returns the lab, healthy, with no set on it.
func fresh(t *testing.T) lab {
	t.Helper()
	l := borrow(t)
	l.forgetSets()
	return l
}

func (l lab) forgetSets() {
	l.t.Helper()
	for _, n := range names(3) {
		l.on(n, "rm -rf "+destination)
	}
}

// TestBackupUnderLoad runs the playbook without a variable, in either shape.
func TestBackupUnderLoad(t *testing.T) {
	l := fresh(t)
	l.run("load", "start")
	serving := l.serving()
	l.until("there is something to lose", time.Minute, func() bool { return l.clients(0, 0).Acknowledged > 200 })
	before := l.clients(0, 0).Acknowledged
	from := time.Now().Unix()
	out, path, m := l.backup(nil)
	to := time.Now().Unix()
	t.Logf("\n%s", out)
	if m.Controller == serving || m.Decision.Chosen != inventory(m.Controller)[0] || len(m.Decision.Active) != 1 ||
		m.Decision.Active[0] != inventory(serving)[0] {
		t.Errorf("%s serves; the manifest says %+v", serving, m)
	}
	if m.Position.Seqno <= 0 || len(m.Position.UUID) != 36 {
		t.Errorf("position is %+v", m.Position)
	}
	l.run("load", "stop")
	l.clientsSawNothing(from, to)
	if mode := l.on(m.Controller, fmt.Sprintf("find %s -type f ! -perm 0600 -o -type d ! -perm 0700 -o ! -user root",
		path)); mode != "" {
		t.Errorf("readable by others: %s", mode)
	}
	l.restoredLedgerHasNoGap(m.Controller, path, before)
}

// seen is what the load client recorded.
type seen struct {
	Acknowledged int `json:"acknowledged"`
	Lost         int `json:"lost"`
	Commits      int `json:"commits"` // in the window
	Errors       int `json:"errors"`  // in the window
}

// clients reads the load client's record of a window, in seconds since the epoch; 0 and 0 is all of it.
func (l lab) clients(from, to int64) seen {
	l.t.Helper()
	args := []string{"load", "report", "--json"}
	if to > 0 {
		args = append(args, "--from", fmt.Sprint(from), "--to", fmt.Sprint(to))
	}
	var s seen
	report := l.run(args...)
	if err := json.Unmarshal([]byte(report), &s); err != nil {
		l.t.Fatalf("%v\n%s", err, report)
	}
	return s
}

// clientsSawNothing requires that no client had an error in the window, and that no acknowledged commit is lost.
func (l lab) clientsSawNothing(from, to int64) {
	l.t.Helper()
	if s := l.clients(from, to); s.Errors != 0 || s.Lost != 0 || s.Commits == 0 {
		l.t.Errorf("clients: %+v", s)
	}
}

// TestRestoreByHand compares a server started on the set, by commonly available commands, with the live one.
func TestRestoreByHand(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		t.Run(method, func(t *testing.T) {
			l := fresh(t)
			l.run("load", "start") // so that there is something new to back up
			l.run("load", "stop")
			_, path, m := l.backup(map[string]any{"controller_backup_method": method})
			if m.Method != method {
				t.Fatalf("method is %s", m.Method)
			}
			if live := l.sql(m.Controller, "SHOW STATUS LIKE 'wsrep_last_committed'"); !strings.HasSuffix(live,
				fmt.Sprintf("\t%d", m.Position.Seqno)) {
				t.Fatalf("nobody writes, the set is at %d and the server at %s", m.Position.Seqno, live)
			}
			restored, live := l.restore(m.Controller, path), l.checksums(m.Controller)
			if restored != live {
				t.Errorf("restored:\n%s\nlive:\n%s", restored, live)
			}
			if strings.Count(live, "\n") < 5 {
				t.Fatalf("hardly anything was compared:\n%s", live)
			}
			t.Logf("%s: %d tables alike at %s:%d", path, strings.Count(live, "\n")+1, m.Position.UUID, m.Position.Seqno)
		})
	}
}

// TestPlaybooksUnderLoad runs the playbooks that leave the cluster unchanged, one after the other under one load.
func TestPlaybooksUnderLoad(t *testing.T) {
	fresh(t).run("load", "start")
	for _, c := range []struct {
		name string
		run  func(l lab)
	}{
		{"check mode shows the plan and touches nothing", checkModeShowsThePlanAndTouchesNothing},
		{"nobody idle is a clear failure", nobodyIdleIsAClearFailure},
		{"the role in a play of one's own", roleInAPlayOfOnesOwn},
		{"the installed collection", installedCollection},
		{"desync: always", desyncAlways},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := lab{t}
			l.forgetSets()
			c.run(l)
		})
	}
}

func desyncAlways(l lab) {
	l.t.Helper()
	from := time.Now().Unix()
	out, path, m := l.backup(map[string]any{"controller_backup_desync": "always"})
	if told := l.on(m.Controller, "grep '\"desync\":' "+path+"/manifest.json"); !strings.Contains(told,
		"UP (http://") || !strings.Contains(told, "answers 200)") {
		l.t.Errorf("the health check was not waited for: %s", told)
	}
	if got := l.sql(m.Controller, "SELECT @@wsrep_desync"); got != "0" {
		l.t.Errorf("%s is left desynced\n%s", m.Controller, out)
	}
	if code := l.on(m.Controller, "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | socat -t5 - TCP:"+m.Controller+
		".internalapi.localdomain:9200 | head -n 1"); !strings.Contains(code, "200") {
		l.t.Errorf("the health check says %s", code)
	}
	l.clientsSawNothing(from, time.Now().Unix())
}

func checkModeShowsThePlanAndTouchesNothing(l lab) {
	l.t.Helper()
	out, err := l.play("playbooks/backup.yml", nil, "--check")
	if err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	if left := l.sets(); left != "" {
		l.t.Errorf("check mode left\n%s", left)
	}
	if !strings.Contains(out, destination) || !strings.Contains(out, "physical") {
		l.t.Errorf("no plan:\n%s", out)
	}
}

func nobodyIdleIsAClearFailure(l lab) {
	l.t.Helper()
	out, err := l.play("playbooks/backup.yml", map[string]any{"controller_backup_exclude": inventory(names(3)...)})
	if err == nil {
		l.t.Fatalf("it went on:\n%s", out)
	}
	if !strings.Contains(out, "excluded") || !strings.Contains(out, l.serving()) {
		l.t.Errorf("not said plainly:\n%s", out)
	}
	if left := l.sets(); left != "" {
		l.t.Errorf("a set was left:\n%s", left)
	}
}

// roleInAPlayOfOnesOwn runs the role as README shows it.
func roleInAPlayOfOnesOwn(l lab) {
	l.t.Helper()
	out, err := l.play("tests/integration/own_play.yml", nil)
	if err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	if sets := strings.Count(l.sets(), "manifest.json"); sets != 1 {
		l.t.Errorf("%d sets:\n%s", sets, out)
	}
}

// installedCollection runs status.yml from the tarball, installed in an empty folder.
func installedCollection(l lab) {
	l.t.Helper()
	folder := l.t.TempDir()
	tarballs, err := filepath.Glob(filepath.Join(root, "build/dist/overcloud-backup-*.tar.gz"))
	if err != nil || len(tarballs) != 1 {
		l.t.Fatalf("make dist first: %v %v", tarballs, err)
	}
	out, err := l.ansible(folder, "ansible-galaxy", "collection", "install", "--offline", "-p", folder, tarballs[0])
	if err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	out, err = l.ansible(folder, "ansible-playbook", "-i", l.run("inventory"), "overcloud.backup.status")
	if err != nil || !strings.Contains(out, l.serving()) {
		l.t.Fatalf("%v\n%s", err, out)
	}
	l.t.Logf("\n%s", out)
}
