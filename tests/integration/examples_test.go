// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const examples = "playbooks/examples"

// exampleCases runs each example of playbooks/examples, and compares the outcome with the lab. Clients are active.
var exampleCases = map[string]func(lab){
	"alert_backup_too_old":   lab.alertsWhenTheBackupIsOld,
	"alert_nobody_idle":      lab.alertsWhenNobodyIsIdle,
	"backup_and_report":      lab.reportsWellOrNot,
	"backup_exclude":         lab.excludesAController,
	"backup_logical":         lab.dumps,
	"backup_other_haproxy":   lab.namesTheProxy,
	"backup_prefer_idle":     lab.takesTheActiveOne,
	"backup_start_and_go_on": lab.startsAndGoesOn,
	"backup_to_nfs":          lab.wantsTheMount,
	"backup_with_vault":      lab.logsInFromTheVault,
	"cancel_backup":          lab.cancelsABackup,
	"compare_pacemaker":      lab.comparesPacemaker,
	"recover_after_crash":    lab.recoversALock,
	"restore_one_schema":     lab.loadsASchema,
	"restore_plan":           lab.showsThePlan,
	"schedule_with_systemd":  lab.writesUnits,
	"verify_every_set":       lab.readsEverySetBack,
}

func TestEveryExampleIsRun(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, examples, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, f := range files {
		there = append(there, strings.TrimSuffix(filepath.Base(f), ".yml"))
	}
	if want := slices.Sorted(maps.Keys(exampleCases)); !slices.Equal(there, want) {
		t.Errorf("%s holds %v, the cases are %v", examples, there, want)
	}
}

func TestExamples(t *testing.T) {
	fresh(t).run("load", "start")
	for _, name := range slices.Sorted(maps.Keys(exampleCases)) {
		t.Run(name, func(t *testing.T) {
			l := lab{t}
			l.removeSets()
			exampleCases[name](l)
		})
	}
	lab{t}.run("load", "stop")
}

func (l lab) removeSets() {
	for _, n := range names(3) {
		l.on(n, "rm -rf "+destination)
	}
}

// example runs one and reports whether it succeeded.
func (l lab) example(name string, vars map[string]any, args ...string) (string, bool) {
	l.t.Helper()
	out, err := l.play(filepath.Join(examples, name+".yml"), vars, args...)
	return out, err == nil
}

// works is example for one that must succeed, with all these texts.
func (l lab) works(name string, vars map[string]any, says ...string) string {
	l.t.Helper()
	out, ok := l.example(name, vars)
	l.said(out, ok, true, says)
	return out
}

// fails is example for one that must fail, with all these texts.
func (l lab) fails(name string, vars map[string]any, says ...string) {
	l.t.Helper()
	out, ok := l.example(name, vars)
	l.said(out, ok, false, says)
}

func (l lab) said(out string, ok, want bool, says []string) {
	l.t.Helper()
	if ok != want {
		l.t.Fatalf("ended well: %t\n%s", ok, out)
	}
	for _, s := range says {
		if !strings.Contains(out, s) {
			l.t.Errorf("it does not say %q:\n%s", s, out)
		}
	}
}

// onlySet returns the path of the only set below a folder, and the controller that has it.
func (l lab) onlySet(below string) (controller, path string) {
	l.t.Helper()
	found := 0
	for _, n := range names(3) {
		for _, manifest := range strings.Fields(l.on(n, "find "+below+" -name manifest.json 2>/dev/null || true")) {
			controller, path, found = n, filepath.Dir(manifest), found+1
		}
	}
	if found != 1 {
		l.t.Fatalf("%d sets in %s", found, below)
	}
	return controller, path
}

var nobody = map[string]any{"controller_backup_exclude": names(3)}

func (l lab) alertsWhenNobodyIsIdle() {
	l.works("alert_nobody_idle", nil)
	l.fails("alert_nobody_idle", nobody, "Nobody was chosen", "excluded")
	if left := l.sets(); left != "" {
		l.t.Errorf("left: %s", left)
	}
}

func (l lab) alertsWhenTheBackupIsOld() {
	l.fails("alert_backup_too_old", nil, "No controller has a set that was verified")
	l.backup(map[string]any{"controller_backup_verify": "none"})
	l.fails("alert_backup_too_old", nil, "No controller has a set that was verified")
	_, path, _ := l.backup(nil)
	l.works("alert_backup_too_old", nil)
	l.fails("alert_backup_too_old", map[string]any{"backup_max_hours": 0}, path, "older than 0 hours")
}

func (l lab) reportsWellOrNot() {
	out := l.works("backup_and_report", nil, "Backup made:")
	if _, path := l.onlySet(destination); !strings.Contains(out, path) {
		l.t.Errorf("%s is not reported:\n%s", path, out)
	}
	l.fails("backup_and_report", nobody, "Backup failed:", "Nobody was chosen")
}

