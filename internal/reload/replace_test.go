// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/sets"
)

// live is a schema in use, and another one with a foreign key into it.
const live = `DROP DATABASE IF EXISTS beside; DROP DATABASE IF EXISTS live;
	CREATE DATABASE live; CREATE DATABASE beside; USE live;
	CREATE TABLE parent (id INT PRIMARY KEY, v INT CHECK (v < 1000));
	CREATE TABLE child (id INT PRIMARY KEY, p INT, n INT,
		CONSTRAINT fkn FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE,
		FOREIGN KEY (p) REFERENCES parent (id));
	CREATE TABLE ` + "`a ``b. é`" + ` (id INT PRIMARY KEY, b LONGBLOB);
	CREATE SEQUENCE sq NOCACHE INCREMENT BY 0; CREATE TABLE numbered (id BIGINT DEFAULT NEXTVAL(sq) PRIMARY KEY, n INT);
	CREATE VIEW v AS SELECT id, v FROM parent; CREATE PROCEDURE p() SELECT 'old';
	CREATE TRIGGER t1 BEFORE INSERT ON child FOR EACH ROW SET NEW.n = 1;
	CREATE TRIGGER t2 BEFORE INSERT ON child FOR EACH ROW FOLLOWS t1 SET NEW.n = NEW.n + 1;
	CREATE TRIGGER t3 BEFORE INSERT ON parent FOR EACH ROW SET NEW.v = 7;
	CREATE TABLE beside.c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES live.parent (id));
	INSERT INTO parent VALUES (1, 0), (2, 0); INSERT INTO child (id, p) VALUES (1, 1);
	INSERT INTO beside.c VALUES (1, 2);
	INSERT INTO numbered (n) VALUES (5), (6); SET check_constraint_checks = 0;
	INSERT INTO parent VALUES (3, 0); UPDATE parent SET v = 2000 WHERE id = 3;
	INSERT INTO ` + "`a ``b. é`" + ` VALUES (1, REPEAT('x', 900000)), (2, 'y')`

// dumpArgs are the arguments of a backup's dump.
var dumpArgs = []string{"--no-defaults", "--single-transaction", "--routines", "--events", "--triggers",
	"--skip-add-locks", "--hex-blob"}

// dumped returns a dump of schemas of the server.
func dumped(t *testing.T, s *sets.Server, schemas ...string) string {
	t.Helper()
	dump, err := exec.Command("mariadb-dump", append(append(dumpArgs, "--socket="+s.Socket, "--databases"),
		schemas...)...).Output()
	Must(t, err)
	return string(dump)
}

// setOf returns a set with such a dump.
func setOf(t *testing.T, dump string, change func(*repository.Manifest)) *repository.Set {
	t.Helper()
	destination, path := sets.Copy(t, "logical")
	sets.Recompress(t, path, sets.Open(t, destination, path).Manifest.Data(),
		func(raw string) { Must(t, os.WriteFile(raw, []byte(dump), 0o600)) })
	sets.EditManifest(t, path, func(m *repository.Manifest) {
		m.Schema.Tables = map[string]int{"live": 5, "copy": 1}
		if change != nil {
			change(m)
		}
	})
	return sets.Open(t, destination, path)
}

// state returns everything in the schemas live and beside that a client would miss.
func state(t *testing.T, s *sets.Server) string {
	t.Helper()
	var all strings.Builder
	for _, query := range []string{
		"CHECKSUM TABLE live.parent, live.child, live.`a ``b. é`, live.numbered, beside.c",
		"SHOW CREATE TABLE live.child", "SHOW CREATE TABLE live.parent", "SHOW CREATE TABLE beside.c",
		"SHOW CREATE TABLE live.numbered", "SELECT LASTVAL(live.sq)",
		"SELECT trigger_name, event_object_table, action_timing, action_order, action_statement, sql_mode, definer," +
			" character_set_client," +
			" collation_connection FROM information_schema.triggers WHERE trigger_schema = 'live' ORDER BY 1",
		"SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'live' ORDER BY 1",
		"SELECT * FROM live.v ORDER BY 1", "CALL live.p()",
		"SELECT for_name, ref_name FROM information_schema.innodb_sys_foreign WHERE for_name LIKE 'live/%' OR" +
			" for_name LIKE 'beside/%' ORDER BY id",
		"SELECT schema_name FROM information_schema.schemata ORDER BY 1",
	} {
		got, err := s.SQL(query)
		Must(t, err)
		fmt.Fprintf(&all, "%s\n%s\n", query, got)
	}
	return all.String()
}

