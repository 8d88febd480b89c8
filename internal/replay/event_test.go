// SPDX-License-Identifier: GPL-3.0-or-later

package replay

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/tests/sets"
)

const pastEvents = `DROP DATABASE IF EXISTS past; CREATE DATABASE past; USE past; CREATE TABLE log (w VARCHAR(20));
	SET GLOBAL event_scheduler = OFF; SET time_zone = '+02:00'; SET timestamp = UNIX_TIMESTAMP('2020-06-01 00:00:00');
	CREATE EVENT once ON SCHEDULE AT '2020-06-01 01:00:00' DO INSERT INTO log VALUES ('once');
	CREATE EVENT kept ON SCHEDULE AT '2020-06-01 01:00:00' ON COMPLETION PRESERVE DO INSERT INTO log VALUES ('kept');
	CREATE EVENT idle ON SCHEDULE AT '2020-06-01 01:00:00' DISABLE ON SLAVE DO INSERT INTO log VALUES ('idle');
	CREATE EVENT ended ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ENDS '2020-07-01 01:00:00'
		DO INSERT INTO log VALUES ('ended');
	CREATE EVENT runs ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' DO INSERT INTO log VALUES ('runs')`

const eventRows = "SELECT event_name, status, execute_at, starts, ends, on_completion, time_zone, event_definition" +
	" FROM information_schema.events" +
	" WHERE event_schema = 'past' ORDER BY 1"

// dumpPast creates past events and returns them as a dump, and as the server describes them.
func dumpPast(t *testing.T, s *sets.Server) (dump []byte, rows string) {
	t.Helper()
	_, err := s.SQL(pastEvents)
	must(t, err)
	t.Cleanup(func() {
		if _, err := s.SQL("SET GLOBAL event_scheduler = OFF; DROP DATABASE IF EXISTS past"); err != nil {
			t.Error(err)
		}
	})
	rows, err = s.SQL(eventRows)
	if must(t, err); strings.Count(rows, "\n") != 4 {
		t.Fatalf("the events to begin with:\n%s", rows)
	}
	dump, err = exec.Command("mariadb-dump", "--no-defaults", "--socket="+s.Socket, "--events", "--databases",
		"past").Output()
	must(t, err)
	_, err = s.SQL("DROP DATABASE past")
	must(t, err)
	return dump, rows
}

// prepared returns a session that keeps its warnings.
func prepared(t *testing.T, c *mariadb.Client, warnings *[]string) *Session {
	t.Helper()
	warn := func(format string, args ...any) { *warnings = append(*warnings, fmt.Sprintf(format, args...)) }
	refused := func(st sqldump.Statement, err error) error { return fmt.Errorf("line %d: %w", st.Line, err) }
	session, err := Prepare(t.Context(), c, warn, refused)
	must(t, err)
	return session
}

// sendAll runs a dump and returns the warnings about its events.
func sendAll(t *testing.T, s *sets.Server, dump []byte) (left []string) {
	t.Helper()
	c := sets.Client(t, s)
	session := prepared(t, c, &left)
	reader := sqldump.NewReader("10.11.19", func(st sqldump.Statement) error {
		if st.Does != "CREATE EVENT" {
			return session.Send(t.Context(), st, st.Text)
		}
		return session.CreateEvent(t.Context(), st, st.Text)
	})
	_, err := reader.Write(bytes.ReplaceAll(dump, []byte("\r"), nil))
	must(t, errors.Join(err, reader.Close()))
	if now, err := c.Value(t.Context(), "SELECT @@timestamp > UNIX_TIMESTAMP('2025-01-01')"); err != nil || now != "1" {
		t.Errorf("the session's clock stays behind: %q, %v", now, err)
	}
	return left
}

func TestEventsOfThePastAreMadeAsTheyWere(t *testing.T) {
	s := sets.Shared(t)
	dump, want := dumpPast(t, s)
	left := sendAll(t, s, dump)
	got, err := s.SQL(eventRows)
	if must(t, err); got != want || len(left) > 0 {
		t.Errorf("the server has\n%s\nand had\n%s\n%v", got, want, left)
	}
}

// A load that fails continues in its session, to undo its changes.
func TestARefusedEventOfThePastLeavesTheClock(t *testing.T) {
	c := sets.Client(t, sets.Shared(t))
	session := prepared(t, c, new([]string))
	st := sqldump.Statement{Does: "CREATE EVENT", Schema: "past", Name: "once",
		Event: &sqldump.Event{Over: "'2020-06-01 01:00:00'", Status: "DISABLE"}}
	if err := session.CreateEvent(t.Context(), st, "CREATE EVENT nothing.like_that"); err == nil {
		t.Fatal("it was made")
	}
	if now, err := c.Value(t.Context(), "SELECT @@timestamp > UNIX_TIMESTAMP('2025-01-01')"); err != nil || now != "1" {
		t.Errorf("the session's clock stays behind: %q, %v", now, err)
	}
}

func TestAnEventOfThePastDoesNotRunWhereAScheduleRuns(t *testing.T) {
	s := sets.Shared(t)
	dump, _ := dumpPast(t, s)
	// The shared server has an event that empties a table of other tests.
	_, err := s.SQL("ALTER DEFINER = nova@localhost EVENT nova.e DISABLE; SET GLOBAL event_scheduler = ON")
	must(t, err)
	t.Cleanup(func() {
		if _, err := s.SQL("SET GLOBAL event_scheduler = OFF; ALTER DEFINER = nova@localhost EVENT nova.e " +
			"ENABLE"); err != nil {
			t.Error(err)
		}
	})
	left := strings.Join(sendAll(t, s, dump), "\n")
	for _, name := range []string{"past.once", "past.kept", "past.ended"} {
		if !strings.Contains(left, name) {
			t.Errorf("%s is not named: %s", name, left)
		}
	}
	if strings.Contains(left, "past.idle") || strings.Contains(left, "past.runs") {
		t.Error(left)
	}
	ran, err := s.SQL("DO SLEEP(2); SELECT GROUP_CONCAT(w) FROM past.log WHERE w NOT IN ('runs')")
	if must(t, err); ran != "NULL" {
		t.Errorf("these ran: %s", ran)
	}
}

// Anything that a server can hold loads: rows that violate a later constraint, and a table wider than strict mode
// allows.
func TestASessionThatLoadsIsAsLenientAsTheSourceWas(t *testing.T) {
	s := sets.Shared(t)
	var wide []string
	for range 197 {
		wide = append(wide, "c"+string(rune('a'+len(wide)%26))+string(rune('a'+len(wide)/26))+" VARCHAR(60)")
	}
	c := sets.Client(t, s)
	create := "CREATE OR REPLACE TABLE nova.wide (" + strings.Join(wide, ", ") + ") ENGINE=InnoDB CHARSET=utf8mb4"
	t.Cleanup(func() { _, _ = s.SQL("DROP TABLE IF EXISTS nova.wide, nova.checked") })
	if err := c.Exec(t.Context(), create); err == nil {
		t.Fatal("the server takes the table anyway")
	}
	prepared(t, c, nil)
	must(t, c.Exec(t.Context(), create))
	must(t, c.Exec(t.Context(), "CREATE TABLE nova.checked (n INT, CHECK (n > 0))"))
	must(t, c.Exec(t.Context(), "INSERT INTO nova.checked VALUES (-1)"))
}
