// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

// A dump loses the row format that a table got from innodb_default_row_format, and that of tables from before MariaDB
// 10.2.
func TestADumpHasOtherDefinitionsThanFiles(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "SET @before = @@GLOBAL.innodb_default_row_format", "CREATE DATABASE old",
		"SET GLOBAL innodb_default_row_format = COMPACT",
		"CREATE TABLE old.t (id INT PRIMARY KEY)", "SET GLOBAL innodb_default_row_format = @before")
	defer mariadbtest.Exec(t, c, "DROP DATABASE old")
	was := map[Carried]Definitions{}
	for _, carried := range []Carried{ByFiles, ByDump} {
		d, err := ReadDefinitions(t.Context(), c, carried)
		if err != nil {
			t.Fatal(err)
		}
		was[carried] = d
	}
	mariadbtest.Exec(t, c, "ALTER TABLE old.t FORCE")
	for carried, want := range map[Carried]string{ByFiles: "[table old.t is defined differently]", ByDump: "[]"} {
		d, err := ReadDefinitions(t.Context(), c, carried)
		if got := fmt.Sprint(d.Differences(was[carried])); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", carried, got, err, want)
		}
	}
}

func TestDifferencesNameObjects(t *testing.T) {
	want := Definitions{{"schema", "nova", ""}: "1", {"table", "nova", "a"}: "2", {"event", "nova", "a"}: "3"}
	got := Definitions{{"schema", "nova", ""}: "1", {"table", "nova", "a"}: "4", {"trigger", "nova", "b"}: "5"}
	all := fmt.Sprint(got.Differences(want))
	if all != "[event nova.a is missing table nova.a is defined differently trigger nova.b is not in the set]" {
		t.Error(all)
	}
}

func TestDefinitionsSurviveTheirFile(t *testing.T) {
	for _, d := range []Definitions{{}, {{"table", "a\nb", `c"[],`}: "1", {"schema", "a\nb", ""}: "2"}} {
		back, err := ParseDefinitions(d.Lines())
		if err != nil || !maps.Equal(back, d) {
			t.Errorf("%v became %v, %v", d, back, err)
		}
	}
	for _, bad := range []string{"x", "[1,2,3,4]\n", `["table","a","b"]`, "[]\n\n"} {
		if d, err := ParseDefinitions([]byte(bad)); err == nil {
			t.Errorf("%q: %v", bad, d)
		}
	}
}

// A restore accepts every list that a backup writes, and holds no larger one in memory.
func TestDefinitionsAreBounded(t *testing.T) {
	before := maxObjects
	maxObjects = 2
	defer func() { maxObjects = before }()
	d := Definitions{{"table", "a", "b"}: "1", {"table", "a", "c"}: "2"}
	if _, err := ParseDefinitions(d.Lines()); err != nil || !d.Fit() {
		t.Error(err)
	}
	d[Object{"table", "a", "d"}] = "3"
	if _, err := ParseDefinitions(d.Lines()); err == nil || d.Fit() {
		t.Error("three are taken")
	}
	maxObjects = before
	long := Definitions{{"table", "a", strings.Repeat("x", MaxDefinitions)}: "1"}
	if _, err := ParseDefinitions(long.Lines()); err == nil || long.Fit() {
		t.Error("a long one is taken")
	}
}

func TestFingerprintChangesWithEachDefinitionAndNothingElse(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE f", "CREATE TABLE f.t (i INT PRIMARY KEY AUTO_INCREMENT, n VARCHAR(20))",
		"CREATE TABLE f.c (i INT, t INT, KEY k (t))")
	defer mariadbtest.Exec(t, c, "DROP DATABASE f")
	if names, err := Schemas(t.Context(), c); err != nil || !slices.Equal(names, []string{"f"}) {
		t.Errorf("%v %v", names, err)
	}
	last := fingerprint(t, c)
	for _, statement := range []string{"INSERT INTO f.t (n) VALUES ('a'), ('b')",
		"ALTER TABLE f.t AUTO_INCREMENT = 100", "ANALYZE TABLE f.t", "CREATE USER fp@localhost",
		"DROP USER fp@localhost"} {
		mariadbtest.Exec(t, c, statement)
		if got := fingerprint(t, c); got != last {
			t.Errorf("%s changed it", statement)
		}
	}
	for _, statement := range []string{
		"ALTER TABLE f.t ADD m INT DEFAULT 1", "ALTER TABLE f.t ALTER m DROP DEFAULT",
		"ALTER TABLE f.t MODIFY n VARCHAR(21)", "CREATE INDEX x ON f.t (n)",
		"DROP INDEX x ON f.t", "CREATE INDEX x ON f.t (n(3))",
		"ALTER TABLE f.c ADD CONSTRAINT fk FOREIGN KEY (t) REFERENCES f.t (i)",
		"ALTER TABLE f.c ADD CONSTRAINT ck CHECK (i > 0)", "ALTER TABLE f.c COMMENT 'x'",
		"CREATE VIEW f.v AS SELECT n FROM f.t", "CREATE OR REPLACE VIEW f.v AS SELECT i FROM f.t",
		"CREATE PROCEDURE f.p(IN a INT) SELECT a", "CREATE FUNCTION f.p2() RETURNS INT RETURN 1",
		"CREATE TRIGGER f.tr BEFORE INSERT ON f.t FOR EACH ROW SET NEW.m = 1",
		"CREATE EVENT f.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM f.t", "ALTER TABLE f.c DROP FOREIGN KEY fk",
		"ALTER TABLE f.c PARTITION BY HASH (i) PARTITIONS 2",
		"ALTER DATABASE f CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "ALTER TABLE f.t ENGINE=MyISAM", "DROP EVENT f.e",
		"DROP TRIGGER f.tr", "DROP VIEW f.v",
	} {
		mariadbtest.Exec(t, c, statement)
		got := fingerprint(t, c)
		if got == last {
			t.Errorf("%s did not change it", statement)
		}
		last = got
	}
}

