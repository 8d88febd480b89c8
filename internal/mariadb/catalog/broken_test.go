// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestBrokenTablesAreFound(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE brk", "CREATE TABLE brk.t (i INT, c INT)", "CREATE TABLE brk.keep (i INT)",
		"CREATE FUNCTION brk.f() RETURNS INT RETURN 1",
		"CREATE VIEW brk.ok AS SELECT * FROM brk.keep", "CREATE VIEW brk.v AS SELECT * FROM brk.t",
		"CREATE VIEW brk.`v``2` AS SELECT * FROM brk.v",
		"CREATE VIEW brk.vc AS SELECT i FROM brk.keep WHERE brk.f() = 1", "DROP TABLE brk.t", "DROP FUNCTION brk.f",
		"FLUSH TABLES")
	defer mariadbtest.Exec(t, c, "DROP DATABASE brk")
	frm, err := os.ReadFile(filepath.Join(s.Data, "brk/keep.frm"))
	if err == nil {
		err = os.WriteFile(filepath.Join(s.Data, "brk/orphan.frm"), frm, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := FindBroken(t.Context(), c, time.Minute)
	var names []string
	for _, b := range got {
		names = append(names, fmt.Sprintf("%s %t", b, b.View))
		if !strings.Contains(b.Why, "brk") {
			t.Errorf("%s: %q", b, b.Why)
		}
	}
	if want := []string{"brk.orphan false", "brk.v true", "brk.v`2 true", "brk.vc true"}; err != nil ||
		!slices.Equal(names, want) {
		t.Errorf("%q, want %q, %v", names, want, err)
	}
}

// An InnoDB table without a page is a table whose tablespace was discarded, unlike one without a row.
func TestATableWithoutItsTablespaceIsBroken(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE torn", "CREATE TABLE torn.norow (i INT)",
		"CREATE TABLE torn.`g``one` (i INT)",
		"INSERT INTO torn.`g``one` VALUES (1)", "ALTER TABLE torn.`g``one` DISCARD TABLESPACE")
	defer mariadbtest.Exec(t, c, "DROP DATABASE torn")
	got, err := FindBroken(t.Context(), c, time.Minute)
	if err != nil || len(got) != 1 || got[0].String() != "torn.g`one" || got[0].View ||
		!strings.Contains(got[0].Why, "discarded") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A list that ends with the connection would count as complete.
func TestALostConnectionIsNoHealthyServer(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	c.Close()
	if got, err := FindBroken(t.Context(), c, time.Minute); err == nil {
		t.Errorf("%+v", got)
	}
	if got, err := EmptySchemas(t.Context(), c); err == nil {
		t.Errorf("%+v", got)
	}
	if got, err := ReadDefinitions(t.Context(), c, ByDump); err == nil {
		t.Errorf("%+v", got)
	}
	if got, err := ReadEvents(t.Context(), c, time.Minute); err == nil || got.Known {
		t.Errorf("%+v", got)
	}
	if got, err := ReadSystem(t.Context(), c, time.Minute); err == nil {
		t.Errorf("%+v", got)
	}
	if got, err := LossyFloats(t.Context(), c, enough); err == nil {
		t.Errorf("%+v", got)
	}
}
