// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"strings"
	"testing"
)

// Each form of a statement that mariadb-dump writes, and the nearest one that it does not: a word more, a word less, a
// word of another kind.
func TestAStatementIsReadToItsEnd(t *testing.T) {
	const view = "CREATE ALGORITHM=UNDEFINED DEFINER=`n`@`%` SQL SECURITY INVOKER VIEW `v`"
	for form, wrong := range map[string][]string{
		"CREATE SEQUENCE `s` start with 1 minvalue -5 increment by 1 cache 1000 nocycle ENGINE=InnoDB": {
			"CREATE SEQUENCE `s` start with 1 ENGINE=CONNECT", "CREATE SEQUENCE `s` DATA DIRECTORY='/srv'",
			"CREATE SEQUENCE `s` start with (SELECT 1)", "CREATE SEQUENCE s start with 1",
			"CREATE DEFINER=`n`@`%` SEQUENCE `s` start with 1"},
		view + " (`a`,`b`) AS SELECT 1 AS `a`,2 AS `b`": {view + " (`a`,`b` AS SELECT 1", view + " (`a`",
			view + " SELECT 1",
			view + " AS TABLE `t`", "CREATE VIEW `v` AS SELECT `a` AS `a`", "CREATE ALGORITHM=`x` VIEW `v` AS SELECT 1",
			"CREATE DEFINER=`n`@`%` SQL SECURITY NONE VIEW `v` AS SELECT 1", "CREATE DEFINER=n VIEW `v` AS SELECT 1",
			"CREATE DEFINER=`n`@% VIEW `v` AS SELECT 1"},
		"CREATE VIEW `v` AS SELECT 1 AS `a`, NULL AS `b`": {"CREATE VIEW `v` AS VALUES (1)",
			"CREATE VIEW `v` AS (SELECT 1)",
			"CREATE VIEW `v` AS SELECT 1 AS `a`,",
			"CREATE VIEW `v` AS SELECT 1",
			"CREATE VIEW `v` AS SELECT 1 AS a", "CREATE VIEW `v` AS SELECT `x` AS `a`",
			"CREATE VIEW `v` AS SELECT 1 AS `a` FROM `t`"},
		"DO SETVAL(`s`, -1001, 0)": {"DO SETVAL(`s`, 1)", "DO SETVAL `s`, 1, 0", "DO SETVAL(`s` 1, 0)",
			"DO SETVAL(`s`, 1, 0",
			"DO SETVAL(`s`, 1, 0, 2)", "DO SETVAL(`s`, 'x', 0)", "DO SETVAL(s, 1, 0)",
			"DO SETVAL(`s`, 1, 0), SLEEP(9)"},
		"ALTER TABLE `t` DISABLE KEYS": {"ALTER TABLE `t` DISABLE", "ALTER TABLE `t` ADD KEYS",
			"ALTER TABLE t DISABLE KEYS",
			"ALTER TABLE `t` DISABLE KEYS, DROP COLUMN `a`", "ALTER VIEW `t` DISABLE KEYS"},
		"ALTER DATABASE `a` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci": {
			"ALTER DATABASE `b` CHARACTER SET utf8mb4 COLLATE x", "ALTER DATABASE `a` CHARACTER SET utf8mb4",
			"ALTER DATABASE `a` CHARACTER SET 'x' COLLATE x", "ALTER DATABASE `a` CHARACTER SET x COLLATE x UPGRADE",
			"ALTER DATABASE `a` COLLATE x", "ALTER DATABASE `mysql` CHARACTER SET x COLLATE x"},
		"DROP TABLE IF EXISTS `t`": {"DROP TABLE `t`", "DROP TABLE IF EXISTS `t`, `u`", "DROP TABLE IF EXISTS t",
			"DROP USER IF EXISTS `t`", "DROP DATABASE IF EXISTS `a`", "DROP TABLE IF EXISTS `mysql`.`user`"},
		"DROP PACKAGE BODY IF EXISTS `p`": {"DROP PACKAGE BODY `p`", "DROP BODY IF EXISTS `p`"},
		"LOCK TABLES `t` WRITE": {"LOCK TABLES `t` READ", "LOCK TABLES `t` WRITE, `u` WRITE", "LOCK `t` WRITE",
			"LOCK TABLES t WRITE"},
		"UNLOCK TABLES": {"UNLOCK `t`", "UNLOCK TABLES `t`"}, "COMMIT": {"COMMIT AND CHAIN", "ROLLBACK"},
		"CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (1,-2.5,'x',_binary 'y',0xFF,NULL),()": {
			"INSERT INTO `t` VALUES (1)", // before the table
			"CREATE TABLE `t` (`a` int); INSERT `t` VALUES (1)", "CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES 1",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (1 2)",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (-'x')",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (_binary x)",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (a)",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (1) (2)",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` VALUES (1",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` (a) VALUES (1)",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` (`a` `b`) VALUES (1)",
			"CREATE TABLE `t` (`a` int); INSERT INTO `u` VALUES (1)",
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` (`a`) SET (1)"},
		"CREATE DEFINER=`n`@`%` FUNCTION `f`() RETURNS int RETURN 1": {
			"CREATE FUNCTION `f`() RETURNS int RETURN 1", "CREATE DEFINER=`n`@`%` TABLE `f` (a int)"},
		"CREATE TABLE `t` (`a` int, `b` int); INSERT IGNORE INTO `t` (`a`, `b`, row_start) VALUES (1,2,3)": {
			"CREATE TABLE `t` (`a` int); INSERT INTO `t` (`a`,) VALUES (1)"},
	} {
		const start = "CREATE DATABASE `a`; USE `a`;\n"
		if _, err := read(NewReader, start+form+";\n", 5); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		for _, statement := range wrong {
			_, err := read(NewReader, start+statement+";\n", 5)
			var refused *Refusal
			if !errors.As(err, &refused) || refused.Line != 2 || strings.TrimSpace(refused.Why.Error()) == "" {
				t.Errorf("%s: %v", statement, err)
			}
		}
	}
}
