// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"errors"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/mariadb/mariadbtest"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

// dumpable returns a server with one schema that a dump accepts unchanged, and the options of that dump.
func dumpable(t *testing.T) (*mariadb.Client, DumpOptions) {
	t.Helper()
	s := mariadbtest.Start(t)
	c := s.Root(t)
	dump, err := tool.Find(t.Context(), tool.Logical, process.Place{})
	if err != nil {
		t.Skip(err)
	}
	rows, err := c.Rows(t.Context(), "SELECT VERSION()")
	if err != nil {
		t.Fatal(err)
	}
	mariadbtest.Exec(t, c, "CREATE DATABASE content", "CREATE TABLE content.sound (i INT PRIMARY KEY, d DOUBLE)",
		"INSERT INTO content.sound VALUES (1, 1.23456789)")
	t.Cleanup(func() {
		// The test's context has ended by now.
		if _, err := s.SQL("DROP DATABASE IF EXISTS content; DROP DATABASE IF EXISTS another"); err != nil {
			t.Error(err)
		}
	})
	return c, DumpOptions{Tool: dump, Server: galera.Server{Version: rows[0][0]}}
}

func TestASchemaIsDumpedAsItIs(t *testing.T) {
	c, o := dumpable(t)
	d, err := OfDump(t.Context(), c, o)
	if err != nil || len(d.Warnings) > 0 || strings.Join(d.Schemas, " ") != "content" || d.Bytes <= 0 || d.History ||
		len(d.LeftOut) > 0 {
		t.Errorf("%+v %v", d, err)
	}
	if lost := Losses(t.Context(), c); len(lost) > 0 {
		t.Errorf("it loses %q", lost)
	}
}

