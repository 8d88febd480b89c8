// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// cameAgain is the evidence of the job, and seenOnce that of a list of sessions which happens to show the client.
var (
	cameAgain = regexp.MustCompile(`serves clients now: \d+ logins in \d+ s that are no health checks: openstack`)
	seenOnce  = regexp.MustCompile(`1 of openstack from |1 client session \(openstack from `)
)

// TestTrickle has a client that connects to a standby for 100 ms, again and again, past HAProxy.
func TestTrickle(t *testing.T) {
	l := fresh(t)
	l.run("load", "start")
	l.count("ON")
	t.Cleanup(func() { lab{t}.count("OFF") })
	for _, test := range []struct {
		name string
		run  func(lab)
	}{
		{"nobody comes", lab.countsNobody},
		{"it comes during a backup", lab.stopsForATrickle},
		{"it came before the job", lab.refusesATrickle},
		{"it came before the playbook", lab.goesToTheOther},
		{"nothing counts logins", lab.claimsNothing},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := lab{t}
			l.forgetSets()
			test.run(l)
		})
	}
}

// count switches userstat of all controllers.
func (l lab) count(switched string) {
	l.t.Helper()
	for _, n := range names(3) {
		l.sql(n, "SET GLOBAL userstat="+switched)
	}
}

// trickle begins to connect to a controller for 100 ms at a time, and ends with the test or when its result is called.
func (l lab) trickle(controller string, every time.Duration) (end func()) {
	l.t.Helper()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = "openstack", "lab-openstack", "tcp", address(controller)+":3306"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	visit := func(ctx context.Context) error {
		db := sql.OpenDB(connector)
		defer db.Close()
		_, err := db.ExecContext(ctx, "DO SLEEP(0.1)")
		return err
	}
	if err := visit(l.t.Context()); err != nil {
		l.t.Fatalf("a client cannot come: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := visit(ctx); err != nil && ctx.Err() == nil {
				l.t.Errorf("the client that comes and goes: %v", err)
			}
		}
	}()
	end = func() { cancel(); <-ended }
	l.t.Cleanup(end)
	return end
}

// countsNobody makes a backup beside health checks, the resource agent, facts and the guard, none of which is a client.
func (l lab) countsNobody() {
	from := time.Now().Unix()
	out, path, m := l.backup(nil)
	to := time.Now().Unix()
	if strings.Contains(out, "logins in ") {
		l.t.Errorf("somebody was seen:\n%s", out)
	}
	if kept := l.on(m.Controller, "cat "+path+"/manifest.json"); !regexp.MustCompile(`"counter": *"userstat"`).
		MatchString(kept) {
		l.t.Errorf("the decision has no logins:\n%s", kept)
	}
	l.clientsSawNothing(from, to)
}

// stopsForATrickle lets the client come when the tool reads. The tool is stopped meanwhile, so that it does not end.
func (l lab) stopsForATrickle() {
	victim := l.standbys(3)[0]
	others := slices.DeleteFunc(names(3), func(n string) bool { return n == victim })
	ended := make(chan string, 1)
	go func() {
		text, err := lab{l.t}.play("playbooks/backup.yml", map[string]any{"controller_backup_method": "physical",
			"controller_backup_exclude": inventory(others...), "controller_backup_retries": 0})
		ended <- fmt.Sprintf("%v\n%s", err, text)
	}()
	l.until("the tool reads", time.Minute, func() bool { return l.stopTool(victim) })
	l.t.Cleanup(func() { l.continueTool(victim) })
	came := time.Now()
	end := l.trickle(victim, 5*time.Second)
	l.until("the guard has stopped the backup", 40*time.Second, func() bool {
		return l.on(victim, "pgrep "+backupTool+" || true") == ""
	})
	took := time.Since(came)
	end()
	text := unwrapped(<-ended)
	if !strings.Contains(text, "the guard stopped the backup (clients, ") ||
		!regexp.MustCompile(`\d logins of openstack within \d+ s`).MatchString(text) {
		l.t.Errorf("the guard does not say who came:\n%s", text)
	}
	if l.t.Logf("stopped after %.1f s", took.Seconds()); took > 20*time.Second {
		l.t.Errorf("it took %s", took)
	}
	l.nothingIsLeft(victim)
	if sets := l.sets(); strings.Contains(sets, "manifest") {
		l.t.Errorf("there is a set:\n%s", sets)
	}
}

