// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
)

const dumpText = `/*M!999999\- enable the sandbox mode */
/*!40101 SET NAMES utf8mb4 */;
-- Current Database: ` + "`a`" + `
CREATE DATABASE /*!32312 IF NOT EXISTS*/ ` + "`a`" + ` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE ` + "`a`" + `;
-- Table structure for table ` + "`t`" + `
CREATE TABLE ` + "`t`" + ` (x int) COMMENT='` + "`a`" + `';
-- Dumping data for table ` + "`t`" + `
INSERT INTO ` + "`t`" + ` VALUES (1);
-- Table structure for table ` + "`u`" + `
CREATE TABLE ` + "`u`" + ` (x int);
-- Dumping routines for database 'a'
DELIMITER ;;
CREATE PROCEDURE p() BEGIN
-- Current Database: ` + "`b`" + `
SELECT 1; END ;;
DELIMITER ;
-- Current Database: ` + "`b``c`" + `
CREATE DATABASE /*!32312 IF NOT EXISTS*/ ` + "`b``c`" + `;
USE ` + "`b``c`" + `;
INSERT INTO z VALUES (2);
-- Current Database: ` + "`a`" + `
USE ` + "`a`" + `;
-- Final view structure for view ` + "`v`" + `
CREATE VIEW v AS SELECT 1;
-- Dump completed
`

// partsOf filters the dump, given in pieces of n bytes.
func partsOf(t *testing.T, n int, parts ...Part) (string, *partsOnly) {
	t.Helper()
	var out bytes.Buffer
	o := &partsOnly{to: &out, parts: parts, found: map[string]bool{}}
	for rest := []byte(dumpText); len(rest) > 0; {
		piece := rest[:min(n, len(rest))]
		if _, err := o.Write(piece); err != nil {
			t.Fatal(err)
		}
		rest = rest[len(piece):]
	}
	return out.String(), o
}

func TestPartsOfADump(t *testing.T) {
	for _, c := range []struct {
		name        string
		part        Part
		has, hasNot []string
	}{
		{"a schema", Part{Schema: "a", As: "a"}, []string{"SET NAMES", "INSERT INTO `t`", "CREATE PROCEDURE", "SELECT 1; END", "CREATE VIEW", "USE `a`"}, []string{"VALUES (2)", "USE `b"}},
		{"a schema under another name", Part{Schema: "a", As: "n`w"}, []string{"EXISTS*/ `n``w` /*", "USE `n``w`;", "COMMENT='`a`'", "CREATE VIEW"}, []string{"USE `a`", "VALUES (2)"}},
		{"a table", Part{Schema: "a", As: "a", Tables: []string{"t"}}, []string{"CREATE TABLE `t`", "VALUES (1)", "USE `a`"}, []string{"CREATE TABLE `u`", "PROCEDURE", "CREATE VIEW", "VALUES (2)"}},
		{"a name with a backtick", Part{Schema: "b`c", As: "d"}, []string{"USE `d`", "VALUES (2)"}, []string{"VALUES (1)", "PROCEDURE", "CREATE VIEW"}},
	} {
		whole, o := partsOf(t, len(dumpText), c.part)
		if err := o.missing(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for n := 1; n < 40; n++ {
			if got, _ := partsOf(t, n, c.part); got != whole {
				t.Fatalf("%s: in pieces of %d bytes it is\n%s\nwhole:\n%s", c.name, n, got, whole)
			}
		}
		for _, want := range c.has {
			if !strings.Contains(whole, want) {
				t.Errorf("%s: %q is missing in\n%s", c.name, want, whole)
			}
		}
		for _, bad := range c.hasNot {
			if strings.Contains(whole, bad) {
				t.Errorf("%s: %q is in\n%s", c.name, bad, whole)
			}
		}
	}
	if _, o := partsOf(t, 100, Part{Schema: "a", Tables: []string{"nope"}}); o.missing() == nil {
		t.Error("a table that is not there is not missed")
	}
	if _, o := partsOf(t, 100, Part{Schema: "nope"}); o.missing() == nil {
		t.Error("a schema that is not there is not missed")
	}
}

func TestALongLineIsNoMarker(t *testing.T) {
	var out bytes.Buffer
	o := &partsOnly{to: &out, parts: []Part{{Schema: "a", As: "a"}}, found: map[string]bool{}}
	line := "INSERT INTO t VALUES ('" + strings.Repeat("x", 3*maxMarker) + "');\n"
	text := "-- Current Database: `a`\n" + line + "-- Current Database: `b`\n" + line
	if _, err := o.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if want := "-- Current Database: `a`\n" + line; out.String() != want {
		t.Errorf("got %d bytes, want %d", out.Len(), len(want))
	}
}

// A dump changes the schema's collation for a while where that of a trigger, routine or event is another one.
func TestALoadUnderAnotherNameLeavesTheSchemaOfThatNameAlone(t *testing.T) {
	s := shared(t)
	_, err := s.SQL("CREATE DATABASE keystone CHARACTER SET utf8mb3; USE keystone; CREATE TABLE t (a INT); " +
		"CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; CREATE PROCEDURE p() SELECT 1; " +
		"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t; ALTER DATABASE keystone CHARACTER SET utf8mb4")
	must(t, err)
	t.Cleanup(func() {
		if _, err := s.SQL("DROP DATABASE IF EXISTS keystone; DROP DATABASE IF EXISTS keystone_before"); err != nil {
			t.Error(err)
		}
	})
	dump, err := exec.Command("mariadb-dump", "--no-defaults", "--socket="+s.Socket, "--routines", "--events", "--triggers", "--databases", "keystone").Output()
	must(t, err)
	if n := bytes.Count(dump, []byte("\nALTER DATABASE `keystone` ")); n != 6 || !bytes.Contains(dump, []byte("DELIMITER ;;\nALTER DATABASE")) {
		t.Fatalf("the dump changes the collation %d times:\n%s", n, dump)
	}
	// What still goes to the schema of that name finds none.
	_, err = s.SQL("DROP DATABASE keystone")
	must(t, err)
	var parts bytes.Buffer
	_, err = (&partsOnly{to: &parts, parts: []Part{{Schema: "keystone", As: "keystone_before"}}, found: map[string]bool{}}).Write(dump)
	must(t, err)
	load := exec.Command("mariadb", "--no-defaults", "--socket="+s.Socket)
	load.Stdin = &parts
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for query, want := range map[string]string{
		"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'keystone'":                                            "0",
		"SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = 'keystone_before'":                   "utf8mb4",
		"SELECT GROUP_CONCAT(DISTINCT database_collation) FROM information_schema.triggers WHERE trigger_schema = 'keystone_before'": "utf8mb3_general_ci",
		"SELECT GROUP_CONCAT(DISTINCT database_collation) FROM information_schema.routines WHERE routine_schema = 'keystone_before'": "utf8mb3_general_ci",
		"SELECT CONCAT(COUNT(*), MIN(database_collation)) FROM information_schema.events WHERE event_schema = 'keystone_before'":     "1utf8mb3_general_ci",
	} {
		if got, err := s.SQL(query); err != nil || got != want {
			t.Errorf("%s: %q, %v", query, got, err)
		}
	}
}

func TestPartsAreRefused(t *testing.T) {
	destination, path := copySet(t, "physical")
	s := openSet(t, destination, path)
	if err := s.Load(context.Background(), nil, []Part{{Schema: "a", As: "a"}}, nil); err == nil || !strings.Contains(err.Error(), "a logical one only") {
		t.Errorf("a physical set: %v", err)
	}
}
