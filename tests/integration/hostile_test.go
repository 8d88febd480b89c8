// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The secrets that a stranger wants: those of the task, and those in director's files.
const taskSecret = "Gr8-Task-Secret"

var secrets = []string{taskSecret, "lab-database-root", "lab-haproxy-stats"}

// strangerLog is what the stranger on a controller has received.
const strangerLog = "/home/stranger/log"

// TestAStrangerOnAController has an unprivileged user of a controller wait for passwords: in the places of the database
// and HAProxy while they are down, and while the stranger holds all connections of a running database.
func TestAStrangerOnAController(t *testing.T) {
	for name, attack := range map[string]func(l lab, out, other string) []string{
		"the services are down": func(l lab, out, _ string) []string {
			for _, resource := range []string{galeraResource, haproxyResource} {
				l.on(out, "crm_resource --ban --resource "+resource+" --node "+out)
			}
			l.until("MariaDB and HAProxy have stopped", time.Minute, func() bool {
				return l.on(out, "pgrep -x 'haproxy|mariadbd' || true") == ""
			})
			l.awaitIdle()
			return []string{"mysql:unix:/tmp/mysql.sock", "mysql:tcp:127.0.0.1:3306",
				"mysql:tcp:" + address(out) + ":3306",
				"http:tcp:127.0.0.1:1993", "http:tcp:" + address(out) + ":1993"}
		},
		"the database has no connection left": func(l lab, out, _ string) []string {
			l.sql(out, "SET GLOBAL max_connections=20")
			l.t.Cleanup(func() { lab{l.t}.restoreConnections(out) })
			return []string{"mysql:unix:/tmp/mysql.sock", "mysql:tcp:127.0.0.1:3306",
				"hold:unix:" + databaseSocket + ":40"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := fresh(t)
			l.run("load", "start")
			out, other := l.spare()
			l.beStranger(out, attack(l, out, other)...)
			vars := map[string]any{"controller_backup_login_user": "root",
				"controller_backup_login_password": taskSecret}
			for _, vars := range []map[string]any{nil, vars} {
				d := l.decide(vars)
				t.Logf("\n%s", d.Text)
				// Pacemaker restarts a database that accepts no connections: then it may be chosen, correctly.
				if d.Chosen == out && l.down(out) {
					t.Errorf("%s was chosen", out)
				}
			}
			if output, err := l.play("playbooks/backup.yml", vars, "--check"); err != nil {
				t.Logf("%v\n%s", err, output)
			}
			l.strangerGotNothing(out)
		})
	}
}

// down reports that no database runs on a controller.
func (l lab) down(controller string) bool {
	l.t.Helper()
	return l.on(controller, "pgrep -x mariadbd || true") == ""
}

// restoreConnections raises max_connections again; the stranger has ended.
func (l lab) restoreConnections(controller string) {
	l.t.Helper()
	l.until("the database takes connections", time.Minute, func() bool {
		_, err := l.try("sql", number(controller), "SET GLOBAL max_connections=1000")
		return err == nil
	})
}

// beStranger creates the user on a controller and starts the stranger's program. The lab's reset does not know it.
func (l lab) beStranger(controller string, places ...string) {
	l.t.Helper()
	program := filepath.Join(l.t.TempDir(), "stranger")
	build := exec.Command("go", "build", "-o", program, "./tests/lab/stranger")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		l.t.Fatal(err)
	}
	l.give(controller, "useradd --create-home stranger && cat >/home/stranger/program && chmod 755"+
		" /home/stranger/program", binary)
	l.t.Cleanup(func() {
		lab{l.t}.on(controller, "pkill -KILL -u stranger; userdel --remove stranger 2>/dev/null; rm -f /tmp/mysql.sock")
	})
	l.on(controller, "setsid runuser -u stranger -- /home/stranger/program "+strangerLog+" "+strings.Join(places, " ")+
		" </dev/null >/home/stranger/output 2>&1 &")
	l.until("the stranger listens", 20*time.Second, func() bool {
		return strings.Contains(l.on(controller, "cat "+strangerLog+" 2>/dev/null || true"), "READY")
	})
}

// strangerGotNothing also proves, with a client of the test, that the program did listen.
func (l lab) strangerGotNothing(controller string) {
	l.t.Helper()
	got := l.on(controller, "cat "+strangerLog)
	if strings.Contains(got, "GOT") || strings.Contains(got, "NO LISTENER") {
		l.t.Errorf("the stranger on %s got:\n%s", controller, got)
	}
	for _, secret := range secrets {
		if strings.Contains(got, secret) {
			l.t.Errorf("the stranger on %s got %s", controller, secret)
		}
	}
	// The program did listen, and would have recorded any secret.
	l.on(controller, "printf '\\5\\0\\0\\1probe' | socat -t 1 - unix-connect:/tmp/mysql.sock >/dev/null || true")
	l.until("the stranger has reported the probe", 20*time.Second, func() bool {
		return strings.Contains(l.on(controller, "cat "+strangerLog), "probe")
	})
}

// give runs a command on a controller with the given standard input.
func (l lab) give(controller, command string, input []byte) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(root, program), "ssh", number(controller), command)
	cmd.Stdin = bytes.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
}

