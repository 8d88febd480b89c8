// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

const eventsBefore = "SELECT event_name, definer, execute_at, starts, ends, on_completion, sql_mode, time_zone," +
	" character_set_client, collation_connection," +
	" database_collation, event_comment, event_definition, created FROM information_schema.events WHERE event_schema" +
	" LIKE 'ev%' ORDER BY 1"

func TestEventsAreEnabledAndNothingElseOfThem(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	_, err := s.SQL("DROP DATABASE IF EXISTS ev; CREATE DATABASE ev CHARACTER SET latin1; USE ev; CREATE TABLE t (a" +
		" INT); CREATE USER IF NOT EXISTS `o``w'n`@'10.%'; " +
		"GRANT ALL ON ev.* TO `o``w'n`@'10.%'; SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00'," +
		" character_set_client = latin1, collation_connection = latin1_bin; " +
		"CREATE DEFINER=`o``w'n`@'10.%' EVENT `e``1` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' DISABLE ON" +
		" SLAVE COMMENT 'c' DO DELETE FROM t; " +
		"CREATE EVENT soon ON SCHEDULE AT '2036-01-01 00:00:00' DISABLE ON SLAVE DO INSERT INTO t VALUES (1); " +
		"CREATE EVENT runs ON SCHEDULE EVERY 1 DAY DO DELETE FROM t; SET character_set_client = utf8mb4; " +
		"CREATE EVENT past ON SCHEDULE AT '2035-01-01 00:00:00' DISABLE ON SLAVE DO INSERT INTO t VALUES (2); " +
		"ALTER DATABASE ev CHARACTER SET utf8mb4; CREATE EVENT young ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO" +
		" DELETE FROM t; " +
		"UPDATE mysql.event SET execute_at = '2020-01-01 00:00:00' WHERE db = 'ev' AND name = 'past'; ALTER DATABASE" +
		" ev CHARACTER SET latin1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.SQL("DROP DATABASE IF EXISTS ev; DROP USER IF EXISTS `o``w'n`@'10.%'") })
	before, _ := s.SQL(eventsBefore)
	var names []Event
	for _, name := range []string{"e`1", "soon", "runs", "past", "young", "none"} {
		names = append(names, Event{"ev", name})
	}
	enabled, left, err := EnableEvents(t.Context(), c, names)
	if err != nil || strings.Join(enabled, " ") != "ev.e`1 ev.soon ev.runs" || len(left) != 3 {
		t.Errorf("%q, %q, %v", enabled, left, err)
	}
	for i, want := range []string{"ev.past: its last moment has passed", "ev.young: the schema has another collation",
		"ev.none does not exist"} {
		if i < len(left) && !strings.Contains(left[i], want) {
			t.Errorf("%q", left[i])
		}
	}
	if !strings.HasSuffix(left[0], ": ALTER DEFINER=`root`@`localhost` EVENT `ev`.`past` ENABLE") {
		t.Errorf("%q has no statement to run", left[0])
	}
	if after, err := s.SQL(eventsBefore); after != before || err != nil {
		t.Errorf("before\n%s\nafter\n%s\n%v", before, after, err)
	}
	status, err := s.SQL("SELECT event_name, status FROM information_schema.events" +
		" WHERE event_schema = 'ev' ORDER BY 1")
	want := "e`1\tENABLED\npast\tSLAVESIDE_DISABLED\nruns\tENABLED\nsoon\tENABLED\nyoung\tSLAVESIDE_DISABLED"
	if status != want || err != nil {
		t.Errorf("%s\n%v", status, err)
	}
	if charset, err := c.Value(t.Context(), "SELECT @@character_set_client"); charset != "utf8mb4" || err != nil {
		t.Errorf("the session has %s, %v", charset, err)
	}
}

func TestEventsAreDistinguishedByTheirStatus(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE e", "CREATE EVENT e.`it's, \"x\"` ON SCHEDULE EVERY 1 DAY DO SET @x = 1",
		"CREATE EVENT e.off ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1",
		"CREATE EVENT e.other ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SET @x = 1",
		"CREATE USER blind@localhost IDENTIFIED BY 'x'")
	defer mariadbtest.Exec(t, c, "DROP DATABASE e", "DROP USER blind@localhost")
	got, err := ReadEvents(t.Context(), c, time.Minute)
	if want := "{true ON [e.it's, \"x\"] [e.off]}"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
	blind := s.Open(t, mariadb.Login{Socket: s.Socket, User: "blind", Password: "x"})
	if got, err := ReadEvents(t.Context(), blind, time.Minute); err == nil || got.Known ||
		!strings.Contains(err.Error(), "EVENT ON *.*") {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEventsThatNoDumpCanHoldAreNamed(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	var want []string
	for i, schema := range []string{"plain", "per%cent", "a`b", "q'b", `q"b`, `back\slash`, "two\nlines"} {
		mariadbtest.Exec(t, c, "CREATE DATABASE "+mariadb.QuoteName(schema))
		defer mariadbtest.Exec(t, c, "DROP DATABASE "+mariadb.QuoteName(schema))
		for name, rest := range map[string]string{"good": "DO SELECT ';'", "body": "DO SELECT ';;'",
			"comment": "COMMENT ';;;' DO SELECT 1", "a;;b": "DO SELECT 1"} {
			mariadbtest.Exec(t, c, "CREATE EVENT "+mariadb.QuoteName(schema)+"."+mariadb.QuoteName(name)+
				" ON SCHEDULE EVERY 1 YEAR DISABLE "+
				rest)
			if i > 2 || name != "good" {
				want = append(want, schema+"."+name)
			}
		}
	}
	got, err := UndumpableEvents(t.Context(), c)
	if slices.Sort(want); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
	}
}

// The other columns of an event decide what it does: one that cannot be enabled without touching them stays as it is,
// and the operator gets the statement.
func TestAnEventThatMayNotBeEnabledIsLeftWithItsStatement(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	_, err := s.SQL("DROP DATABASE IF EXISTS evl; CREATE DATABASE evl; USE evl; CREATE EVENT theirs ON SCHEDULE EVERY" +
		" 1 DAY DISABLE ON SLAVE DO SET @x = 1; CREATE EVENT `é` ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SET @x =" +
		" 1; UPDATE mysql.event SET character_set_client = 'latin1', collation_connection = 'latin1_swedish_ci'" +
		" WHERE db = 'evl' AND name = 'é'; CREATE OR REPLACE USER evl@localhost IDENTIFIED BY 'x'; GRANT EVENT," +
		" SELECT ON *.* TO evl@localhost")
	if err != nil {
		t.Fatal(err)
	}
	defer mariadbtest.Exec(t, root, "DROP DATABASE evl", "DROP USER evl@localhost")
	c := s.Open(t, mariadb.Login{Socket: s.Socket, User: "evl", Password: "x"})
	for name, want := range map[string]string{"theirs": "SET USER",
		"é": "its name is not of its character set latin1"} {
		enabled, left, err := EnableEvents(t.Context(), c, []Event{{"evl", name}})
		if err != nil || len(enabled) > 0 || len(left) != 1 || !strings.Contains(left[0], want) ||
			!strings.HasSuffix(left[0], ": ALTER DEFINER=`root`@`localhost` EVENT `evl`.`"+name+"` ENABLE") {
			t.Errorf("%s: %q, %q, %v", name, enabled, left, err)
		}
	}
	if charset, err := c.Value(t.Context(), "SELECT @@character_set_client"); charset != "utf8mb4" || err != nil {
		t.Errorf("the session has %s, %v", charset, err)
	}
	statement, err := EnableStatement(t.Context(), c, Event{"evl", "theirs"})
	if statement != "ALTER DEFINER=`root`@`localhost` EVENT `evl`.`theirs` ENABLE" || err != nil {
		t.Errorf("%q, %v", statement, err)
	}
	if statement, err := EnableStatement(t.Context(), c, Event{"evl", "none"}); statement != "" || err != nil {
		t.Errorf("of no event: %q, %v", statement, err)
	}
	enabled, left, err := EnableEvents(t.Context(), root, []Event{{"evl", "theirs"}})
	if err != nil || len(enabled) != 1 {
		t.Errorf("by root: %q, %q, %v", enabled, left, err)
	}
}

// The result lists the events that were enabled before the connection was lost, and the one whose state is unknown.
func TestALostConnectionEndsTheEnabling(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Open(t, mariadb.Login{Socket: s.Socket})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	enabled, left, err := EnableEvents(t.Context(), c, []Event{{"ev", "a"}, {"ev", "b"}})
	if len(enabled) > 0 || len(left) > 0 || err == nil || !strings.HasPrefix(err.Error(), "enable the event ev.a: ") {
		t.Errorf("%q, %q, %v", enabled, left, err)
	}
}

// A list that is cut off would read like a complete one.
func TestMoreEventsThanTheFactsHoldAreAnError(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	var many strings.Builder
	many.WriteString("DROP DATABASE IF EXISTS manye; CREATE DATABASE manye; USE manye;")
	for i := range maxEvents {
		fmt.Fprintf(&many, "CREATE EVENT e%d ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1;", i)
	}
	if _, err := s.SQL(many.String()); err != nil {
		t.Fatal(err)
	}
	defer mariadbtest.Exec(t, c, "DROP DATABASE manye")
	got, err := ReadEvents(t.Context(), c, time.Minute)
	if err != nil || !got.Known || len(got.Disabled) != maxEvents || !slices.IsSortedFunc(got.Disabled,
		func(a, b Event) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%d events, %v", len(got.Disabled), err)
	}
	mariadbtest.Exec(t, c, "CREATE EVENT manye.last ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1")
	if got, err := ReadEvents(t.Context(), c, time.Minute); err == nil || got.Known || len(got.Disabled) > 0 {
		t.Errorf("%d events, %v", len(got.Disabled), err)
	}
}