// Anything that would end a dump after hours is refused before it begins, and anything that the dump would lose is
// named.
func TestLossesOfADumpAreKnownBeforeIt(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		options    func(*DumpOptions)
		warns      string
		refuses    string
	}{
		"digits of a FLOAT": {
			statements: []string{"CREATE TABLE content.f (i INT PRIMARY KEY, f FLOAT)",
				"INSERT INTO content.f VALUES (1, 1.2345678)"},
			warns: "a dump keeps 6 digits of a FLOAT, and these columns have values with more: content.f.f; take a" +
				" physical backup, " +
				"or make them DOUBLE",
		},
		"a FLOAT of few digits": {
			statements: []string{"CREATE TABLE content.f (i INT PRIMARY KEY, f FLOAT)",
				"INSERT INTO content.f VALUES (1, 1.5)"},
		},
		"a FLOAT in a unique key": {
			statements: []string{"CREATE TABLE content.f (f FLOAT PRIMARY KEY)",
				"INSERT INTO content.f VALUES (1.2345678)"},
			warns: "these columns of a unique key have values with more, so that the dump may not load: content.f.f;",
		},
		"a view of a missing table": {
			statements: []string{
				"CREATE TABLE content.t (i INT)", "CREATE VIEW content.v AS SELECT * FROM content.t",
				"DROP TABLE content.t",
			},
			refuses: "tables or views cannot be opened, and a dump would end at the first one: content.v (",
		},
		"a view of a missing table, left out": {
			statements: []string{
				"CREATE TABLE content.t (i INT)", "CREATE VIEW content.v AS SELECT * FROM content.t",
				"DROP TABLE content.t",
			},
			options: func(o *DumpOptions) { o.LeaveOutBroken = true },
			warns:   "left out of the dump, because the server cannot open them: content.v (",
		},
		"a table that is not InnoDB": {
			statements: []string{"CREATE TABLE content.m (i INT) ENGINE=MyISAM"},
			refuses:    "tables are not InnoDB and would not be consistent in a dump: content.m; convert them",
		},
		"a table that is not InnoDB, warned of": {
			statements: []string{"CREATE TABLE content.m (i INT) ENGINE=MyISAM"},
			options:    func(o *DumpOptions) { o.WarnNonTransactional = true },
			warns:      "not in the dump's snapshot, because they are not InnoDB: content.m",
		},
		"history, and an older server": {
			statements: []string{"CREATE TABLE content.h (i INT PRIMARY KEY) WITH SYSTEM VERSIONING"},
			options:    func(o *DumpOptions) { o.Server.Version = "10.6.1-MariaDB" },
			warns:      "cannot dump it): content.h",
		},
		"history by transactions": {
			statements: []string{
				"CREATE TABLE content.h (i INT PRIMARY KEY, a BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, b BIGINT" +
					" UNSIGNED " +
					"GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(a, b)) WITH SYSTEM VERSIONING",
			},
			warns: "no dump can read that of content.h, which is by transactions",
		},
		"an event at which the tool loops": {
			statements: []string{"CREATE EVENT content.e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT ';;'"},
			refuses:    `mariadb-dump cannot dump the events ["content.e"]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, o := dumpable(t)
			mariadbtest.Exec(t, client, c.statements...)
			if c.options != nil {
				c.options(&o)
			}
			d, err := OfDump(t.Context(), client, o)
			if (err != nil) != (c.refuses != "") || err != nil && !strings.Contains(err.Error(), c.refuses) {
				t.Errorf("%+v %v", d, err)
			}
			warnings := strings.Join(d.Warnings, "\n")
			if !strings.Contains(warnings, c.warns) || err == nil && (c.warns == "") != (warnings == "") {
				t.Errorf("%q, want %q", warnings, c.warns)
			}
			if left := len(d.LeftOut) > 0; err == nil && left != o.LeaveOutBroken {
				t.Errorf("left out: %v", d.LeftOut)
			}
		})
	}
}

// If both tool and server support it, the dump has the history.
func TestHistoryIsDumpedWhereThatIsPossible(t *testing.T) {
	c, o := dumpable(t)
	if tool.Older(o.Server, 10, 11) || !o.Tool.Has(t.Context(), tool.DumpHistory) {
		t.Skip("a server, or a tool, before 10.11")
	}
	mariadbtest.Exec(t, c, "CREATE TABLE content.h (i INT PRIMARY KEY) WITH SYSTEM VERSIONING",
		"CREATE TABLE content.f (i INT PRIMARY KEY, f FLOAT)")
	d, err := OfDump(t.Context(), c, o)
	if err != nil || !d.History || len(d.Warnings) > 0 {
		t.Errorf("%+v %v", d, err)
	}
	// The losses of any dump include the history: it is lost if the set is loaded into an older server.
	if lost := strings.Join(Losses(t.Context(), c), "; "); lost != "digits of FLOAT columns; the history of "+
		"system-versioned tables" {
		t.Error(lost)
	}
}

func TestASchemaStandsAfterThatOfItsSequences(t *testing.T) {
	c, o := dumpable(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE another", "CREATE SEQUENCE content.s INCREMENT BY 0",
		"CREATE TABLE another.t (i INT PRIMARY KEY DEFAULT NEXTVAL(content.s))")
	d, err := OfDump(t.Context(), c, o)
	if err != nil || strings.Join(d.Schemas, " ") != "content another" {
		t.Errorf("%v %v", d.Schemas, err)
	}
}

func TestAServerWithoutASchemaHasNothingToDump(t *testing.T) {
	c, o := dumpable(t)
	mariadbtest.Exec(t, c, "DROP DATABASE content")
	if _, err := OfDump(t.Context(), c, o); err == nil || err.Error() != "there is no schema to dump" {
		t.Error(err)
	}
}

// A server that cannot be queried is not one whose dump loses nothing.
func TestAServerThatIsGoneIsAnError(t *testing.T) {
	c, o := dumpable(t)
	c.Close()
	if d, err := OfDump(t.Context(), c, o); err == nil {
		t.Errorf("%+v", d)
	}
	if lost := Losses(t.Context(), c); len(lost) > 0 {
		t.Errorf("what cannot be read is left out of a reason: %q", lost)
	}
}

func TestEventsOfTheServerAreRead(t *testing.T) {
	c, _ := dumpable(t)
	mariadbtest.Exec(t, c, "CREATE EVENT content.on_here ON SCHEDULE EVERY 1 DAY DO SELECT 1",
		"CREATE EVENT content.off_here ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
	got, err := RunningEvents(t.Context(), c, nil)
	if err != nil || len(got.Enabled) != 1 || got.Enabled[0] != (repository.Name{Schema: "content", Name: "on_here"}) ||
		len(got.Warnings) > 0 {
		t.Errorf("%+v %v", got, err)
	}
	c.Close()
	if got, err := RunningEvents(t.Context(), c, nil); err == nil {
		t.Errorf("a server that is gone: %+v", got)
	}
}

func TestBrokenTablesAreNamedWithTheirReasons(t *testing.T) {
	list := []catalog.Broken{{Schema: "a", Name: "t", Why: "no file"},
		{Schema: "b", Name: "v", View: true, Why: "no table"}}
	if got := DescribeBroken(list); got != "a.t (no file), b.v (no table)" {
		t.Error(got)
	}
	broken, names := BrokenNames(list)
	if len(broken) != 2 || broken[1].Why != "no table" || broken[1].Name != names[1] ||
		names[0] != (repository.Name{Schema: "a", Name: "t"}) {
		t.Errorf("%+v %+v", broken, names)
	}
	d := catalog.Definitions{{Kind: "table", Schema: "a", Name: "t"}: "x",
		{Kind: "table", Schema: "a", Name: "keep"}: "y",
		{Kind: "event", Schema: "a", Name: "t"}:    "z"}
	if LeaveOut(d, list); len(d) != 2 || d[catalog.Object{Kind: "table", Schema: "a", Name: "t"}] != "" {
		t.Errorf("%v", d)
	}
}

func TestRefusalsOfADump(t *testing.T) {
	if err := errors.Join(refuseEvents(nil), second(refuseNonTransactional(nil, false))); err != nil {
		t.Error(err)
	}
	if err := refuseEvents([]string{"a.e"}); err == nil || !strings.Contains(err.Error(), "take a physical backup") {
		t.Error(err)
	}
	if warning, err := refuseNonTransactional([]string{"a.m", "b.m"}, false); err == nil || warning != "" ||
		!strings.HasPrefix(err.Error(), "tables are not InnoDB") || !strings.Contains(err.Error(), "a.m, b.m") {
		t.Errorf("%q %v", warning, err)
	}
}

func second(_ string, err error) error { return err }
