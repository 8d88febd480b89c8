// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
)

func TestCommentsInProgramsAreLoaded(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT)")
	const body = "-- first\nBEGIN -- a 'quote\n  # b `quote\n  /* c \" */ SET @x = 1; # ; d\n  -- e\nEND"
	for _, program := range []string{"PROCEDURE p()", "FUNCTION f() RETURNS INT NO SQL",
		"TRIGGER r BEFORE INSERT ON t FOR EACH ROW", "EVENT e ON SCHEDULE EVERY 1 DAY DO"} {
		text := body
		if strings.HasPrefix(program, "FUNCTION") {
			text = strings.Replace(body, "# ; d", "RETURN 1; # ; d", 1)
		}
		cmd := exec.Command("mariadb", "--no-defaults", "--comments", "--socket="+s.Socket, "copy")
		cmd.Stdin = strings.NewReader("DELIMITER //\nCREATE " + program + " " + text + "//\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	const bodies = "SELECT routine_definition FROM information_schema.routines WHERE routine_schema = 'copy'" +
		" UNION ALL SELECT action_statement FROM information_schema.triggers WHERE trigger_schema = 'copy'" +
		" UNION ALL SELECT event_definition FROM information_schema.events WHERE event_schema = 'copy'"
	shown := func() (all string) {
		for _, what := range []string{"PROCEDURE p", "FUNCTION f", "TRIGGER r", "EVENT e"} {
			text, err := s.SQL("USE copy; SHOW CREATE " + what)
			Must(t, err)
			all += regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+`).ReplaceAllString(text, "TIME") + "\n"
		}
		return all
	}
	before, err := s.SQL(bodies)
	Must(t, err)
	before += shown()
	for _, comment := range []string{"-- a", "# b", "/* c", "# ; d", "-- e"} {
		if strings.Count(before, comment) != 8 {
			t.Fatalf("%s is not in each of\n%s", comment, before)
		}
	}
	set := setOf(t, dumped(t, s, "copy"), nil)
	_, err = s.SQL("DROP DATABASE copy")
	Must(t, err)
	_, err = load(t, s, set, ofCopy())
	Must(t, err)
	if after, err := s.SQL(bodies); after+shown() != before {
		t.Errorf("before\n%s\nafter\n%s%s\n%v", before, after, shown(), err)
	}
}

func TestEventsThatRanRunAfterALoad(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT); CREATE EVENT ran ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO DELETE FROM t; "+
		"CREATE EVENT rested ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO DELETE FROM t; CREATE EVENT off ON SCHEDULE"+
		" EVERY 1 DAY DISABLE DO DELETE FROM t")
	dump := dumped(t, s, "copy")
	const statuses = "SELECT GROUP_CONCAT(event_schema, '.', event_name, ' ', status ORDER BY event_name) FROM" +
		" information_schema.events WHERE event_schema IN ('copy', 'new')"
	t.Cleanup(func() { _, _ = s.SQL("DROP DATABASE IF EXISTS new") })
	o := Options{Parts: []Part{{Schema: "copy", As: "new"}}, Definers: asRoot}
	told := setOf(t, dump, func(m *repository.Manifest) {
		m.Schema.EventsEnabled = []repository.Name{{Schema: "copy", Name: "ran"}, {Schema: "copy", Name: "off"},
			{Schema: "other", Name: "rested"}}
	})
	// A copy beside the schema does not run the programs of the original.
	done, err := load(t, s, told, o)
	Must(t, err)
	if got, err := s.SQL(statuses + " AND event_schema = 'new'"); got != "new.off DISABLED,new.ran"+
		" SLAVESIDE_DISABLED,new.rested SLAVESIDE_DISABLED" {
		t.Errorf("%s, %v", got, err)
	}
	if said := strings.Join(done.Warnings, ";"); len(done.Actions) > 0 ||
		!strings.Contains(said, "EVENT `new`.`ran` ENABLE") || strings.Contains(said, "rested") {
		t.Errorf("%q, %q", done.Actions, said)
	}
	done, err = load(t, s, told, ofCopy())
	Must(t, err)
	if got, err := s.SQL(statuses + " AND event_schema = 'copy'"); got != "copy.off DISABLED,copy.ran"+
		" ENABLED,copy.rested SLAVESIDE_DISABLED" {
		t.Errorf("%s, %v", got, err)
	}
	if strings.Join(done.Actions, ";") != "enabled the events copy.ran" ||
		strings.Join(done.Warnings, ";") != "no event runs through this server: its event_scheduler is OFF" {
		t.Errorf("%q, %q", done.Actions, done.Warnings)
	}
	// An older set does not record it.
	done, err = load(t, s, setOf(t, dump, nil), o)
	Must(t, err)
	said := strings.Join(done.Warnings, "\n")
	for _, want := range []string{"new.ran ran; if it did: ALTER DEFINER=`root`@`localhost` EVENT `new`.`ran` ENABLE",
		"EVENT `new`.`rested` ENABLE"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %s", want, said)
		}
	}
	if strings.Contains(said, "`off`") {
		t.Error(said)
	}
}

// A dump temporarily changes the schema's collation for programs with another one: afterwards the schema must have
// its own.
func TestProgramsKeepTheCollationThatTheirSchemaHad(t *testing.T) {
	s := made(t, "ALTER DATABASE copy CHARACTER SET utf8mb3; CREATE TABLE t (a INT); CREATE TRIGGER r BEFORE INSERT"+
		" ON t FOR EACH ROW SET NEW.a = 1; "+
		"CREATE PROCEDURE p() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t; ALTER"+
		" DATABASE copy CHARACTER SET utf8mb4; "+
		"CREATE PROCEDURE q() SELECT 1; CREATE TABLE u (a INT); CREATE TRIGGER v BEFORE INSERT ON u FOR EACH ROW SET"+
		" NEW.a = 1")
	const collations = "SELECT database_collation FROM information_schema.triggers WHERE trigger_schema = 'copy'" +
		" UNION ALL " +
		"SELECT database_collation FROM information_schema.routines WHERE routine_schema = 'copy' UNION ALL " +
		"SELECT database_collation FROM information_schema.events WHERE event_schema = 'copy' UNION ALL " +
		"SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'copy'"
	before, err := s.SQL(collations)
	Must(t, err)
	set := setOf(t, dumped(t, s, "copy"), nil)
	for _, drop := range []string{"DROP DATABASE copy", "DO 1"} {
		_, err = s.SQL(drop)
		Must(t, err)
		_, err = load(t, s, set, ofCopy())
		Must(t, err)
		if after, err := s.SQL(collations); after != before || strings.Count(before, "utf8mb3") != 3 {
			t.Errorf("before\n%s\nafter\n%s\n%v", before, after, err)
		}
	}
}

// A view over tables that are gone must not keep a load from restoring them.
func TestALoadMendsAViewOfADroppedTable(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT); INSERT INTO t VALUES (7); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w"+
		" AS SELECT * FROM v")
	set := setOf(t, dumped(t, s, "copy"), nil)
	_, err := s.SQL("DROP TABLE copy.t")
	Must(t, err)
	_, err = load(t, s, set, ofCopy())
	Must(t, err)
	if a, err := s.SQL("SELECT a FROM copy.w"); a != "7" {
		t.Errorf("%q, %v", a, err)
	}
}

func TestGrantsOnReplacedObjectsStay(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT); CREATE PROCEDURE p() SELECT 1; CREATE FUNCTION f() RETURNS INT NO SQL"+
		" RETURN 1; CREATE USER g@'%'; "+
		"GRANT EXECUTE ON PROCEDURE copy.p TO g@'%'; GRANT EXECUTE ON FUNCTION copy.f TO g@'%'; GRANT SELECT (a) ON"+
		" copy.t TO g@'%'")
	t.Cleanup(func() { _, _ = s.SQL("DROP USER g@'%'") })
	before, err := s.SQL("SHOW GRANTS FOR g@'%'")
	Must(t, err)
	_, err = load(t, s, setOf(t, dumped(t, s, "copy"), nil), ofCopy())
	Must(t, err)
	if after, err := s.SQL("SHOW GRANTS FOR g@'%'"); after != before || strings.Count(before, "copy") != 3 {
		t.Errorf("before\n%s\nafter\n%s\n%v", before, after, err)
	}
}