// lie answers every call of a module with claims of its root: another host's connection, a group, facts that belong to
// no module, a decision, and terminal escapes.
const lie = `#!/bin/sh
cat >/dev/null
printf '%%s\n' '{"changed":false,"msg":"\u001b]0;owned\u0007\u001b[2Aall is well",
"add_host":{"host_name":"%[1]s","groups":["Controller"],"host_vars":{"ansible_connection":"ssh","ansible_ssh_common_args":"-oProxyCommand=%[2]s"}},
"add_group":{"group_name":"owned"},
"ansible_facts":{"ansible_connection":"ssh","ansible_ssh_common_args":"-oProxyCommand=%[2]s","controller_backup_policy":"allow_active",
 "galera":{"add_host":{"host_name":"owned"}}},
"chosen_hosts":["not.in.the.inventory","localhost","%[1]s"],"chosen":"%[1]s","policy":"allow_active","clusters":[],
"result":{"add_host":{"host_name":"%[1]s","groups":["Controller"],"host_vars":{"ansible_ssh_common_args":"-oProxyCommand=%[2]s"}}}}' | tr -d '\n'
`

// TestAControllerThatLies replaces the binary on one controller with a program of its root user.
func TestAControllerThatLies(t *testing.T) {
	// A kept connection would hide that a host was reached in another way.
	t.Setenv("ANSIBLE_SSH_ARGS", "-o ControlMaster=no -o ControlPath=none")
	l := fresh(t)
	l.run("load", "start")
	standbys := l.standbys(3)
	liar, victim := standbys[0], standbys[1]
	l.decide(nil) // the binary exists now
	folder := t.TempDir()
	ran := filepath.Join(folder, "ran")
	proxy := filepath.Join(folder, "proxy")
	if err := os.WriteFile(proxy, []byte("#!/bin/sh\ntouch "+ran+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.give(liar, "cat >/tmp/lie", fmt.Appendf(nil, lie, inventory(victim)[0], proxy))
	l.on(liar, "for b in /var/lib/overcloud.backup/bin/overcloud_backup-*; do cp --preserve $b $b.real; cat /tmp/lie"+
		" >$b; chmod 500 $b; done")
	t.Cleanup(func() {
		lab{t}.on(liar, "for b in /var/lib/overcloud.backup/bin/*.real; do mv $b ${b%.real}; done; rm -f /tmp/lie")
	})
	for _, playbook := range []string{"playbooks/status.yml", "playbooks/backup.yml", "playbooks/verify.yml"} {
		out, err := l.play(playbook, map[string]any{"controller_backup_login_password": taskSecret,
			"controller_backup_login_user": "root"})
		t.Logf("%s: %v", playbook, err)
		if _, found := os.Stat(ran); found == nil {
			t.Fatalf("%s: the liar's program ran on the control node:\n%s", playbook, out)
		}
		if strings.ContainsAny(out, "\x1b\x07") || strings.Contains(out, "not.in.the.inventory") {
			t.Errorf("%s obeyed the liar:\n%s", playbook, out)
		}
		if strings.Contains(out, taskSecret) {
			t.Errorf("%s: the password shows:\n%s", playbook, out)
		}
	}
	if d := l.decide(nil); d.Chosen == liar || d.Chosen == l.serving() {
		t.Errorf("chosen: %s\n%s", d.Chosen, d.Text)
	}
}

// TestAServerThatNamesItsLibraries has the account mysql put a library into the server's plugin folder, and name it as
// one that the backup tool, which is root, needs: the tool must not see it.
func TestAServerThatNamesItsLibraries(t *testing.T) {
	l := fresh(t)
	if shape != "hosts" {
		t.Skip("its server has no option file of its own in a container; a place of a container is tested beside" +
			" internal/process")
	}
	out, other := l.spare()
	const folder, options = "/var/lib/mysql/libraries", "/etc/mysql/conf.d/libraries.cnf"
	restart := func() {
		l.on(out, "pkill -KILL -x mariadbd; sleep 1")
		l.run("wait")
	}
	t.Cleanup(func() {
		l.t = t
		l.on(out, "rm -rf "+folder+" "+options)
		restart()
	})
	l.on(out, "install -d -o mysql -g mysql "+folder+" && cp /usr/lib/mysql/plugin/file_key_management.so "+folder+
		" && printf '1;770A8A65DA156D24EE2A093277530142\\n' > "+folder+"/key && chown mysql "+folder+"/*"+
		" && printf '[mysqld]\\nplugin_dir="+folder+
		"\\nplugin_load_add=file_key_management\\nfile_key_management_filename="+folder+"/key\\n' > "+options)
	restart()
	if plugin := l.sql(out, "SELECT plugin_status FROM information_schema.plugins WHERE plugin_name ="+
		" 'file_key_management'"); plugin != "ACTIVE" {
		t.Fatalf("the server has not loaded it: %q", plugin)
	}
	_, path, m := l.backup(map[string]any{"controller_backup_exclude": inventory(other),
		"controller_backup_method": "physical"})
	if m.Controller != out {
		t.Fatalf("%s was backed up", m.Controller)
	}
	said := l.on(out, "cat "+path+"/backup.log")
	if !strings.Contains(said, "Can't open shared library '"+folder+"/file_key_management.so'") ||
		!strings.Contains(said, "failed to map segment") {
		t.Errorf("the tool loaded it:\n%s", said)
	}
}
