// SPDX-License-Identifier: GPL-3.0-or-later

package part

import (
	"errors"
	"strings"
	"testing"

	"overcloud.backup/internal/sqldump"
)

const dumpText = `/*M!999999\\- enable the sandbox mode */
/*!40101 SET NAMES utf8mb4 */;
-- Current Database: ` + "`a`" + `
CREATE DATABASE /*!32312 IF NOT EXISTS*/ ` + "`a`" + ` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE ` + "`a`" + `;
CREATE TABLE ` + "`t`" + ` (x int) COMMENT='` + "`a`" + `';
INSERT INTO ` + "`t`" + ` VALUES (1);
CREATE TABLE ` + "`u`" + ` (x int);
DELIMITER ;;
CREATE DEFINER=` + "`n`@`%`" + ` PROCEDURE ` + "`p`" + `() BEGIN
-- Current Database: ` + "`b`" + `
USE x;
SELECT 1; END ;;
ALTER DATABASE ` + "`a`" + ` CHARACTER SET utf8mb3 COLLATE utf8mb3_bin ;;
CREATE DEFINER=` + "`n`@`%`" + ` TRIGGER r BEFORE INSERT ON ` + "`t`" + ` FOR EACH ROW SET NEW.x = 3 ;;
ALTER DATABASE ` + "`a`" + ` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;;
ALTER DATABASE ` + "`a`" + ` CHARACTER SET utf8mb3 COLLATE utf8mb3_bin ;;
CREATE DEFINER=` + "`n`@`%`" + ` TRIGGER s BEFORE INSERT ON u FOR EACH ROW SET NEW.x = 4 ;;
ALTER DATABASE ` + "`a`" + ` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;;
DELIMITER ;
-- Current Database: ` + "`b``c`" + `
CREATE DATABASE /*!32312 IF NOT EXISTS*/ ` + "`b``c`" + `;
USE ` + "`b``c`" + `;
CREATE TABLE ` + "`z`" + ` (x int);
INSERT INTO ` + "`z`" + ` VALUES (2);
-- Current Database: ` + "`a`" + `
USE ` + "`a`" + `;
CREATE VIEW ` + "`v`" + ` AS SELECT 1 AS ` + "`x`" + `;
-- Dump completed
`

// partsOf filters a dump.
func partsOf(t *testing.T, dump string, parts ...Part) (string, *Choice) {
	t.Helper()
	var out strings.Builder
	c := NewChoice(parts, func(_ sqldump.Statement, text string) error {
		out.WriteString(text + ";\n")
		return nil
	})
	reader := sqldump.NewReader("10.11.19", c.Take)
	_, err := reader.Write([]byte(dump))
	must(t, errors.Join(err, reader.Close()))
	return out.String(), c
}

func TestPartsOfADump(t *testing.T) {
	for _, c := range []struct {
		name        string
		part        Part
		has, hasNot []string
	}{
		{"a schema", Part{Schema: "a", As: "a"}, []string{"SET NAMES", "INSERT INTO `t`", " PROCEDURE", "SELECT 1; END",
			"CREATE VIEW", "USE `a`", "NEW.x = 4"}, []string{"VALUES (2)", "USE `b"}},
		{"a schema under another name", Part{Schema: "a", As: "n`w"},
			[]string{"EXISTS  `n``w` ", "USE `n``w`;", "COMMENT='`a`'", "CREATE VIEW", "ALTER DATABASE `n``w`"},
			[]string{"USE `a`", "VALUES (2)", "ALTER DATABASE `a`"}},
		{"a table", Part{Schema: "a", As: "a", Tables: []string{"t"}},
			[]string{"CREATE TABLE `t`", "VALUES (1)", "USE `a`", "utf8mb3_bin;\nCREATE DEFINER=`n`@`%` TRIGGER r" +
				" BEFORE INSERT ON `t` FOR EACH ROW SET NEW.x = 3;\nALTER DATABASE `a` CHARACTER SET utf8mb4"},
			[]string{"CREATE TABLE `u`", "PROCEDURE", "CREATE VIEW", "VALUES (2)", "TRIGGER s", "utf8mb4_bin;\nALTER"}},
		{"a name with a backtick", Part{Schema: "b`c", As: "d"}, []string{"USE `d`", "VALUES (2)"},
			[]string{"VALUES (1)", "PROCEDURE", "CREATE VIEW"}},
	} {
		whole, o := partsOf(t, dumpText, c.part)
		if err := o.Missing(); err != nil {
			t.Errorf("%s: %v", c.name, err)
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
	if _, o := partsOf(t, dumpText, Part{Schema: "a", Tables: []string{"nope"}}); o.Missing() == nil {
		t.Error("a table that is not there is not missed")
	}
	if _, o := partsOf(t, dumpText, Part{Schema: "nope"}); o.Missing() == nil {
		t.Error("a schema that is not there is not missed")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
