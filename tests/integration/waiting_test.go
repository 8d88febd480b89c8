// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestWaiting lets a backup begin at a wrong moment, which ends by itself or does not.
func TestWaiting(t *testing.T) {
	for name, test := range map[string]func(lab){
		"a lock that is freed after 40 s":     lab.waitsForALock,
		"a state transfer that ends":          lab.waitsForAnSST,
		"a burst of writes":                   lab.waitsForABurst,
		"a read lock on both standbys":        lab.waitsForStatements,
		"a reason for a person fails at once": lab.waitsForNoPerson,
	} {
		t.Run(name, func(t *testing.T) {
			if shape != "hosts" {
				t.Skip("the shapes differ in no part of a wait")
			}
			l := fresh(t)
			l.run("load", "start")
			test(l)
		})
	}
}

// afterTheWait requires a backup that waited for one of these reasons and then went on by itself, without an error of a
// client.
func (l lab) afterTheWait(reasons ...string) {
	l.t.Helper()
	from := time.Now()
	out, path, _ := l.backup(map[string]any{"controller_backup_wait": 300})
	took := time.Since(from)
	l.t.Logf("%s after %s\n%s", path, took.Round(time.Second), out)
	for _, words := range [][]string{{"waiting up to 300 s, because "}, reasons, {" can be backed up, after "}} {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(out, word) }) {
			l.t.Errorf("none of %q is in\n%s", words, out)
		}
	}
	l.run("load", "stop")
	l.clientsSawNothing(from.Unix(), time.Now().Unix())
}

// waitsForALock has a lock of a controller that nobody can ask, so that nothing but its holder frees it.
func (l lab) waitsForALock() {
	on := l.serving()
	id, xml := lockFor(l, on, "controller-9", time.Now().Add(time.Hour).Unix())
	l.on(on, "cibadmin --create --scope crm_config --xml-text '"+xml+"'")
	l.on(on, "nohup sh -c 'sleep 40; cibadmin --delete --scope crm_config --xml-text"+
		` "<cluster_property_set id=\"`+id+`\"/>"' >/dev/null 2>&1 </dev/null &`)
	l.afterTheWait("locked (job lab-test on controller-9 holds the lock")
}

// waitsForAnSST stops the programs of a state transfer for 40 s, so that it lasts.
func (l lab) waitsForAnSST() {
	joiner, donor := l.spare()
	conf := "/etc/mysql/mariadb.conf.d/99-donor.cnf"
	l.on(joiner, "printf '[mysqld]\\nwsrep_sst_donor = "+donor+"\\n' >"+conf)
	l.t.Cleanup(func() { l.on(joiner, "rm -f "+conf) })
	l.on(joiner, "rm -f /var/lib/mysql/grastate.dat /var/lib/mysql/gvwstate.dat /var/lib/mysql/galera.cache;"+
		" pkill -KILL -x 'mariadbd|mysqld'")
	l.until(donor+" is a donor", 2*time.Minute, func() bool {
		return strings.HasSuffix(strings.TrimSpace(l.sql(donor, "SHOW STATUS LIKE 'wsrep_local_state'")), "2")
	})
	l.on(donor, "pkill -STOP -f '[w]srep_sst_';"+
		" nohup sh -c 'sleep 40; pkill -CONT -f [w]srep_sst_' >/dev/null 2>&1 </dev/null &")
	l.afterTheWait(donor + ": donor (")
}

// waitsForABurst has twenty clients that write for 40 s as fast as they can, which the standbys' single appliers
// cannot.
func (l lab) waitsForABurst() {
	on := l.serving()
	l.sql(on, "CREATE TABLE lab_load.burst (id BIGINT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(60), KEY (a))")
	l.t.Cleanup(func() { l.sql(on, "DROP TABLE lab_load.burst") })
	l.on(on, `for i in $(seq 20); do setsid -f sh -c "yes 'INSERT INTO lab_load.burst (a) SELECT LEFT(MD5(RAND()), 60)`+
		` FROM nova.instance_extra LIMIT 100;' | timeout 40 mysql" >/dev/null 2>&1 </dev/null; done`)
	l.until("the standbys are behind", 30*time.Second, func() bool {
		behind := 0
		for _, n := range l.standbys(3) {
			fields := strings.Fields(l.sql(n, "SHOW STATUS LIKE 'wsrep_local_recv_queue'"))
			if queue, err := strconv.Atoi(fields[len(fields)-1]); err == nil && queue > 16 {
				behind++
			}
		}
		return behind == 2
	})
	l.afterTheWait(": recv_queue (", ": flow_control (")
}

// waitsForStatements has a statement on both standbys that desyncs them for 40 s.
func (l lab) waitsForStatements() {
	for _, n := range l.standbys(3) {
		l.on(n, `nohup mysql -e "FLUSH TABLES WITH READ LOCK; SELECT SLEEP(40)" >/dev/null 2>&1 </dev/null &`)
	}
	l.until("they hold the lock", 30*time.Second, func() bool {
		for _, n := range l.standbys(3) {
			if !strings.Contains(l.sql(n, "SHOW PROCESSLIST"), "SLEEP(40)") {
				return false
			}
		}
		return true
	})
	l.afterTheWait(l.standbys(3)[0] + ": donor (")
}

func (l lab) waitsForNoPerson() {
	for _, n := range l.standbys(3) {
		l.sql(n, "SET GLOBAL wsrep_desync=ON")
	}
	from := time.Now()
	out, err := l.play("playbooks/backup.yml", map[string]any{"controller_backup_wait": 300})
	if err == nil || time.Since(from) > 100*time.Second || strings.Contains(out, "waiting up to") ||
		!strings.Contains(out, "desynced") {
		l.t.Errorf("after %s: %v\n%s", time.Since(from).Round(time.Second), err, out)
	}
	if sets := l.sets(); strings.Contains(sets, "manifest") {
		l.t.Errorf("there is a set:\n%s", sets)
	}
}

// lockFor returns the id and the XML of the cluster's lock.
func lockFor(l lab, on, holder string, expires int64) (id, xml string) {
	l.t.Helper()
	id = "overcloud-backup-lock-" + strings.Fields(l.sql(on, "SHOW STATUS LIKE 'wsrep_cluster_state_uuid'"))[1]
	xml = `<cluster_property_set id="` + id + `">`
	for name, value := range map[string]any{
		"holder": holder, "job": "lab-test", "since": time.Now().Unix(), "expires": expires,
	} {
		xml += fmt.Sprintf(`<nvpair id="%s-%s" name="overcloud-backup-%s" value="%v"/>`, id, name, name, value)
	}
	return id, xml + "</cluster_property_set>"
}