func (l lab) excludesAController() {
	standby := l.standbys(3)
	l.works("backup_exclude", map[string]any{"controller_backup_exclude": standby[:1]})
	if controller, _ := l.onlySet(destination); controller != standby[1] {
		l.t.Errorf("%s was backed up, and only %s could be", controller, standby[1])
	}
	l.removeSets()
	l.example("backup_exclude", nil)
	if sets := l.on("controller-2", "find "+destination+" 2>/dev/null || true"); sets != "" {
		l.t.Errorf("controller-2 is excluded, and has %s", sets)
	}
}

func (l lab) dumps() {
	l.works("backup_logical", nil)
	if _, path := l.onlySet(destination); !strings.Contains(path, "_logical_") {
		l.t.Errorf("the set is %s", path)
	}
}

func (l lab) namesTheProxy() {
	l.works("backup_other_haproxy", nil)
	l.onlySet(destination)
	l.fails("backup_other_haproxy", map[string]any{"haproxy_proxy": "postgres"}, "Nobody was chosen",
		`no proxy "postgres"`)
}

func (l lab) takesTheActiveOne() {
	serving := l.serving()
	l.works("backup_prefer_idle", nil)
	if controller, _ := l.onlySet(destination); controller == serving {
		l.t.Errorf("%s serves, and was taken though others are idle", serving)
	}
	l.removeSets()
	l.works("backup_prefer_idle", map[string]any{"controller_backup_exclude": l.standbys(3)})
	if controller, _ := l.onlySet(destination); controller != serving {
		l.t.Errorf("%s was taken, %s serves", controller, serving)
	}
}

func (l lab) startsAndGoesOn() {
	out := l.works("backup_start_and_go_on", nil, "runs on controller-")
	if _, path := l.onlySet(destination); !strings.Contains(out, path) {
		l.t.Errorf("%s is not told:\n%s", path, out)
	}
}

// wantsTheMount uses a tmpfs as the export.
func (l lab) wantsTheMount() {
	const mount = "/mnt/overcloud-backup"
	l.fails("backup_to_nfs", nil, mount+" is not mounted here")
	for _, n := range names(3) {
		if there := l.on(n, "find "+mount+" 2>/dev/null || true"); there != "" {
			l.t.Errorf("%s has %s", n, there)
		}
		l.on(n, "mkdir -p "+mount+" && mount -t tmpfs -o mode=0755 tmpfs "+mount)
		l.t.Cleanup(func() { l.on(n, "umount "+mount+" && rmdir "+mount) })
	}
	l.works("backup_to_nfs", nil)
	controller, path := l.onlySet(mount)
	if r := l.record(controller, path); r == nil || r.Restore == nil || !r.Restore.OK {
		l.t.Errorf("%s was not restored: %+v", path, r)
	}
}

func (l lab) logsInFromTheVault() {
	const password = "lab-vault-password"
	l.sql("controller-0", "CREATE USER overcloud_backup@localhost IDENTIFIED BY '"+password+"'; "+
		"GRANT RELOAD, PROCESS, BINLOG MONITOR, SELECT, SHOW VIEW, TRIGGER, EVENT, SUPER ON *.* TO"+
		" overcloud_backup@localhost")
	l.t.Cleanup(func() { l.sql("controller-0", "DROP USER overcloud_backup@localhost") })
	for _, n := range names(3) {
		l.sql(n, "SET GLOBAL userstat=ON")
		l.t.Cleanup(func() { l.sql(n, "SET GLOBAL userstat=OFF") })
	}
	folder := l.t.TempDir()
	secrets, key := filepath.Join(folder, "secrets.yml"), filepath.Join(folder, "key")
	l.write(secrets, "---\nvault_backup_password: "+password+"\n")
	l.write(key, "of the vault\n")
	if out, err := l.ansible(filepath.Join(root, "build/collections"), "ansible-vault", "encrypt",
		"--vault-password-file", key, secrets); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	out, ok := l.example("backup_with_vault", nil, "--vault-password-file", key, "-e", "@"+secrets, "-vvv")
	if !ok || strings.Contains(out, password) {
		l.t.Fatalf("ended well: %t, the password is shown: %t\n%s", ok, strings.Contains(out, password), out)
	}
	controller, _ := l.onlySet(destination)
	if n := l.sql(controller, "SELECT total_connections FROM information_schema.user_statistics WHERE user ="+
		" 'overcloud_backup'"); n == "" || n == "0" {
		l.t.Errorf("the account was not used on %s: %q", controller, n)
	}
}