func fingerprint(t *testing.T, c *mariadb.Client) string {
	t.Helper()
	definitions, err := ReadDefinitions(t.Context(), c, ByFiles)
	if err != nil {
		t.Fatal(err)
	}
	return definitions.Fingerprint()
}

// ownLookalikes are schemas of users whose names equal the server's own under its collation.
var ownLookalikes = []string{"SYS", "Sys", "sýs", "MySQL", "mysqĺ"}

// The fingerprint must include a schema with a name like the server's own, and everything in it.
func TestTheFingerprintSeesSchemasThatLookLikeTheServersOwn(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	last := fingerprint(t, c)
	for _, name := range ownLookalikes {
		for _, statement := range []string{"CREATE DATABASE %s", "CREATE TABLE %s.t (i INT)",
			"CREATE VIEW %s.v AS SELECT 1", "CREATE PROCEDURE %s.p() DO 1"} {
			mariadbtest.Exec(t, c, fmt.Sprintf(statement, mariadb.QuoteName(name)))
			got := fingerprint(t, c)
			if got == last {
				t.Errorf("%s %s changed nothing", statement, name)
			}
			last = got
		}
		mariadbtest.Exec(t, c, "DROP DATABASE "+mariadb.QuoteName(name))
		last = fingerprint(t, c)
	}
}

// A fingerprint is compared with one that another account read: both must see the same.
func TestTheDeclaredPrivilegesSeeEveryDefinition(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	mariadbtest.Exec(t, root, "CREATE DATABASE sees", "CREATE TABLE sees.t (i INT PRIMARY KEY, CHECK (i > 0))",
		"CREATE TABLE sees.c (i INT, FOREIGN KEY (i) REFERENCES sees.t (i))",
		"CREATE VIEW sees.v AS SELECT i FROM sees.t",
		"CREATE PROCEDURE sees.p(a INT) SELECT a", "CREATE FUNCTION sees.f() RETURNS INT RETURN 1",
		"CREATE TRIGGER sees.tr BEFORE INSERT ON sees.t FOR EACH ROW SET NEW.i = 1",
		"CREATE EVENT sees.e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM sees.t",
		"CREATE SEQUENCE sees.s INCREMENT BY 0")
	defer mariadbtest.Exec(t, root, "DROP DATABASE sees", "DROP USER IF EXISTS sees@localhost")
	want, err := ReadDefinitions(t.Context(), root, ByFiles)
	if err != nil || len(want) != 9 {
		t.Fatalf("%d objects, %v", len(want), err)
	}
	// read returns the differences for an account without one of the privileges.
	read := func(without string) []Difference {
		t.Helper()
		mariadbtest.Exec(t, root, "CREATE OR REPLACE USER sees@localhost IDENTIFIED BY 'x'")
		for _, privilege := range SchemaPrivileges() {
			if privilege != without {
				mariadbtest.Exec(t, root, "GRANT "+privilege+" ON *.* TO sees@localhost")
			}
		}
		c := s.Open(t, mariadb.Login{Socket: s.Socket, User: "sees", Password: "x"})
		got, err := ReadDefinitions(t.Context(), c, ByFiles)
		if err != nil {
			t.Fatal(err)
		}
		return got.Differences(want)
	}
	if got := read(""); len(got) > 0 {
		t.Errorf("with all of them: %v", got)
	}
	for _, privilege := range SchemaPrivileges() {
		if got := read(privilege); len(got) == 0 {
			t.Errorf("%s is not needed", privilege)
		}
	}
}
