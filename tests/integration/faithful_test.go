// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"fmt"
	"strings"
	"testing"
)

// inherited is a schema like those of clusters that were upgraded repeatedly: a table with the row format from before
// MariaDB 10.2, rows that are history, and events that one controller runs.
const inherited = `CREATE DATABASE inherited; USE inherited;
	CREATE TABLE old (id INT PRIMARY KEY, v VARCHAR(100)); INSERT INTO old VALUES (1, 'x');
	CREATE TABLE hist (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
	INSERT INTO hist VALUES (1, 1); UPDATE hist SET v = 2;
	CREATE PROCEDURE p() SELECT 1;
	CREATE EVENT tick ON SCHEDULE EVERY 1 HOUR STARTS '2036-01-01 00:00:00' DO INSERT INTO old VALUES (2, 'y');
	CREATE EVENT off ON SCHEDULE EVERY 1 HOUR DISABLE DO DELETE FROM old;
	CREATE EVENT once ON SCHEDULE AT '2036-01-01 00:00:00' DO DELETE FROM old;
	CREATE USER inherited@'%' IDENTIFIED BY 'x'; GRANT SELECT (id) ON inherited.old TO inherited@'%';
	GRANT EXECUTE ON PROCEDURE inherited.p TO inherited@'%'`

// inherit makes it, through the controller that serves.
func (l lab) inherit(active string) {
	l.t.Helper()
	format := func(name string) {
		for _, n := range names(3) {
			l.sql(n, "SET GLOBAL innodb_default_row_format = "+name)
		}
	}
	format("COMPACT")
	l.sql(active, inherited)
	format("DYNAMIC")
	l.t.Cleanup(func() {
		lab{l.t}.try("sql", "0", "DROP DATABASE IF EXISTS inherited; DROP USER IF EXISTS inherited@'%'")
	})
}

// inheritedIsBack checks that all of it is on every controller, and that each event runs on one of them, as before.
func (l lab) inheritedIsBack(out string) {
	l.t.Helper()
	enabled := map[string]int{}
	for _, n := range names(3) {
		got := l.sql(n, "SELECT (SELECT COUNT(*) FROM inherited.old), (SELECT COUNT(*) FROM inherited.hist FOR"+
			" SYSTEM_TIME ALL),"+
			" (SELECT COUNT(*) FROM mysql.procs_priv WHERE User = 'inherited'), (SELECT COUNT(*) FROM"+
			" mysql.columns_priv WHERE User = 'inherited')")
		if strings.Join(strings.Fields(got), " ") != "1 2 1 1" {
			l.t.Errorf("%s: rows, history and grants are %q", n, got)
		}
		for name := range strings.FieldsSeq(l.sql(n,
			"SELECT event_name FROM information_schema.events WHERE event_schema = 'inherited' AND status = "+
				"'ENABLED'")) {
			enabled[name]++
		}
	}
	if fmt.Sprint(enabled) != "map[once:1 tick:1]" {
		l.t.Errorf("controllers that run each event: %v\n%s", enabled, out)
	}
}

// loadsOrLeavesEveryRow uses legal rows whose statement in a dump exceeds the limits of every server here, and a table
// that Galera does not replicate.
func (l lab) loadsOrLeavesEveryRow(t *testing.T) {
	l.sql("controller-0", "CREATE DATABASE vast; CREATE TABLE vast.aaa (id INT PRIMARY KEY); INSERT INTO vast.aaa"+
		" VALUES (1), (2), (3);"+
		" CREATE TABLE vast.big (id INT PRIMARY KEY, b LONGBLOB); INSERT INTO vast.big VALUES (1, REPEAT('x',"+
		" 9*1024*1024)), (2, 'y')")
	t.Cleanup(func() { lab{t}.try("sql", "0", "DROP DATABASE IF EXISTS vast; DROP DATABASE IF EXISTS isam") })
	_, set, _ := l.backup(map[string]any{"controller_backup_method": "logical"})
	l.sql("controller-0", "INSERT INTO vast.aaa VALUES (4)")
	out, err := l.play("playbooks/restore.yml", restoreOf(set,
		map[string]any{"state": "loaded", "schemas": []string{"vast"}, "replace": true}))
	if err == nil || !strings.Contains(out, "max_allowed_packet") || !strings.Contains(out, "vast.big") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, n := range names(3) {
		got := l.sql(n, "SELECT (SELECT COUNT(*) FROM vast.aaa), (SELECT SUM(LENGTH(b)) FROM vast.big),"+
			" (SELECT GROUP_CONCAT(schema_name) FROM information_schema.schemata WHERE schema_name LIKE '%overcloud%')")
		if strings.Join(strings.Fields(got), " ") != "4 9437185 NULL" {
			t.Errorf("%s holds %q", n, got)
		}
	}
	l.sql("controller-0", "DROP DATABASE vast; CREATE DATABASE isam")
	for _, n := range names(3) {
		l.sql(n, "CREATE TABLE IF NOT EXISTS isam.t (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO isam.t VALUES"+
			" (1), (2), (3)")
	}
	_, set, _ = l.backup(map[string]any{"controller_backup_method": "logical",
		"controller_backup_non_transactional": "warn"})
	rename := map[string]any{"state": "loaded", "schemas": []string{"isam"},
		"rename": map[string]string{"isam": "isam_again"}}
	t.Cleanup(func() { lab{t}.try("sql", "0", "DROP DATABASE IF EXISTS isam_again") })
	if out, err := l.play("playbooks/restore.yml", restoreOf(set, rename)); err == nil ||
		!strings.Contains(out, "isam.t") {
		t.Errorf("%v\n%s", err, out)
	}
	rename["non_transactional"] = "convert"
	l.restored(set, rename)
	for _, n := range names(3) {
		if got := l.sql(n, "SELECT COUNT(*) FROM isam_again.t"); got != "3" {
			t.Errorf("%s holds %q rows", n, got)
		}
	}
}
