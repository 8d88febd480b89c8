// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ailment is something that the doctor has to find on a controller that does not serve.
type ailment struct {
	name string
	// arrange makes it, and returns what takes it back.
	arrange func(l lab, out string) (undo func())
	// title is the row that shows it, about that controller, or about the cluster (whole), with status.
	title, status string
	whole         bool
	// seen is part of the row.
	seen string
	vars map[string]any
	args func(t *testing.T, out string) []string
}

var ailments = []ailment{
	{
		name: "mariadb-backup missing", title: "backup tool", status: "FAIL", seen: "mariadb-backup",
		vars:    map[string]any{"controller_backup_method": "physical"},
		arrange: hideTool,
	},
	{
		name: "mariadb-backup missing, method auto", title: "backup tool", status: "warn", seen: "no physical backup",
		arrange: hideTool,
	},
	{
		name: "no room at the destination", title: "space for a backup", status: "FAIL", seen: "too little space",
		arrange: mounted("-t tmpfs -o size=16m,mode=0700 tmpfs"),
	},
	{
		name: "a destination that is read-only", title: "destination", status: "FAIL", seen: "cannot be written to",
		arrange: mounted("-t tmpfs -o size=700m,mode=0700,ro tmpfs"),
	},
	{
		name: "a destination that others can write to", title: "destination", status: "FAIL", seen: "can be written by",
		arrange: mounted("-t tmpfs -o size=700m,mode=0777 tmpfs"),
	},
	{
		name: "a destination that is mounted on one alone", title: "alike", status: "warn", whole: true, seen: "tmpfs",
		arrange: mounted("-t tmpfs -o size=700m,mode=0700 tmpfs"),
	},
	{
		name: "a destination in another one's hands", title: "destination", status: "FAIL", seen: "belongs to user",
		arrange: mounted("-t tmpfs -o size=700m,mode=0700,uid=12345 tmpfs"),
	},
	{
		name: "a stats socket that is gone", title: "HAProxy", status: "warn", seen: "stats socket",
		arrange: func(l lab, out string) func() { return l.moved(out, "/var/lib/haproxy/stats") },
	},
	{
		name: "desync left on", title: "health", status: "FAIL", seen: "[desynced]",
		arrange: func(l lab, out string) func() {
			l.sql(out, "SET GLOBAL wsrep_desync=ON")
			return func() { l.sql(out, "SET GLOBAL wsrep_desync=OFF") }
		},
	},
	{
		name: "a lock that a dead job of this controller holds", title: "jobs", status: "warn", seen: "doctors-test",
		arrange: holdLock,
	},
	{
		name: "a lock that is held", title: "lock", status: "warn", whole: true, seen: "holds the lock",
		arrange: holdLock,
	},
	{
		name: "an unfinished set", title: "sets", status: "warn", seen: "unfinished",
		arrange: func(l lab, out string) func() {
			l.on(out, "mkdir -p -m 0700 "+destination+"/c/.partial-20261123T081500Z_physical_"+out)
			return func() { l.on(out, "rm -rf "+destination) }
		},
	},
	{
		name: "a datadir kept of a restore", title: "leftovers", status: "warn", seen: "aside-doctor",
		arrange: func(l lab, out string) func() {
			l.on(out, "mkdir -m 0700 /var/lib/mysql.aside-doctor")
			return func() { l.on(out, "rmdir /var/lib/mysql.aside-doctor") }
		},
	},
	{
		name: "MariaDB stopped", title: "database account", status: "FAIL", seen: "no server could be reached",
		arrange: func(l lab, out string) func() {
			l.on(out, "crm_resource --ban --resource "+galeraResource+" --node "+out)
			l.awaitIdle()
			return func() {
				l.on(out, "crm_resource --clear --resource "+galeraResource)
				l.run("wait")
			}
		},
	},
	{
		name: "a controller that ssh does not reach", title: "the host answers", status: "UNKNOWN",
		seen:    "it is unreachable",
		arrange: func(lab, string) func() { return func() {} },
		args: func(t *testing.T, out string) []string {
			override := filepath.Join(t.TempDir(), "closed_port.yml")
			content := fmt.Sprintf("Controller:\n  hosts:\n    %s:\n      ansible_port: 1\n", inventory(out)[0])
			if err := os.WriteFile(override, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			return []string{"-i", override}
		},
	},
}

// TestDoctor looks at a healthy lab, then at one ailment after the other: each is a row about the right controller, and
// the doctor changes nothing.
func TestDoctor(t *testing.T) {
	l := fresh(t)
	l.run("load", "start")
	l.decide(nil) // like every first task on a host, it caches the binary there
	t.Run("healthy", func(t *testing.T) {
		l := lab{t}
		for _, args := range [][]string{nil, {"--check"}} {
			out, err := l.doctor(nil, args)
			if err != nil {
				t.Errorf("%v", err)
			}
			if bad := regexp.MustCompile(`(?m)^(FAIL|UNKNOWN) .*`).FindAllString(out, -1); len(bad) > 0 {
				t.Errorf("%q", bad)
			}
			for _, title := range []string{"backup tool", "restore", "verification", "destination", "systemd", "jobs"} {
				if row(out, "ok", title, "") == "" || row(out, "warn", title, "") != "" {
					t.Errorf("%s is not ok everywhere", title)
				}
			}
		}
	})
	out, _ := l.spare()
	for _, a := range ailments {
		t.Run(a.name, func(t *testing.T) {
			l := lab{t}
			undo := a.arrange(l, out)
			t.Cleanup(undo)
			args := []string{}
			if a.args != nil {
				args = a.args(t, out)
			}
			text, err := l.doctor(a.vars, args)
			where := inventory(out)[0]
			if a.whole {
				where = "cluster"
			}
			if got := row(text, a.status, a.title, where); !strings.Contains(got, a.seen) || got == "" {
				t.Errorf("no row %s %s about %s with %q", a.status, a.title, where, a.seen)
			}
			failed := strings.Contains(text, "\nFAIL ") || strings.Contains(text, "\nUNKNOWN ")
			if bad := a.status == "FAIL" || a.status == "UNKNOWN"; bad && !failed || failed != (err != nil) {
				t.Errorf("exit status: %v, rows that failed: %t", err, failed)
			}
		})
	}
	if strict, err := l.doctor(map[string]any{"controller_backup_doctor_strict": true}, nil); err != nil &&
		!strings.Contains(strict, "\nwarn ") {
		t.Error(err)
	}
}

// doctor runs the playbook, checks that it changes nothing on any controller, and returns its output.
func (l lab) doctor(vars map[string]any, args []string) (string, error) {
	l.t.Helper()
	before := l.portrait()
	out, err := l.play("playbooks/doctor.yml", vars, args...)
	l.t.Logf("\n%s", out)
	if after := l.portrait(); after != before {
		l.t.Errorf("something changed:\n%s\n%s", before, after)
	}
	if changed := regexp.MustCompile(`changed=[1-9]`).FindAllString(out, -1); len(changed) > 0 {
		l.t.Errorf("it says so itself: %q", changed)
	}
	return out, err
}

// portrait is what the doctor must not change: files of backups, restores and verifications, the cluster's
// configuration, and units. The binary's cache is its launcher's.
func (l lab) portrait() string {
	l.t.Helper()
	var all strings.Builder
	for _, n := range names(3) {
		all.WriteString(l.on(n, "find /var/backups /var/lib/overcloud.backup /run/overcloud.backup /var/lib/mysql* "+
			"-maxdepth 3 -path '*/bin*' -prune -o -name '*overcloud*' -print -o -name '.partial*' -print -o "+
			"-name '*.aside*' -print "+
			"2>/dev/null | sort; cibadmin --query --scope configuration | md5sum; "+
			"systemctl list-units --all --no-legend 'overcloud-backup-*'; ls /tmp /var/tmp | sort | md5sum; "+
			"podman ps --all --quiet 2>/dev/null | sort | md5sum") + "\n")
	}
	return all.String()
}

// row returns the row of a table with its further lines, empty if none of that status and check is about the host.
func row(text, status, title, host string) string {
	lines := strings.Split(text, "\n")
	start := regexp.MustCompile(`^` + status + ` +` + regexp.QuoteMeta(title) + ` +\S.*`)
	for i, line := range lines {
		if !start.MatchString(line) || !strings.Contains(line, host) {
			continue
		}
		end := i + 1
		for end < len(lines) && strings.HasPrefix(lines[end], " ") {
			end++
		}
		return strings.Join(strings.Fields(strings.Join(lines[i:end], " ")), " ")
	}
	return ""
}

// hideTool takes the tool away where the database is.
func hideTool(l lab, out string) func() {
	undo := []string{}
	for _, path := range []string{"/usr/bin/mariadb-backup", "/usr/bin/mariabackup"} {
		there, err := l.try("ssh", number(out), "in-database test -e "+path+" && echo yes")
		if err != nil || there == "" {
			continue
		}
		l.on(out, "in-database mv "+path+" "+path+".away")
		undo = append(undo, "in-database mv "+path+".away "+path)
	}
	slices.Reverse(undo)
	return func() { l.on(out, strings.Join(undo, " && ")) }
}

// mounted mounts something at the destination.
func mounted(what string) func(lab, string) func() {
	return func(l lab, out string) func() {
		l.on(out, "mkdir -p -m 0700 "+destination+" && mount "+what+" "+destination)
		return func() { l.on(out, "umount "+destination+" && rmdir "+destination) }
	}
}

// moved hides a file.
func (l lab) moved(controller, path string) func() {
	l.t.Helper()
	l.on(controller, "mv "+path+" "+path+".away")
	return func() { l.on(controller, "mv "+path+".away "+path) }
}

// holdLock takes the cluster's lock for a job that no controller knows.
func holdLock(l lab, out string) func() {
	uuid := strings.Fields(l.sql(out, "SHOW STATUS LIKE 'wsrep_cluster_state_uuid'"))[1]
	id := "overcloud-backup-lock-" + uuid
	set := `<cluster_property_set id="` + id + `">`
	for _, pair := range [][2]string{
		{"holder", out}, {"job", "doctors-test"}, {"since", "1795374000"}, {"expires", "99999999999"},
	} {
		set += fmt.Sprintf(`<nvpair id="%s-%s" name="overcloud-backup-%s" value="%s"/>`, id, pair[0], pair[0], pair[1])
	}
	l.on(out, "cibadmin --create --scope crm_config --xml-text '"+set+"</cluster_property_set>'")
	return func() {
		l.on(out, `cibadmin --delete --scope crm_config --xml-text '<cluster_property_set id="`+id+`"/>'`)
	}
}
