// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"bytes"
	"context"
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

func TestPartsAreRefused(t *testing.T) {
	destination, path := copySet(t, "physical")
	s := openSet(t, destination, path)
	if err := s.Load(context.Background(), nil, []Part{{Schema: "a", As: "a"}}, nil); err == nil || !strings.Contains(err.Error(), "a logical one only") {
		t.Errorf("a physical set: %v", err)
	}
}
