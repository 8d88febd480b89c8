// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const datadir = "/var/lib/mysql"

// TestRestoreDrills destroys the cluster and restores it as an operator would. All drills use one lab, one after the
// other.
func TestRestoreDrills(t *testing.T) {
	l := quiet(t)
	forget := func() {
		for _, n := range names(3) {
			lab{t}.on(n, "rm -rf /var/lib/overcloud.backup/restore /root/.my.cnf "+datadir+".*")
		}
	}
	forget()
	t.Cleanup(forget)
	l.sql("controller-0", "CREATE OR REPLACE USER operator@localhost IDENTIFIED BY 'of-the-set'; GRANT ALL ON *.* TO"+
		" operator@localhost WITH GRANT OPTION")
	l.inherit("controller-0")
	l.run("load", "start")
	_, set, m := l.backup(map[string]any{"controller_backup_method": "physical", "controller_backup_verify": "restore"})
	_, dump, d := l.backup(map[string]any{"controller_backup_method": "logical", "controller_backup_verify": "restore"})
	l.run("load", "stop")
	if t.Failed() {
		return
	}
	t.Run("refused before anything is touched", func(t *testing.T) { lab{t}.refusals(m.Controller, set) })
	t.Run("check mode prints the plan and changes nothing", func(t *testing.T) { lab{t}.planOnly(set) })
	t.Run("physical, all datadirs destroyed", func(t *testing.T) { lab{t}.destroyedAndBack(m.Controller, set) })
	t.Run("logical, all datadirs destroyed", func(t *testing.T) { lab{t}.destroyedAndBack(d.Controller, dump) })
	t.Run("rolled back", func(t *testing.T) { lab{t}.rolledBack(m.Controller, set) })
	t.Run("given up before the database was stopped", func(t *testing.T) { lab{t}.givenUp(m.Controller, set) })
	t.Run("one controller rejoins", func(t *testing.T) { lab{t}.rejoins() })
	t.Run("a schema beside running clients", func(t *testing.T) { lab{t}.schemaBesideClients(dump) })
	t.Run("what cannot be loaded costs no row", func(t *testing.T) { lab{t}.loadsOrLeavesEveryRow(t) })
	t.Run("the configuration of Pacemaker", func(t *testing.T) { lab{t}.configuration(set) })
	if shape == "hosts" { // in containers only director's option files apply, not the operator's
		t.Run("other passwords in the set", func(t *testing.T) { lab{t}.otherPasswords(m.Controller, set) })
	}
	t.Run("killed in every step", func(t *testing.T) { lab{t}.killedInEveryStep(m.Controller, set) })
}