// inUse creates the schemas, and removes them at the end.
func inUse(t *testing.T) *sets.Server {
	t.Helper()
	s := sets.Shared(t)
	_, err := s.SQL(live)
	Must(t, err)
	t.Cleanup(func() {
		left, err := s.SQL("SELECT GROUP_CONCAT('DROP DATABASE ', schema_name SEPARATOR ';') FROM" +
			" information_schema.schemata WHERE schema_name LIKE 'overcloud_load_%'")
		if err == nil {
			_, err = s.SQL("SET foreign_key_checks = 0; DROP DATABASE IF EXISTS live; DROP DATABASE IF EXISTS beside;" +
				" DROP DATABASE IF EXISTS copy; " +
				strings.TrimPrefix(left, "NULL"))
		}
		if err != nil {
			t.Error(err)
		}
	})
	return s
}

var asRoot = []string{"root@localhost"}

func whole(as string) Options {
	return Options{Parts: []Part{{Schema: "live", As: as}}, Definers: asRoot}
}

func TestASchemaInUseIsReplacedWithAllReferencesToIt(t *testing.T) {
	s := inUse(t)
	before, set := state(t, s), setOf(t, dumped(t, s, "live"), nil)
	_, err := s.SQL("USE live; SET foreign_key_checks = 0; DELETE FROM beside.c; DELETE FROM parent; INSERT INTO" +
		" parent VALUES (9, 9); DROP TRIGGER t2; DELETE FROM `a ``b. é`; " +
		"DROP PROCEDURE p; CREATE PROCEDURE p() SELECT 'changed'; INSERT INTO numbered (n) VALUES (7), (8); CREATE OR" +
		" REPLACE VIEW v AS SELECT 1 AS id, 1 AS v; " +
		"INSERT INTO beside.c VALUES (1, 2)")
	Must(t, err)
	done, err := load(t, s, set, whole("live"))
	Must(t, err)
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if want := "a foreign key of beside.c leads to live.parent, which was replaced"; len(done.Warnings) != 1 ||
		!strings.HasPrefix(done.Warnings[0], want) {
		t.Error(done.Warnings)
	}
	rows := map[string]int64{}
	for _, table := range done.Tables {
		if rows[table.Schema+"."+table.Name] = table.Rows; !table.InUse {
			t.Errorf("%+v was there before", table)
		}
	}
	if fmt.Sprint(rows) != "map[live.a `b. é:2 live.child:1 live.numbered:2 live.parent:3 live.sq:1]" {
		t.Error(rows)
	}
	// Foreign keys work as before, in both directions.
	for statement, why := range map[string]string{
		"INSERT INTO live.child VALUES (5, 55, 0)": "1452", "INSERT INTO beside.c VALUES (5, 55)": "1452",
		"DELETE FROM live.parent WHERE id = 2": "1451",
	} {
		if _, err := s.SQL(statement); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestOneTableIsReplacedWithItsKeysToTablesThatStay(t *testing.T) {
	s := inUse(t)
	before, set := state(t, s), setOf(t, dumped(t, s, "live"), nil)
	for _, table := range []string{"child", "parent"} {
		_, err := s.SQL("UPDATE live.child SET n = 9; UPDATE live.parent SET v = 9")
		Must(t, err)
		for _, each := range []string{table, map[string]string{"child": "parent", "parent": "child"}[table]} {
			_, err = load(t, s, set, Options{Parts: []Part{{Schema: "live", As: "live", Tables: []string{each}}},
				Definers: asRoot})
			Must(t, err)
		}
		if after := state(t, s); after != before {
			t.Errorf("%s: before:\n%s\nafter:\n%s", table, before, after)
		}
	}
}

func TestASchemaThatWasDroppedComesBack(t *testing.T) {
	s := inUse(t)
	before, set := state(t, s), setOf(t, dumped(t, s, "live"), nil)
	_, err := s.SQL("SET foreign_key_checks = 0; DROP DATABASE live")
	Must(t, err)
	_, err = load(t, s, set, whole("live"))
	Must(t, err)
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// However a load ends, the earlier content stays: rows, triggers, keys, views.
func TestALoadThatFailsLosesNothing(t *testing.T) {
	s := inUse(t)
	before, dump := state(t, s), dumped(t, s, "live")
	last := strings.LastIndex(dump, "INSERT INTO `parent`")
	for name, c := range map[string]struct {
		dump, why string
		change    func()
	}{
		"a duplicate key": {dump[:last] + "INSERT INTO `parent` VALUES (1,0);\n" + dump[last:],
			"Duplicate entry", nil},
		"rows that are missing": {strings.Replace(dump, "INSERT INTO `parent`",
			"INSERT IGNORE INTO `parent` VALUES (1,0);\nINSERT IGNORE INTO `parent`", 1), "loaded were", nil},
		"a procedure that fails": {strings.Replace(dump, "SELECT 'old'", "SELECT FROM WHERE", 1), "SQL syntax", nil},
		"a trigger that fails":   {strings.Replace(dump, "SET NEW.v = 7", "SET NEW.w = 7 FROM", 1), "SQL syntax", nil},
		"a view that fails": {strings.Replace(dump, "AS `v` from `parent`", "AS `v` from `parents`", 1), "parents",
			nil},
		"a blob that is too long": {dump, "max_allowed_packet", func() {
			_, err := s.SQL("SET GLOBAL max_allowed_packet = 1048576")
			Must(t, err)
		}},
	} {
		if c.change != nil {
			c.change()
		}
		_, err := load(t, s, setOf(t, c.dump, nil), whole("live"))
		if err == nil || !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
		_, err = s.SQL("SET GLOBAL max_allowed_packet = DEFAULT")
		Must(t, err)
		if after := state(t, s); after != before {
			t.Errorf("%s: before:\n%s\nafter:\n%s", name, before, after)
		}
	}
}

// Whenever the connection is lost, the earlier rows are there, or the message says that they are the set's.
func TestALoadWhoseConnectionIsKilledLosesNothing(t *testing.T) {
	s := inUse(t)
	before, dump := state(t, s), dumped(t, s, "live")
	set := setOf(t, strings.Replace(dump, "SELECT 'old'", "SELECT 'new'", 1), nil)
	killed := 0
	for delay := time.Duration(0); ; delay += 8 * time.Millisecond {
		ctx, cancel := context.WithCancel(t.Context())
		by := make(chan error, 1)
		go func() { by <- killLoader(s, ctx, delay) }()
		_, err := load(t, s, set, whole("live"))
		cancel()
		Must(t, <-by)
		if err == nil {
			break
		}
		killed++
		after := state(t, s)
		switch past := strings.Contains(err.Error(), "are complete and in their places") ||
			strings.Contains(err.Error(), "is loaded, and only"); {
		case past && !strings.Contains(after, "CALL live.p()\nnew"):
			t.Errorf("after %s: %v\n%s", delay, err, after)
		case past:
			_, err := load(t, s, setOf(t, dump, nil), whole("live"))
			Must(t, err)
			return
		case after != before || !strings.Contains(err.Error(), "load the dump"):
			t.Errorf("after %s: %v\nbefore:\n%s\nafter:\n%s", delay, err, before, after)
		}
	}
	if killed < 3 {
		t.Errorf("only %d were killed", killed)
	}
}

// killLoader kills the connection that loads, shortly after it began.
func killLoader(s *sets.Server, ctx context.Context, after time.Duration) error {
	c, err := mariadb.Open(context.Background(), mariadb.Login{Socket: s.Socket})
	if err != nil {
		return err
	}
	defer c.Close()
	for ctx.Err() == nil {
		used, err := c.Value(context.Background(), "SELECT IS_USED_LOCK('overcloud_load')")
		if err == nil && used != "" {
			time.Sleep(after)
			err := c.Exec(context.Background(), "KILL "+used)
			// A connection that changes a schema cannot be killed, and one that has ended need not be.
			if number := mariadb.ErrorNumber(err); number != 1095 {
				if number == 1094 {
					return nil
				}
				return err
			}
		}
	}
	return nil
}
