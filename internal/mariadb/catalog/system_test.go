// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestTimeZonesAndServersAreMadeAgain(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "INSERT INTO mysql.time_zone VALUES (1, 'N'), (2, 'Y')",
		"INSERT INTO mysql.time_zone_name VALUES ('Europe/Berlin', 1), ('it''s', 2)",
		"INSERT INTO mysql.time_zone_transition VALUES (1, -1693706400, 0), (1, -1680483600, 1)",
		"INSERT INTO mysql.time_zone_leap_second VALUES (78796800, 1)",
		"INSERT INTO mysql.time_zone_transition_type VALUES (1, 0, -7200, 1, 'CEST'), (1, 1, 3600, 0, 'CET')",
		"CREATE SERVER `fe'd`` x` FOREIGN DATA WRAPPER mysql OPTIONS (HOST '10.0.0.1', DATABASE 'd''b', USER 'u',"+
			" PASSWORD 'p\\\\w', SOCKET '/s', OWNER 'o', PORT 3307)",
		"CREATE SERVER bare FOREIGN DATA WRAPPER other OPTIONS (HOST 'h')")
	empty := func() {
		for _, table := range timeZoneTables {
			mariadbtest.Exec(t, c, "DELETE FROM mysql."+table.name)
		}
		mariadbtest.Exec(t, c, "DROP SERVER IF EXISTS `fe'd`` x`", "DROP SERVER IF EXISTS bare")
	}
	defer empty()
	before, err := ReadSystem(t.Context(), c, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,'N'),(2,'Y')",
		"INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST," +
			" Abbreviation) VALUES (1,0,-7200,1,'CEST'),(1,1,3600,0,'CET')",
		"CREATE OR REPLACE SERVER `bare` FOREIGN DATA WRAPPER `other` OPTIONS (HOST 'h', DATABASE '', USER ''," +
			" PASSWORD '', SOCKET '', OWNER '', PORT 0)"} {
		if !slices.Contains(before.Statements, want) {
			t.Errorf("%s is missing in\n%s", want, strings.Join(before.Statements, "\n"))
		}
	}
	empty()
	mariadbtest.Exec(t, c, before.Statements...)
	after, err := ReadSystem(t.Context(), c, time.Minute)
	if err != nil || !slices.Equal(before.Statements, after.Statements) || len(after.Statements) != 7 {
		t.Errorf("%v\n%s\nbefore\n%s", err, strings.Join(after.Statements, "\n"), strings.Join(before.Statements, "\n"))
	}
}

func TestANewServerHasNothingOfItsOwnToSave(t *testing.T) {
	got, err := ReadSystem(t.Context(), mariadbtest.Start(t).Root(t), time.Minute)
	if err != nil || len(got.Statements) != 0 || len(got.Left) != 0 {
		t.Errorf("%q %q %v", got.Statements, got.Left, err)
	}
}

func TestManyTimeZonesAreSeveralStatements(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	rows := make([]string, 150_000)
	for i := range rows {
		rows[i] = fmt.Sprintf("(1, %d, 0)", i)
	}
	mariadbtest.Exec(t, c, "INSERT INTO mysql.time_zone_transition VALUES "+strings.Join(rows, ", "))
	defer mariadbtest.Exec(t, c, "DELETE FROM mysql.time_zone_transition")
	got, err := ReadSystem(t.Context(), c, time.Minute)
	if err != nil || len(got.Statements) < 2 {
		t.Fatalf("%d statements, %v", len(got.Statements), err)
	}
	for _, s := range got.Statements {
		if len(s) > maxSystemStatement+200 {
			t.Errorf("a statement of %d bytes", len(s))
		}
	}
}

func TestUnsavedObjectsOfTheServersSchemasAreNamed(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE PROCEDURE mysql.dba_note() SELECT 1", "CREATE TABLE mysql.mine (i INT)",
		"CREATE VIEW sys.ours AS SELECT 1",
		"CREATE EVENT mysql.purge ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1",
		"INSERT INTO mysql.func VALUES ('f', 0, 'udf.so', 'function')",
		"INSERT INTO mysql.plugin VALUES ('p', 'p.so')")
	defer mariadbtest.Exec(t, c, "DROP PROCEDURE mysql.dba_note", "DROP TABLE mysql.mine", "DROP VIEW sys.ours",
		"DROP EVENT mysql.purge", "DELETE FROM mysql.func", "DELETE FROM mysql.plugin")
	got, err := ReadSystem(t.Context(), c, time.Minute)
	want := []string{"event purge of mysql", "loaded function f of udf.so", "plugin p of p.so",
		"procedure dba_note of mysql", "table mine of mysql", "view ours of sys"}
	if err != nil || !slices.Equal(got.Left, want) {
		t.Errorf("%q, want %q, %v", got.Left, want, err)
	}
}
