// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
	"overcloud.backup/tests/sets"
)

// A dump temporarily changes the schema's collation for a trigger, routine or event with another one.
func TestALoadUnderAnotherNameLeavesTheSchemaOfThatNameAlone(t *testing.T) {
	s := sets.Shared(t)
	_, err := s.SQL("CREATE DATABASE keystone CHARACTER SET utf8mb3; USE keystone; CREATE TABLE t (a INT); " +
		"CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; CREATE PROCEDURE p() SELECT 1; " +
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t; ALTER DATABASE keystone CHARACTER SET utf8mb4")
	Must(t, err)
	t.Cleanup(func() {
		if _, err := s.SQL("DROP DATABASE IF EXISTS keystone; DROP DATABASE IF EXISTS keystone_before"); err != nil {
			t.Error(err)
		}
	})
	dump, err := exec.Command("mariadb-dump", "--no-defaults", "--socket="+s.Socket, "--routines", "--events",
		"--triggers", "--databases", "keystone").Output()
	Must(t, err)
	if n := bytes.Count(dump, []byte("\nALTER DATABASE `keystone` ")); n != 6 ||
		!bytes.Contains(dump, []byte("DELIMITER ;;\nALTER DATABASE")) {
		t.Fatalf("the dump changes the collation %d times:\n%s", n, dump)
	}
	// Anything that still names the original schema fails, because there is none.
	_, err = s.SQL("DROP DATABASE keystone")
	Must(t, err)
	c := sets.Client(t, s)
	chosen := part.NewChoice([]Part{{Schema: "keystone", As: "keystone_before"}},
		func(st sqldump.Statement, text string) error { return c.Exec(t.Context(), text) })
	reader := sqldump.NewReader("10.11.19", chosen.Take)
	_, err = reader.Write(dump)
	Must(t, errors.Join(err, reader.Close()))
	for query, want := range map[string]string{
		"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'keystone'": "0",
		"SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = " +
			"'keystone_before'": "utf8mb4",
		"SELECT GROUP_CONCAT(DISTINCT database_collation) FROM information_schema.triggers WHERE trigger_schema =" +
			" 'keystone_before'": "utf8mb3_general_ci",
		"SELECT GROUP_CONCAT(DISTINCT database_collation) FROM information_schema.routines WHERE routine_schema =" +
			" 'keystone_before'": "utf8mb3_general_ci",
		"SELECT CONCAT(COUNT(*), MIN(database_collation)) FROM information_schema.events WHERE event_schema =" +
			" 'keystone_before'": "1utf8mb3_general_ci",
	} {
		if got, err := s.SQL(query); err != nil || got != want {
			t.Errorf("%s: %q, %v", query, got, err)
		}
	}
}

// A complete set may have tables that refer to other schemas. A single schema, loaded beside the one in use, may not.
func TestATableThatUsesAnotherSchemaIsLoadedOnlyInAWholeSet(t *testing.T) {
	s := sets.Shared(t)
	const drop = "SET foreign_key_checks=0; DROP DATABASE IF EXISTS xa; DROP DATABASE IF EXISTS xb; DROP DATABASE IF" +
		" EXISTS xc"
	_, err := s.SQL("CREATE DATABASE xa; CREATE DATABASE xb; CREATE DATABASE xc; CREATE TABLE xb.parent (a int" +
		" PRIMARY KEY); " +
		"CREATE TABLE xa.fk (a int, FOREIGN KEY (a) REFERENCES xb.parent (a)); " +
		"CREATE TABLE xc.own (a int DEFAULT 7, b int AS (a * 1.5) PERSISTENT, CHECK (b > -1e3)); INSERT INTO" +
		" xb.parent VALUES (1); INSERT INTO xa.fk VALUES (1)")
	Must(t, err)
	t.Cleanup(func() {
		if _, err := s.SQL(drop); err != nil {
			t.Error(err)
		}
	})
	dump, err := exec.Command("mariadb-dump", "--no-defaults", "--socket="+s.Socket, "--databases", "xa", "xb",
		"xc").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %.900s", err, dump[max(0, len(dump)-900):])
	}
	for _, c := range []struct{ schema, as, why string }{
		{"xa", "xa", "the CREATE TABLE fk names the schema xb, which is not its own"},
		{"xa", "copy", "the CREATE TABLE fk names the schema xb, which is not its own"},
		{"xb", "copy", ""}, {"xc", "copy", ""}, {"xc", "xc", ""},
	} {
		chosen := part.NewChoice([]Part{{Schema: c.schema, As: c.as}},
			func(sqldump.Statement, string) error { return nil })
		reader := sqldump.NewReader("10.11.19", chosen.Take)
		_, err := reader.Write(dump)
		err = errors.Join(err, reader.Close())
		if c.why == "" && err != nil || c.why != "" &&
			(err == nil || !strings.Contains(err.Error(), "line ") || !strings.Contains(err.Error(), c.why)) {
			t.Errorf("%s as %s: %v", c.schema, c.as, err)
		}
	}
	_, err = s.SQL(drop)
	Must(t, err)
	server := sets.Client(t, s)
	reader := sqldump.NewReader("10.11.19", func(st sqldump.Statement) error {
		return server.Exec(t.Context(),
			st.Text)
	})
	_, err = reader.Write(dump)
	Must(t, errors.Join(err, reader.Close()))
	if n, err := s.SQL("SELECT COUNT(*) FROM xa.fk"); err != nil || n != "1" {
		t.Errorf("%q, %v", n, err)
	}
}

func TestPartsAreRefused(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	s := sets.Open(t, destination, path)
	if _, err := Load(context.Background(), s, nil, Options{Parts: []Part{{Schema: "a", As: "a"}}}); err == nil ||
		!strings.Contains(err.Error(), "only from a logical one") {
		t.Errorf("a physical set: %v", err)
	}
}

// load loads parts of a set as the module does.
func load(t *testing.T, s *sets.Server, set *repository.Set, o Options) (*Loaded, error) {
	t.Helper()
	o.Progress = func(int64) {}
	o.Open = func(ctx context.Context) (*mariadb.Client, error) {
		return mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
	}
	return Load(t.Context(), set, sets.Client(t, s), o)
}