// restored runs the playbook and fails if it fails.
func (l lab) restored(set string, more map[string]any) string {
	l.t.Helper()
	out, err := l.play("playbooks/restore.yml", restoreOf(set, more))
	if err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func restoreOf(set string, more map[string]any) map[string]any {
	vars := map[string]any{"controller_restore_set": set, "controller_restore_confirm": "galera_cluster"}
	for k, v := range more {
		vars["controller_restore_"+k] = v
	}
	return vars
}

// asTheSet checks that every server has the data that a verification found in the set, and that nothing is left of a
// restore except what it keeps.
func (l lab) asTheSet(controller, set string) {
	l.t.Helper()
	want := l.record(controller, set).tables()
	if strings.Count(want, "\n") < 5 {
		l.t.Fatalf("the record of %s has few tables:\n%s", set, want)
	}
	for _, n := range names(3) {
		if got := l.checksums(n); got != want {
			l.t.Errorf("%s is not as the set.\n%s\nthe set:\n%s", n, got, want)
		}
	}
	l.nothingOfARestoreIsLeft()
}

func (l lab) nothingOfARestoreIsLeft() {
	l.t.Helper()
	for _, n := range names(3) {
		left := l.on(n, "nft list tables 2>/dev/null | grep overcloud; iptables -nL 2>/dev/null | grep OVERCLOUD; ls"+
			" -d "+datadir+".ready-* "+datadir+".empty-* /var/lib/overcloud.restore/overcloud_verify.run 2>/dev/null; "+
			"crm_resource --resource "+galeraResource+
			" --meta --get-parameter target-role 2>/dev/null | grep -i stop; true")
		if left != "" {
			l.t.Errorf("left on %s:\n%s", n, left)
		}
	}
}

// clientsAreWell lets clients work for a while.
func (l lab) clientsAreWell() {
	l.t.Helper()
	from := time.Now().Unix()
	l.run("load", "start")
	l.until("clients commit", time.Minute, func() bool { return l.clients(from, time.Now().Unix()).Commits > 50 })
	l.run("load", "stop")
	l.clientsSawNothing(from, time.Now().Unix())
}

func (l lab) destroyedAndBack(controller, set string) {
	l.t.Helper()
	for _, n := range names(3) {
		l.on(n, "rm -rf "+datadir+"/* "+datadir+"/.[!.]*")
	}
	out := l.restored(set, map[string]any{"remove_old": true})
	if !strings.Contains(out, "clients reach the restored database at "+vip) &&
		!strings.Contains(out, "the database answers at "+vip) {
		l.t.Errorf("not said what was seen through the VIP:\n%s", out)
	}
	l.asTheSet(controller, set)
	l.inheritedIsBack(out)
	l.clientsAreWell()
}

func (l lab) planOnly(set string) {
	l.t.Helper()
	before := l.restoreTraces()
	out, err := l.play("playbooks/restore.yml", restoreOf(set, nil), "--check")
	if err != nil || !strings.Contains(out, "keep clients from port 3306") || !strings.Contains(out, set) {
		l.t.Errorf("%v\n%s", err, out)
	}
	if after := l.restoreTraces(); after != before {
		l.t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// restoreTraces lists what a restore may change on the controllers, and which of them serve.
func (l lab) restoreTraces() string {
	l.t.Helper()
	var all strings.Builder
	for _, n := range names(3) {
		all.WriteString(n + "\n" + l.on(n, "ls -d "+datadir+
			"* /var/lib/overcloud.* /var/lib/overcloud.backup/restore/restore.json 2>/dev/null; ls "+datadir+
			" | grep overcloud; nft list tables; pidof mariadbd; "+
			"cibadmin --query --scope resources | md5sum; true") + "\n")
	}
	return all.String()
}

// refusals are sets and requests that must not change anything.
func (l lab) refusals(controller, set string) {
	copied := destination + "/galera_cluster/20250101T000000Z_physical_" + controller
	edit := func(expression string) string {
		return "sed -i '" + expression + "' " + copied + "/manifest.json"
	}
	for _, c := range []struct{ name, hurt, want string }{
		{"wrong confirm", "", "controller_restore_confirm=galera_cluster"},
		{"a flipped bit", "printf '\\377' | dd of=" + copied +
			"/backup.xbstream.zst bs=1 seek=3000000 conv=notrunc 2>/dev/null", "backup.xbstream.zst, offset"},
		{"a truncated file", "truncate -s -1000 " + copied + "/backup.xbstream.zst", "backup.xbstream.zst"},
		{"a missing file", "rm " + copied + "/cib.xml", "cib.xml"},
		{"a set of another cluster", edit(`s/"uuid": "[0-9a-f]*/"uuid": "deadbeef/`), "other_cluster"},
		{"a later server's set", edit(`s/10\.11\.[0-9]*-MariaDB/10.11.999-MariaDB/`), "later"},
		{"too little space", edit(`s/"raw_bytes": \([0-9]\{9\}\)/"raw_bytes": \19999999/`), ""},
	} {
		l.on(controller, "rm -rf "+copied+"; cp -a "+set+" "+copied+"; "+
			edit(`s/`+filepath.Base(set)+`/`+filepath.Base(copied)+`/`)+"; "+c.hurt)
		before := l.restoreTraces()
		more := map[string]any{}
		if c.name == "wrong confirm" {
			more["confirm"] = "galera"
		}
		out, err := l.play("playbooks/restore.yml", restoreOf(copied, more))
		if err == nil || !strings.Contains(out, c.want) {
			l.t.Errorf("%s: %v, want %q in\n%s", c.name, err, c.want, out)
		}
		l.on(controller, "rm -r "+copied)
		if after := l.restoreTraces(); after != before {
			l.t.Errorf("%s has changed something.\nbefore:\n%s\nafter:\n%s", c.name, before, after)
		}
	}
}

// rolledBack restores a set while the cluster is healthy, and rolls back.
func (l lab) rolledBack(controller, set string) {
	l.t.Helper()
	l.sql(l.serving(), "CREATE TABLE IF NOT EXISTS keystone.after_the_set (id INT PRIMARY KEY) ENGINE=InnoDB; REPLACE"+
		" INTO keystone.after_the_set VALUES (42)")
	before := l.checksums("controller-0")
	l.restored(set, map[string]any{"keep_clients_out": "iptables"})
	l.asTheSet(controller, set)
	for _, word := range []string{"", "galera"} {
		if out, err := l.play("playbooks/restore.yml",
			restoreOf(set, map[string]any{"state": "rolled_back", "confirm": word})); err == nil ||
			!strings.Contains(out, "controller_restore_confirm=galera_cluster") {
			l.t.Errorf("rolled back with the word %q: %v\n%s", word, err, out)
		}
	}
	l.asTheSet(controller, set)
	out := l.restored(set, map[string]any{"state": "rolled_back"})
	for _, n := range names(3) {
		if after := l.checksums(n); after != before {
			l.t.Errorf("%s is not as before.\n%s\nbefore:\n%s\n%s", n, after, before, out)
		}
	}
	l.nothingOfARestoreIsLeft()
	l.clientsAreWell()
	if out, err := l.play("playbooks/restore.yml", restoreOf(set,
		map[string]any{"state": "rolled_back"})); err == nil || !strings.Contains(out, "rolled back already") {
		l.t.Errorf("rolled back twice: %v\n%s", err, out)
	}
	l.sql(l.serving(), "DROP TABLE keystone.after_the_set")
	for _, n := range names(3) {
		// The restored data is kept, for the operator to remove.
		l.on(n, "rm -r "+datadir+".restored-*")
	}
}

// rejoins breaks one standby's datadir under load and lets it copy the others' data. A rejoin of the last good copy is
// refused.
func (l lab) rejoins() {
	l.t.Helper()
	broken := l.standbys(3)[0]
	vars := restoreOf("newest", map[string]any{"state": "rejoined", "host": inventory(broken)[0], "confirm": broken,
		"remove_old": true})
	from := time.Now().Unix()
	l.run("load", "start")
	l.on(broken, "rm -rf "+datadir+"/keystone "+datadir+"/ib*; pkill -KILL -x mariadbd; true")
	if out, err := l.play("playbooks/restore.yml", restoreOf("newest",
		map[string]any{"state": "rejoined", "host": inventory(broken)[0], "confirm": "galera_cluster"})); err == nil ||
		!strings.Contains(out, "confirm that by its name, "+broken) {
		l.t.Errorf("not confirmed: %v\n%s", err, out)
	}
	if out, err := l.play("playbooks/restore.yml", vars); err != nil {
		l.t.Errorf("%v\n%s", err, out)
	}
	l.until("all three are synced", time.Minute, func() bool {
		return l.sql(broken, "SHOW STATUS LIKE 'wsrep_local_state_comment'") == "wsrep_local_state_comment\tSynced"
	})
	l.run("load", "stop")
	if s := l.clients(from, time.Now().Unix()); s.Lost > 0 || s.Commits == 0 {
		l.t.Errorf("clients: %+v", s)
	}
	if one, other := l.checksums(broken), l.checksums(l.serving()); one != other {
		l.t.Errorf("%s:\n%s\nthe others:\n%s", broken, one, other)
	}
	l.nothingOfARestoreIsLeft()
	if out := l.on(broken, "cibadmin --query --scope constraints | grep cli-ban; ls -d "+datadir+
		".* 2>/dev/null; true"); out != "" {
		l.t.Errorf("left: %s", out)
	}
}

// schemaBesideClients loads a schema of a dump under another name while clients work, then one table of it again.
func (l lab) schemaBesideClients(dump string) {
	l.t.Helper()
	from := time.Now().Unix()
	l.run("load", "start")
	vars := func(more map[string]any) map[string]any {
		all := restoreOf(dump, map[string]any{"state": "loaded", "schemas": []string{"keystone"},
			"rename": map[string]string{"keystone": "keystone_before"}})
		for k, v := range more {
			all["controller_restore_"+k] = v
		}
		return all
	}
	if out, err := l.play("playbooks/restore.yml", vars(nil)); err != nil ||
		!strings.Contains(out, "loaded keystone as keystone_before") {
		l.t.Errorf("%v\n%s", err, out)
	}
	if out, err := l.play("playbooks/restore.yml", vars(nil)); err == nil || !strings.Contains(out, "already") {
		l.t.Errorf("loaded over what is there: %v\n%s", err, out)
	}
	l.run("load", "stop")
	l.clientsSawNothing(from, time.Now().Unix())
	const tables = "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema" +
		" = "
	for _, n := range names(3) {
		before, now := l.sql(n, tables+"'keystone_before' AND table_name <> 'after_the_set' ORDER BY 1"),
			l.sql(n, tables+"'keystone' AND table_name <> 'after_the_set' ORDER BY 1")
		if before != now || before == "" {
			l.t.Errorf("%s: keystone_before has %q, keystone %q", n, before, now)
		}
		for _, table := range strings.Fields(before) {
			sum := func(schema string) string {
				return strings.TrimPrefix(l.sql(n, "CHECKSUM TABLE "+schema+"."+table), schema)
			}
			if sum("keystone") != sum("keystone_before") {
				l.t.Errorf("%s: %s is another one", n, table)
			}
		}
	}
	l.sql("controller-0", "DROP DATABASE keystone_before")
}

// configuration changes a property of Pacemaker, sees the difference, and pushes the set's configuration.
func (l lab) configuration(set string) {
	l.t.Helper()
	value := func() string {
		return l.on("controller-0", "crm_attribute --type crm_config --name cluster-recheck-interval --query --quiet"+
			" 2>/dev/null; true")
	}
	l.on("controller-0", "crm_attribute --type crm_config --name cluster-recheck-interval --update 7min")
	vars := map[string]any{"state": "configured", "confirm": "galera"}
	if out, err := l.play("playbooks/restore.yml", restoreOf(set, vars)); err != nil ||
		!strings.Contains(out, "7min") || value() != "7min" {
		l.t.Errorf("%v, %s\n%s", err, value(), out)
	}
	vars["push"] = true
	if out, err := l.play("playbooks/restore.yml", restoreOf(set, vars)); err == nil || value() != "7min" {
		l.t.Errorf("pushed without a word: %s\n%s", value(), out)
	}
	vars["confirm"] = "galera_cluster"
	if out, err := l.play("playbooks/restore.yml", restoreOf(set, vars)); err != nil || value() != "" {
		l.t.Errorf("%v, %s\n%s", err, value(), out)
	}
	if out, err := l.play("playbooks/restore.yml", restoreOf(set, vars)); err != nil ||
		!strings.Contains(out, "configuration is that of") {
		l.t.Errorf("%v\n%s", err, out)
	}
}

// otherPasswords changes the password of an account that the controllers use after the backup. This is reported before
// anything is touched, and corrected if requested.
func (l lab) otherPasswords(controller, set string) {
	l.t.Helper()
	l.sql("controller-0", "SET PASSWORD FOR operator@localhost = PASSWORD('deployed-later')")
	for _, n := range names(3) {
		l.on(n, "umask 077; printf '[client]\nuser=operator\npassword=deployed-later\n' >/root/.my.cnf")
	}
	before := l.restoreTraces()
	out, err := l.play("playbooks/restore.yml", restoreOf(set, nil))
	if err == nil || !strings.Contains(out, "another password, for operator (option file /root/.my.cnf)") ||
		strings.Contains(out, "deployed-later") {
		l.t.Errorf("%v\n%s", err, out)
	}
	if after := l.restoreTraces(); after != before {
		l.t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	l.restored(set, map[string]any{"remove_old": true, "passwords": "deployed"})
	for _, n := range names(3) {
		if who := l.on(n,
			"mysql --skip-column-names --batch --execute='SELECT CURRENT_USER()'; rm "+
				"/root/.my.cnf"); who != "operator@localhost" {
			l.t.Errorf("%s: logged in as %q", n, who)
		}
	}
}

// givenUp rolls back a restore that has only kept clients out: the database continues.
func (l lab) givenUp(controller, set string) {
	l.t.Helper()
	servers := func() (pids string) {
		for _, n := range names(3) {
			pids += l.on(n, "pidof mariadbd") + " "
		}
		return pids
	}
	before := servers()
	l.killedRestore(controller, set, "Keep clients out", "playbook")
	out := l.restored(set, map[string]any{"state": "rolled_back", "confirm": ""})
	if after := servers(); after != before {
		l.t.Errorf("the database was stopped: %s, then %s\n%s", before, after, out)
	}
	l.nothingOfARestoreIsLeft()
	l.clientsAreWell()
}

// restoreSteps lists the tasks in which a restore is killed, and the way it is killed.
var restoreSteps = []struct{ task, kill string }{
	{"Make the set ready", "module"},
	{"Make the set ready", "power"},
	{"Keep clients out", "playbook"},
	{"Stop the database", "playbook"},
	{"Move the datadirs aside", "module"},
	{"Start the database", "playbook"},
	{"Start the database", "power"},
	{"Check the database", "playbook"},
	{"Let clients in", "playbook"},
	{"End the restore", "playbook"},
}

// killedInEveryStep kills the restore in one step after the other, and runs it again each time. After the datadirs were
// moved, one of the old ones, with newer data than the set, returns.
func (l lab) killedInEveryStep(controller, set string) {
	l.t.Helper()
	for _, s := range restoreSteps {
		l.killedRestore(controller, set, s.task, s.kill)
		if s.task == "Move the datadirs aside" {
			other := slices.DeleteFunc(names(3), func(n string) bool { return n == controller })[0]
			l.on(other, "cd "+filepath.Dir(datadir)+
				"; old=$(ls -d mysql.aside-* | head -n 1); rm -rf mysql; cp -a $old mysql; ls -l mysql/grastate.dat")
		}
	}
	l.restored(set, map[string]any{"remove_old": true})
	l.asTheSet(controller, set)
	l.clientsAreWell()
}

func (l lab) killedRestore(controller, set, task, what string) {
	l.t.Helper()
	log := filepath.Join(l.t.TempDir(), "log")
	file, err := os.Create(log)
	if err != nil {
		l.t.Fatal(err)
	}
	defer file.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ansible-playbook", "-i", l.run("inventory"),
		filepath.Join(root, "playbooks/restore.yml"),
		"-e", fmt.Sprintf(`{"controller_restore_set":%q,"controller_restore_confirm":"galera_cluster"}`, set))
	cmd.Env = append(os.Environ(), "ANSIBLE_NOCOLOR=1",
		"ANSIBLE_COLLECTIONS_PATH="+absolute(l.t, filepath.Join(root, "build/collections")))
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	read := func() string { content, _ := os.ReadFile(log); return string(content) }
	l.until("the restore is in "+task, 3*time.Minute, func() bool {
		return strings.Contains(read(), task) || strings.Contains(read(), "PLAY RECAP")
	})
	if what == "power" {
		defer l.powered(controller)
		l.run("machine", "kill", number(controller))
	}
	if what == "module" {
		l.on(controller, `for i in $(seq 600); do pkill -KILL -f`+
			` '[o]vercloud_backup.*galera_restore|[o]vercloud_backup_linux' && exit; sleep 0.05; done; exit 1`)
	} else {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	err = cmd.Wait()
	if err == nil {
		l.t.Fatalf("the restore was to be killed in %q and came to its end:\n%s", task, read())
	}
	if what == "power" {
		return
	}
	// A process that still runs there ends by itself, or holds the lock of the book for a moment.
	l.until("no step of the restore runs any more", 3*time.Minute, func() bool {
		for _, n := range names(3) {
			if out := l.on(n, "cd /var/lib/overcloud.backup/restore 2>/dev/null && [ -e lock ] || exit 0; flock -n"+
				" lock true || echo held"); out != "" {
				return false
			}
		}
		return true
	})
}

// powered switches a controller on again and waits until it has joined the cluster.
func (l lab) powered(controller string) {
	l.t.Helper()
	l.run("machine", "start", number(controller))
	l.until(controller+" is in the cluster again", 2*time.Minute, func() bool {
		out, err := l.try("ssh", number(controller), "crm_mon --one-shot --output-as=xml | grep '<node"+
			" .*type=\"member\"' | grep -c 'online=\"true\".*pending=\"false\"'")
		return err == nil && out == "3"
	})
}