func (l lab) write(path, content string) {
	l.t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// cancelsABackup cancels a backup that is slow because it compresses at the highest level.
func (l lab) cancelsABackup() {
	l.works("cancel_backup", nil, "no job runs here")
	victim := l.standbys(3)[0]
	if out, err := l.ansible(filepath.Join(root, "build/collections"), "ansible", "-i", l.run("inventory"), victim,
		"-b", "-m", "overcloud.backup.galera_backup",
		"-a", "method=physical level=19 wait=false destination="+destination); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	l.until("it has begun", 30*time.Second, func() bool {
		return strings.Contains(l.on(victim, "find "+destination+" 2>/dev/null || true"), ".partial-")
	})
	l.works("cancel_backup", nil, "the job was cancelled")
	if left := l.on(victim, "find "+destination+" -mindepth 2; systemctl list-units --no-legend 'overcloud-backup-*';"+
		" cibadmin --query --scope crm_config | grep overcloud-backup || true"); left != "" {
		l.t.Errorf("left: %s", left)
	}
}

// recoversALock leaves the cluster's lock with a job that no host knows.
func (l lab) recoversALock() {
	uuid := l.sql("controller-0", "SELECT variable_value FROM information_schema.global_status WHERE variable_name ="+
		" 'wsrep_cluster_state_uuid'")
	id := "overcloud-backup-lock-" + uuid
	lock := "<cluster_property_set id=\"" + id + "\">"
	for name, value := range map[string]any{"holder": "controller-2", "job": "20261101T000000Z-dead00",
		"since": time.Now().Unix(), "expires": time.Now().Unix() + 3600} {
		lock += fmt.Sprintf("<nvpair id=\"%s-%s\" name=\"overcloud-backup-%s\" value=\"%v\"/>", id, name, name, value)
	}
	l.on("controller-2", "cibadmin --create --scope crm_config --xml-text '"+lock+"</cluster_property_set>'")
	l.fails("alert_nobody_idle", nil, "locked")
	l.works("recover_after_crash", nil, "the cluster's backup lock of job 20261101T000000Z-dead00 is free")
	l.works("alert_nobody_idle", nil)
	l.works("recover_after_crash", nil, "no job has left anything here")
}

func (l lab) readsEverySetBack() {
	l.works("verify_every_set", nil)
	_, good, where := l.backup(map[string]any{"controller_backup_verify": "none"})
	_, bad, m := l.backup(map[string]any{"controller_backup_verify": "none", "controller_backup_method": "logical"})
	l.works("verify_every_set", nil)
	if r := l.record(m.Controller, bad); r == nil || r.Read == nil || !r.Read.OK {
		l.t.Errorf("%s was not read back: %+v", bad, r)
	}
	l.flip(m.Controller, bad+"/"+l.on(m.Controller, "ls -S "+bad+" | head -n 1"))
	l.fails("verify_every_set", nil, bad+" is damaged")
	if r := l.record(where.Controller, good); r == nil || r.Read == nil || !r.Read.OK {
		l.t.Errorf("%s was not read back: %+v", good, r)
	}
}

func (l lab) showsThePlan() {
	_, path, _ := l.backup(nil)
	before := l.restoreTraces()
	l.fails("restore_plan", nil, "Call it with --check")
	out, ok := l.example("restore_plan", nil, "--check")
	l.said(out, ok, true, []string{path, "stop the database on all controllers"})
	if after := l.restoreTraces(); after != before {
		l.t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func (l lab) loadsASchema() {
	_, dump, _ := l.backup(map[string]any{"controller_backup_method": "logical"})
	l.t.Cleanup(func() { l.sql("controller-0", "DROP DATABASE IF EXISTS keystone_before") })
	l.works("restore_one_schema", map[string]any{"controller_restore_set": dump}, "loaded keystone as keystone_before")
	const tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = "
	for _, n := range names(3) {
		if live, loaded := l.sql(n, tables+"'keystone'"), l.sql(n, tables+"'keystone_before'"); live != loaded ||
			live == "0" {
			l.t.Errorf("%s: keystone has %s tables, keystone_before %s", n, live, loaded)
		}
	}
}

func (l lab) comparesPacemaker() {
	l.backup(nil)
	l.works("compare_pacemaker", nil, "Pacemaker's configuration is that of")
	const property = "crm_attribute --type crm_config --name cluster-recheck-interval"
	l.on("controller-0", property+" --update 17min")
	l.t.Cleanup(func() { l.on("controller-0", property+" --delete") })
	l.works("compare_pacemaker", nil, "is not that of", "17min")
	if now := l.on("controller-0", property+" --query --quiet"); now != "17min" {
		l.t.Errorf("the property is %q now", now)
	}
}

// writesUnits does not touch this machine's systemd. The command of the service only lists its hosts.
func (l lab) writesUnits() {
	folder := l.t.TempDir()
	vars := map[string]any{"unit_directory": folder, "backup_inventory": l.run("inventory")}
	l.works("schedule_with_systemd", vars, "changed=2")
	l.works("schedule_with_systemd", vars, "changed=0")
	for _, unit := range []string{"service", "timer"} {
		path := filepath.Join(folder, "overcloud-database-backup."+unit)
		if out, err := exec.Command("systemd-analyze", "verify", "--man=no", path).CombinedOutput(); err != nil ||
			strings.Contains(string(out), folder) {
			l.t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
	service, err := os.ReadFile(filepath.Join(folder, "overcloud-database-backup.service"))
	if err != nil {
		l.t.Fatal(err)
	}
	_, command, _ := strings.Cut(string(service), "ExecStart=")
	out, err := l.ansible(filepath.Join(root, "build/collections"), "sh", "-c",
		strings.TrimSpace(command)+" --list-hosts")
	if err != nil || !strings.Contains(out, inventory("controller-0")[0]) {
		l.t.Errorf("%s: %v\n%s", command, err, out)
	}
}