// refusesATrickle gives the job a decision that is 12 s old.
func (l lab) refusesATrickle() {
	folder := l.t.TempDir()
	file, book := filepath.Join(folder, "decision.json"), filepath.Join(folder, "job.yml")
	l.write(book, `---
- hosts: "{{ victim }}"
  gather_facts: false
  become: true
  tasks:
    - overcloud.backup.galera_backup:
        destination: `+destination+`
        decision: "{{ lookup('file', decision_file) | from_json }}"
        ignore_users: [clustercheck, haproxy]
`)
	if out, err := l.play("tests/integration/decide.yml", map[string]any{"decision_file": file}); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	var d decision
	if raw, err := os.ReadFile(file); err != nil || json.Unmarshal(raw, &d) != nil || d.Chosen == "" {
		l.t.Fatalf("no decision was made: %v\n%s", err, raw)
	}
	d.rename()
	victim := d.Chosen
	end := l.trickle(victim, 5*time.Second)
	time.Sleep(12 * time.Second)
	out, err := l.ansible(filepath.Join(root, "build/collections"), "ansible-playbook", "-i", l.run("inventory"), book,
		"-e", "decision_file="+file, "-e", "victim="+inventory(victim)[0])
	end()
	text := unwrapped(out)
	if err == nil || !cameAgain.MatchString(text) && !seenOnce.MatchString(text) {
		l.t.Fatalf("%v: not refused because of the client:\n%s", err, out)
	}
	l.t.Logf("%s%s", cameAgain.FindString(text), seenOnce.FindString(text))
	for _, want := range []string{`"elsewhere": true`, `"passes": true`} {
		if !strings.Contains(out, want) {
			l.t.Errorf("the result lacks %q:\n%s", want, out)
		}
	}
	l.nothingIsLeft(victim)
	if sets := l.sets(); strings.Contains(sets, "manifest") {
		l.t.Errorf("there is a set:\n%s", sets)
	}
}

// goesToTheOther has a client that comes often enough to be there between the facts and the job.
func (l lab) goesToTheOther() {
	victim := l.decide(nil).Chosen
	l.trickle(victim, 2*time.Second)
	from := time.Now().Unix()
	out, _, m := l.backup(nil)
	to := time.Now().Unix()
	text := unwrapped(out)
	if m.Controller == victim || m.Controller == l.serving() {
		l.t.Errorf("%s was backed up, and a client uses %s:\n%s", m.Controller, victim, out)
	}
	if !cameAgain.MatchString(text) && !seenOnce.MatchString(text) {
		l.t.Errorf("it does not say why %s was not:\n%s", victim, out)
	}
	l.clientsSawNothing(from, to)
}

// claimsNothing backs up a controller of which nothing tells that a client comes and goes.
func (l lab) claimsNothing() {
	l.count("OFF")
	for _, n := range names(3) {
		if on := l.sql(n, "SELECT @@userstat + @@performance_schema"); on != "0" {
			l.t.Fatalf("something counts on %s: %s", n, on)
		}
	}
	l.trickle(l.decide(nil).Chosen, 5*time.Second)
	from := time.Now().Unix()
	out, _, _ := l.backup(nil)
	to := time.Now().Unix()
	if strings.Contains(out, "logins in ") {
		l.t.Errorf("logins are claimed:\n%s", out)
	}
	l.clientsSawNothing(from, to)
}
