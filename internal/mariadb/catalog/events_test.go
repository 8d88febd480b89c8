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
