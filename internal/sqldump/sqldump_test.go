// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// read reads a text in pieces of n bytes.
func read(r func(string, func(Statement) error) *Reader, dump string, n int) (all []Statement, err error) {
	reader := r("10.11.19", func(s Statement) error { all = append(all, s); return nil })
	for rest := []byte(dump); len(rest) > 0 && err == nil; {
		k := min(n, len(rest))
		_, err = reader.Write(rest[:k])
		rest = rest[k:]
	}
	return all, errors.Join(err, reader.Close())
}

func TestDumpsOfEachVersionAreRead(t *testing.T) {
	for file, want := range map[string][]string{
		"testdata/10.11.sql": {"CREATE DATABASE", "CREATE SEQUENCE", "CREATE TRIGGER", "CREATE EVENT",
			"CREATE FUNCTION", "CREATE PROCEDURE", "CREATE VIEW", "INSERT", "ALTER DATABASE"},
		"testdata/10.1.sql": {"CREATE DATABASE", "CREATE TABLE", "CREATE TRIGGER", "CREATE EVENT", "CREATE PROCEDURE",
			"CREATE VIEW", "INSERT", "ALTER TABLE", "LOCK"},
	} {
		dump, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := read(NewReader, string(dump), len(dump))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		does := map[string]bool{}
		for _, s := range whole {
			does[s.Does] = true
			if s.Kind != Table && (strings.Contains(s.Text, "/*!") || strings.Contains(s.Text, "/*M!")) {
				t.Errorf("%s: %s", file, s.Text)
			}
		}
		for _, w := range want {
			if !does[w] {
				t.Errorf("%s: no %s was seen", file, w)
			}
		}
		for _, n := range []int{1, 7, 33, 4096} {
			if pieces, err := read(NewReader, string(dump), n); err != nil || len(pieces) != len(whole) ||
				pieces[len(pieces)/2].Text != whole[len(whole)/2].Text {
				t.Errorf("%s in pieces of %d: %d statements of %d, %v", file, n, len(pieces), len(whole), err)
			}
		}
	}
}

const begin = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `nova`;\nUSE `nova`; CREATE TABLE `t` (a int);\n"

// hostile are statements that no dump may hold, each in the schema nova.
var hostile = []string{
	"GRANT ALL ON *.* TO evil@'%'", "/*!50003 CREATE USER evil@'%' */", "/*M!100100 CREATE USER evil@'%' */",
	"/*! GRANT ALL ON *.* TO evil@'%' */", "/*!1 GRANT SELECT */",
	"/*!40101 SET NAMES utf8mb4 */; CREATE USER evil", "SET GLOBAL general_log=ON",
	"SET @@global.general_log_file='/tmp/x'", "SET PASSWORD = PASSWORD('x')",
	"SET STATEMENT max_statement_time=1 FOR GRANT ALL ON *.* TO evil",
	"SET ROLE admin", "SET DEFAULT ROLE admin FOR root@localhost", "SET sql_mode='', GLOBAL event_scheduler=ON",
	"SET @x = (SELECT password FROM mysql.user)", "SET sql_log_bin=0", "SET SESSION wsrep_on=OFF",
	"SET time_zone = (SELECT 1)", "SET PERSIST x=1", "SET @a='gbk', character_set_client=@a", "SET NAMES gbk",
	"SET character_set_client = sjis", "SET @m=@@time_zone, sql_mode=@m", "SET sql_mode = concat('ANSI','_QUOTES')",
	"USE mysql", "USE `mysql`", "USE `MySQL`", "CREATE DATABASE `mysql`", "USE `sys`; INSERT INTO `t` VALUES (1)",
	"INSERT INTO `mysql`.`user` VALUES (1)", "INSERT INTO mysql.user VALUES (1)",
	"INSERT INTO `t` SELECT * FROM `mysql`.`user`", "INSERT INTO `t` VALUES (load_file('/etc/passwd'))",
	"INSERT INTO `t` VALUES ((SELECT 1))", "INSERT INTO `t` VALUES (1) ON DUPLICATE KEY UPDATE a=(SELECT 1)",
	"INSERT INTO `t` VALUES (1) RETURNING sleep(9)",
	"INSTALL SONAME 'ha_federatedx'", "INSTALL PLUGIN x SONAME 'x.so'",
	"CREATE FUNCTION sys_exec RETURNS INTEGER SONAME 'lib.so'",
	"CREATE DEFINER=`a`@`b` SERVER `s` FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
	"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
	"LOAD DATA INFILE '/etc/passwd' INTO TABLE `t`", "LOAD DATA LOCAL INFILE '/etc/shadow' INTO TABLE `t`",
	"SELECT 1 INTO OUTFILE '/tmp/x'", "SELECT * FROM t INTO DUMPFILE '/tmp/x'", "SELECT sleep(1000)", "DO sleep(1000)",
	"SELECT SETVAL(`s`, (SELECT 1), 0)", "DO SETVAL(`s`, sleep(9), 0)",
	"CREATE TABLE `x` (a int) ENGINE=InnoDB DATA DIRECTORY='/srv'",
	"CREATE TABLE `x` (a int) ENGINE=MyISAM /*!50100 INDEX  DIRECTORY = '/srv' */",
	"CREATE TABLE `x` (a int) ENGINE=InnoDB DATA/**/DIRECTORY='/srv'",
	"CREATE TABLE `x` (a int) PARTITION BY HASH (a) (PARTITION p DATA\n DIRECTORY='/srv')",
	"CREATE TABLE `x` (a int) ENGINE=FEDERATED CONNECTION='mysql://1.2.3.4/a/b'",
	"CREATE TABLE `x` (a int) ENGINE='CONNECT' TABLE_TYPE=CSV FILE_NAME='/etc/passwd'",
	"CREATE TABLE `x` (a int) ENGINE `SPIDER`", "CREATE TABLE `x` (a int) ENGINE=MRG_MYISAM UNION=(`mysql`.`user`)",
	"CREATE TABLE `x` (a int) ENGINE=S3",
	"CREATE TABLE `x` (a int) SELECT * FROM `mysql`.`user`", "CREATE TABLE `x` AS SELECT 1",
	"CREATE TABLE `x` LIKE `mysql`.`user`", "CREATE TABLE `x` (LIKE `mysql`.`user`)",
	"CREATE TABLE `mysql`.`x` (a int)", "CREATE TABLE `x` (a text DEFAULT (load_file('/etc/passwd')))",
	"CREATE TABLE `x` (a text DEFAULT (`LOAD_FILE` ('/etc/passwd')))",
	"CREATE TABLE `x` (a int) AS VALUES (1)", "CREATE TABLE `x` (a int) VALUES (1)",
	"CREATE TABLE `x` (a int) (VALUES (nextval(`mysql`.`s`)))",
	"CREATE TABLE `x` (a int) ENGINE=InnoDB IGNORE AS (VALUES (1))",
	"CREATE TABLE `x` (a int) WITH y AS (VALUES (1)) TABLE y",
	"CREATE TABLE `x` (a int REFERENCES nova.instances (id))", "CREATE TABLE `x` (a int REFERENCES 1x.instances (id))",
	"CREATE TABLE `x` (a int REFERENCES .instances (id))", "CREATE TABLE `x` (a int DEFAULT nextval(1x.s))",
	"CREATE TABLE `x` (a int DEFAULT nextval(1e5.`s`))",
	"CREATE TRIGGER `r` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.a=1",
	"CREATE DEFINER=CURRENT_USER TRIGGER `r` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.a=1",
	"CREATE DEFINER=`n`@`%` TRIGGER `r` BEFORE INSERT ON `mysql`.`user` FOR EACH ROW SET NEW.a=1",
	"CREATE DEFINER=`n`@`%` EVENT `mysql`.`e` ON SCHEDULE EVERY 1 SECOND DO SELECT 1",
	"CREATE VIEW `v` AS SELECT * FROM `mysql`.`user`", "CREATE SQL SECURITY DEFINER VIEW `v` AS SELECT * FROM x",
	"CREATE VIEW `v` AS SELECT 1 AS `a`, user()", "CREATE OR REPLACE DEFINER=`a`@`b` VIEW `v` AS SELECT 1",
	"CREATE TEMPORARY TABLE `x` (a int)",
	"DROP DATABASE `nova`", "DROP USER root@localhost", "DROP TABLE `mysql`.`user`",
	"DROP TABLE IF EXISTS `a`, `mysql`.`user`", "DROP TABLE IF EXISTS `mysql`.`user`",
	"ALTER USER root@localhost IDENTIFIED BY ''", "ALTER TABLE `t` DATA DIRECTORY='/srv'",
	"ALTER TABLE `t` DISCARD TABLESPACE", "ALTER DATABASE `mysql` CHARACTER SET utf8 COLLATE utf8_bin",
	"ALTER TABLE `t` ENABLE KEYS, RENAME TO `mysql`.`x`", "RENAME TABLE `t` TO `mysql`.`x`", "CALL p()",
	"EXECUTE IMMEDIATE 'GRANT'", "PREPARE s FROM 'x'", "BEGIN NOT ATOMIC GRANT ALL ON *.* TO evil", "HANDLER t OPEN",
	"FLUSH PRIVILEGES", "CHANGE MASTER TO MASTER_HOST='x'", "SHUTDOWN", "KILL 1", "UPDATE `t` SET a=1",
	"DELETE FROM `t`", "TRUNCATE `t`",
	"WITH x AS (SELECT 1) SELECT * FROM x", "ANALYZE TABLE t", "XA START 'x'", "LOCK TABLES `mysql`.`user` WRITE",
	"HELP 'x'", "SIGNAL SQLSTATE '45000'", "BACKUP STAGE START", "UNINSTALL PLUGIN ed25519", "PURGE BINARY LOGS TO 'x'",
	"RESET MASTER",
	`\! id`, "\\. /etc/passwd", "source /etc/passwd", "system id", "SELECT 1\\G", "charset gbk", "tee /tmp/x",
	"DELIMITER //\nGRANT ALL ON *.* TO evil//",
	"DELIMITER ;;\nSET NAMES utf8; GRANT ALL ON *.* TO evil ;;\nDELIMITER ;",
	"CREATE TABLE `x` (a int); GRANT ALL ON *.* TO evil",
	"/*!999999 INSERT INTO `t` VALUES (' */ GRANT ALL ON *.* TO evil /*!999999 ') */",
	"/*!50799 INSERT INTO `t` VALUES (' */ GRANT ALL ON *.* TO evil", "/*!50003 SET /*!50003 NAMES */ utf8 */",
	"--\x7f '\nGRANT ALL ON *.* TO evil -- '",
	"SET sql_mode='ANSI_QUOTES'; INSERT INTO `t` VALUES (\"a\\\"); GRANT ALL ON *.* TO evil; -- \")",
	"SET sql_mode='NO_BACKSLASH_ESCAPES'; INSERT INTO `t` VALUES ('a\\'); GRANT ALL ON *.* TO evil; -- ')",
	"SET sql_mode='ansi'; INSERT INTO `t` VALUES (\"mysql\")",
	"`GRANT` ALL", "'GRANT'", "(SELECT 1)", "{", "@x := 1", "1", "\x00", "SELECT\x00 1", "/*", "'", "`", "/*!50003 ",
	"CREATE", "CREATE DEFINER=", "INSERT", "SET", "DROP TABLE IF EXISTS",
}

func TestAStatementThatNoDumpHasIsRefused(t *testing.T) {
	more := []string{"INSERT INTO `none` VALUES (1)",
		"/*!50001 CREATE VIEW `t` AS SELECT 1 AS `a` */; INSERT INTO `t` VALUES (1)",
		"DROP TABLE IF EXISTS `t`; INSERT INTO `t` VALUES (1)",
		"DELIMITER ;;\nCREATE DEFINER=`a`@`b` TRIGGER r BEFORE INSERT ON T FOR EACH ROW CALL x() ;;\nDELIMITER" +
			" ;\nINSERT INTO `t` VALUES (1)"}
	for _, statement := range append(more, hostile...) {
		for _, n := range []int{1, 1 << 20} {
			all, err := read(NewReader, begin+statement+";\n", n)
			var refused *Refusal
			if !errors.As(err, &refused) || refused.Line < 3 || !strings.Contains(err.Error(), "line ") {
				t.Errorf("%q: %v", statement, err)
			}
			for _, s := range all[3:] {
				if s.Kind != Session && !strings.HasPrefix(s.Text, "CREATE TABLE `x` (a int)") && s.Kind != Program &&
					s.Kind != View && s.Does != "DROP TABLE" && s.Text != `INSERT INTO `+"`t` VALUES ('a\\')" {
					t.Errorf("%q: %q was passed on", statement, s.Text)
				}
			}
		}
	}
}

// We read each of these in one way, and MariaDB 10.11 in another.
func TestAmbiguousTextIsRefused(t *testing.T) {
	const evil = "CREATE DEFINER=`x`@`y` SQL SECURITY INVOKER VIEW `v` AS SELECT Host, User, Priv FROM" +
		" mysql.global_priv;\n"
	const trigger = "CREATE DEFINER=`a`@`b` TRIGGER r BEFORE INSERT ON `t` FOR EACH ROW CALL x();\n"
	for _, dump := range []string{
		// The mode of quotes: a backslash within its name, values from before the SET, names of variables that are
		// equal.
		`SET sql_mode='N\O_BACKSLASH_ESCAPES'`, `SET sql_mode="\ANSI_QUOTES"`, "SET sql_mode=' ANSI_QUOTES'",
		"SET sql_mode='NO_BACKSLASH_ESCAPES', @y=@@sql_mode", "SET @y=@@sql_mode; SET @y=@@sql_mode, sql_mode=@y",
		"SET @y=@@sql_mode, @Y=@@sql_mode",
		"SET NAMES latin1, @c=@@character_set_client", "SET sql_mode='', sql_mode='ANSI'", "SET @é=@@sql_mode",
		// A byte that is a blank in single-byte character sets.
		"SET NAMES latin1; CREATE TABLE `y` (`a` int)\xa0ENGINE\xa0=\xa0MERGE",
		"SET NAMES latin1; CREATE TABLE `y` (`a` int) DATA\xa0DIRECTORY='/srv'",
		"SET character_set_client=cp1250; CREATE TABLE `y` (`a` int) \xa0SELECT\xa01",
		"SET NAMES latin1; CREATE TABLE `y` (`a` int) --\xa0x'\nENGINE=MERGE -- '\n",
		"SET @c=@@character_set_client; SET NAMES latin1; SET @d=@@character_set_client; SET character_set_client=@c;" +
			" SET character_set_client=@d; CREATE TABLE `y` (a\xa0int)",
		// A number that ends before its letters do.
		"CREATE TABLE `y` (`a` int) AUTO_INCREMENT=1.0e1ENGINE=MERGE",
		"CREATE TABLE `y` (`a` int) AVG_ROW_LENGTH=1.0CONNECTION='mysql://x'",
		"CREATE TABLE `y` (`a` int) AVG_ROW_LENGTH=1.0SELECT 1",
		"CREATE TABLE `y` (`a` int) AUTO_INCREMENT=0x1GENGINE=x", "INSERT INTO `t` VALUES (1.0OR 1)",
		"INSERT INTO `t` VALUES (1e1e1)", "INSERT INTO `t` VALUES (0b2)",
		"CREATE TABLE `y` (`a` text) VALUES (current_user())", "CREATE TABLE `y` (`a` text) AS VALUES (1)",
		// Rows for a view or through a trigger.
		evil + "CREATE TABLE IF NOT EXISTS `v` (`a` int); INSERT INTO `v` VALUES (1,2,3)",
		strings.ReplaceAll(evil, "`v`", "`V`") + "CREATE TABLE `v` (`a` int); INSERT INTO `V` VALUES (1,2,3)",
		strings.ReplaceAll(evil, "`v`", "`é`") +
			"SET NAMES latin1; CREATE TABLE `\xe8` (`a` int); INSERT INTO `\xe9` VALUES (1,2,3)",
		"CREATE TABLE `y` (`a` int); INSERT INTO `t` VALUES (1)",
		"CREATE TABLE `é` (`a` int); SET NAMES latin1; INSERT INTO `é` VALUES (1)",
		trigger + "CREATE TABLE IF NOT EXISTS `t` (`a` int); INSERT INTO `t` VALUES (1)",
		trigger + "INSERT INTO `t` VALUES (1)",
		"SET NAMES latin1; USE `é`", "SET NAMES latin1; CREATE DATABASE `é`",
		// root@localhost, and names that are sent as other bytes.
		`CREATE DEFINER='ro\ot'@'l\ocalhost' EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1`,
		`CREATE DEFINER='ro''ot'@'%' PROCEDURE p() SELECT 1`,
		"SET NAMES latin1; CREATE DEFINER=`é`@`%` PROCEDURE p() SELECT 1",
	} {
		_, err := read(NewReader, begin+dump+";\n", 1<<20)
		var refused *Refusal
		if !errors.As(err, &refused) || refused.Line < 3 {
			t.Errorf("%q: %v", dump, err)
		}
	}
	if _, err := read(NewReader, begin+"SET NAMES latin1; CREATE TABLE `y` (a text COMMENT '\xe9') ENGINE=InnoDB"+
		" PARTITION BY LIST (a) (PARTITION p VALUES IN (1.5e-3)); INSERT INTO `y` VALUES ('\xa0',0x1f,0b01,1.,1E5);",
		9); err != nil {
		t.Error(err)
	}
}

func TestAHeaderHoldsNothingButSessionVariables(t *testing.T) {
	for _, statement := range []string{"CREATE TABLE `t` (a int)", "INSERT INTO `t` VALUES (1)",
		"/*!50003 CREATE USER evil */", "DROP TABLE IF EXISTS `t`",
		"ALTER DATABASE `nova` CHARACTER SET utf8 COLLATE utf8_bin"} {
		if _, err := read(NewReader, "/*!40101 SET NAMES utf8mb4 */;\n"+statement+";\n", 100); err == nil {
			t.Errorf("%q was passed on", statement)
		}
	}
}

func TestOrdinaryStatementsAreRead(t *testing.T) {
	for _, c := range []struct{ dump, want string }{
		{"INSERT INTO `t` VALUES (1,-2.5e-10,'x;\\'''\\\\',_binary 'a\x00b',0xFF,NULL),\n('--','/*!50003 */','#');",
			"INSERT INTO `t` VALUES (1,-2.5e-10,'x;\\'''\\\\',_binary 'a\x00b',0xFF,NULL),\n('--','/*!50003 */','#')"},
		{"CREATE TABLE `späß``;` (a int); INSERT INTO `späß``;` (`a``b`, `c`) VALUES ('ü\r\n');",
			"INSERT INTO `späß``;` (`a``b`, `c`) VALUES ('ü\r\n')"},
		{"/*!999999\\- enable the sandbox mode */ \nUNLOCK TABLES;", "UNLOCK TABLES"},
		{"/*M!999999\\- enable the sandbox mode */\n-- a ; comment '\nUNLOCK TABLES;", "UNLOCK TABLES"},
		{"CREATE TABLE `t` (`directory` int COMMENT 'DATA DIRECTORY=', `select` int GENERATED ALWAYS AS (`x` + 1)" +
			" VIRTUAL) ENGINE=InnoDB\n/*!50100 PARTITION BY KEY (`a`) PARTITIONS 3 */;", ""},
		{"DELIMITER ;;\nCREATE DEFINER=`a`@`b` PROCEDURE `p`()\nBEGIN\n-- it's; kept\n# so's this\n/* and ' this */" +
			" SELECT 1; END ;;\nDELIMITER ;\n", "CREATE DEFINER=`a`@`b` PROCEDURE `p`()\nBEGIN\n-- it's; kept\n# so's" +
			" this\n/* and ' this */ SELECT 1; END"},
		{"DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER r BEFORE INSERT ON parent FOR" +
			" EACH ROW /* c */ SET NEW.a = 1 */;;\nDELIMITER ;\n",
			"CREATE    DEFINER=`a`@`b`    TRIGGER r BEFORE INSERT ON parent FOR EACH ROW /* c */ SET NEW.a = 1"},
		{"SET @saved_sql_mode=@@sql_mode; SET sql_mode='NO_BACKSLASH_ESCAPES'; INSERT INTO `t` VALUES ('\\'); SET" +
			" sql_mode=@saved_sql_mode; INSERT INTO `t` VALUES ('\\'');", "INSERT INTO `t` VALUES ('\\'')"},
		{"SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;\nCOMMIT;\nSET AUTOCOMMIT=@OLD_AUTOCOMMIT;",
			"SET AUTOCOMMIT=@OLD_AUTOCOMMIT"},
	} {
		for _, n := range []int{1, 5, 1 << 20} {
			all, err := read(NewReader, begin+c.dump, n)
			if err != nil {
				t.Errorf("%q: %v", c.dump, err)
			} else if last := all[len(all)-1]; c.want != "" && last.Text != c.want {
				t.Errorf("%q: %q", c.dump, last.Text)
			}
		}
	}
}

func TestTheObjectOfAStatementIsKnown(t *testing.T) {
	all, err := read(NewReader, begin+"CREATE DEFINER=`ro``ot`@`%` TRIGGER `nova`.r AFTER UPDATE ON `nova`.`t` FOR"+
		" EACH ROW DO 1;\nUSE `other`;\nALTER DATABASE `other` CHARACTER SET utf8mb3 COLLATE utf8mb3_bin ;\n", 9)
	if err != nil {
		t.Fatal(err)
	}
	if s := all[3]; s.Kind != Program || s.Schema != "nova" || s.Name != "r" || s.Table != "t" || !s.Qualified ||
		s.Definer.String() != "ro`ot@%" || s.Line != 3 {
		t.Errorf("%+v", s)
	}
	if s := all[5]; s.Kind != Collate || s.Schema != "other" ||
		s.In("n`w") != "ALTER DATABASE `n``w` CHARACTER SET utf8mb3 COLLATE utf8mb3_bin" {
		t.Errorf("%+v, %q", s, s.In("n`w"))
	}
	if got := all[0].In("x"); got != "CREATE DATABASE   IF NOT EXISTS  `x`" {
		t.Errorf("%q", got)
	}
}

func TestTheOtherSchemasOfATableAreKnown(t *testing.T) {
	for text, want := range map[string]struct {
		reaches   string
		qualified bool
	}{
		"a int, CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `t` (`a`) ON DELETE CASCADE":    {"", false},
		"a int, CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `other`.`t` (`a`)":              {"other", false},
		"a int, CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `o.th``er` /* */ . `t` (`a`)":   {"o.th`er", false},
		"a int, CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `nova`.`t` (`a`)":               {"", true},
		"a int DEFAULT nextval(`other`.`s`)":                                                {"other", false},
		"a int DEFAULT nextval(other . s)":                                                  {"other", false},
		"a int DEFAULT lastval(`other`.`s`)":                                                {"other", false},
		"a int DEFAULT (PREVIOUS VALUE FOR `other`.`s`)":                                    {"other", false},
		"a int DEFAULT (NEXT VALUE FOR other.s)":                                            {"other", false},
		"a int DEFAULT nextval(`nova`.`s`)":                                                 {"", true},
		"a int DEFAULT nextval(`s`)":                                                        {"", false},
		"a int GENERATED ALWAYS AS (`other`.`f`(1)) VIRTUAL":                                {"other", false},
		"a int, CHECK (other.f(a) > 1.5e3)":                                                 {"other", false},
		"a int) PARTITION BY HASH (other.f(a)":                                              {"other", false},
		"a decimal(5,2) DEFAULT 1.50 COMMENT 'other.f', b int AS (`a` * 0x1F + 1.) VIRTUAL": {"", false},
		"a int) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (5) ENGINE = InnoDB":   {"", false},
		"a int) PARTITION BY LIST (a) (PARTITION p VALUES IN (5,NULL) ENGINE = InnoDB":      {"", false},
		"a timestamp(6) GENERATED ALWAYS AS ROW START, PERIOD FOR SYSTEM_TIME (`a`, `b`":    {"", false},
		"a char(1) DEFAULT cast(b as char charset utf8mb4) CHECK (json_valid(`a`)), b int":  {"", false},
	} {
		all, err := read(NewReader, begin+"CREATE TABLE `x` ("+text+") ENGINE=InnoDB;\n", 99)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if s := all[3]; s.Reaches != want.reaches || s.Qualified != want.qualified {
			t.Errorf("%s: %q, %t", text, s.Reaches, s.Qualified)
		}
	}
}

func TestAFileOfUsersHoldsAccountsAlone(t *testing.T) {
	const users = "CREATE USER IF NOT EXISTS `nova`@`%` IDENTIFIED BY PASSWORD '*A;B';\nCREATE ROLE IF NOT EXISTS" +
		" `r`;\nGRANT ALL ON `nova`.* TO `nova`@`%`;\nALTER USER IF EXISTS `nova`@`%` ACCOUNT LOCK;\nSET DEFAULT ROLE" +
		" `r` FOR `nova`@`%`;\n"
	if all, err := read(NewUsersReader, users, 3); err != nil || len(all) != 5 {
		t.Errorf("%v, %v", all, err)
	}
	for _, bad := range hostileUsers {
		if _, err := read(NewUsersReader, users+bad+";\n", 100); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// hostileUsers are statements that no file of users may hold. Many begin like a permitted one.
var hostileUsers = []string{
	"INSTALL SONAME 'x'", "SET GLOBAL general_log=ON", "INSERT INTO `mysql`.`user` VALUES (1)",
	"CREATE TABLE x (a int)", "SELECT 1 INTO OUTFILE '/tmp/x'",
	"DROP USER root@localhost", "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
	"SET PASSWORD FOR a@b = PASSWORD('x'), GLOBAL event_scheduler=ON",
	"SET PASSWORD FOR `a`@`b` = '', @@global.event_scheduler=ON",
	"SET DEFAULT ROLE NONE FOR a@b, GLOBAL general_log_file='/tmp/x'",
	"SET DEFAULT ROLE `r` FOR `a`@`b`, GLOBAL general_log_file='/tmp/x'",
	"SET DEFAULT ROLE `r`, GLOBAL event_scheduler=ON",
	"SET DEFAULT ROLE `r` FOR `a`@`b` /*!50003 , GLOBAL event_scheduler=ON */",
	"SET DEFAULT ROLE `r` FOR `a`@`b`/* , */, PASSWORD = ''",
	"SET DEFAULT ROLE `r` FOR CURRENT_USER, @x = (SELECT load_file('/etc/passwd'))",
	"CREATE USER `a`@`b`", "CREATE OR REPLACE USER `a`@`b`", "CREATE USER IF NOT EXISTS CURRENT_USER",
	"CREATE USER IF NOT EXISTS `a`@`b`, `c`@`d`",
	"CREATE USER IF NOT EXISTS `a`@`b` IDENTIFIED VIA x USING PASSWORD('y')", "CREATE USER IF NOT EXISTS `a`@`b` WITH",
	"CREATE USER IF NOT EXISTS `a`@`b` WITH MAX_QUERIES_PER_HOUR (SELECT 1)",
	"CREATE USER IF NOT EXISTS `a`@`b` REQUIRE SSL, GLOBAL x=1",
	"CREATE USER IF NOT EXISTS `a`@`b` PASSWORD EXPIRE INTERVAL sleep(9) DAY",
	"CREATE USER IF NOT EXISTS `a`@`b` DEFAULT ROLE `r`",
	"CREATE ROLE IF NOT EXISTS `r` WITH ADMIN CURRENT_USER", "CREATE ROLE `r`", "CREATE ROLE IF NOT EXISTS `r`, `s`",
	"ALTER USER CURRENT_USER() IDENTIFIED BY PASSWORD ''", "ALTER USER IF EXISTS `a`@`b`, `c`@`d` ACCOUNT LOCK",
	"ALTER USER IF EXISTS `a`@`b` ACCOUNT LOCK, GLOBAL x=1",
	"GRANT ALL ON *.* TO `a`@`b`, `c`@`d`", "GRANT ALL ON *.* TO `a`@`b` WITH GRANT OPTION, GLOBAL x=1",
	"GRANT ALL ON `nova` TO `a`@`b`", "GRANT ALL ON *.`t` TO `a`@`b`", "GRANT ALL TO `a`@`b` SELECT 1",
	"GRANT SELECT (`a`, (SELECT 1)) ON `n`.`t` TO `a`@`b`", "GRANT PROXY ON ''@'%' TO 'root'@'localhost', 'x'@'y'",
	"GRANT `r`, `s` TO `a`@`b`", "GRANT", "GRANT ALL ON *.* TO", "SET DEFAULT ROLE",
	"REVOKE ALL ON *.* FROM `a`@`b`", "DELIMITER ;;\nGRANT `r` TO `a`@`b`; SET GLOBAL event_scheduler=ON;;\nDELIMITER ",
	"EXECUTE IMMEDIATE 'GRANT'", "SET STATEMENT x=1 FOR GRANT `r` TO `a`@`b`",
	"SET sql_mode = DEFAULT", "SET sql_mode = 'ANSI'", "SET sql_mode = \"ORACLE\"", "SET sql_mode = ORACLE",
	"SET sql_mode = 'ORACLE', GLOBAL event_scheduler=ON", "SET sql_mode = DEFAULT, GLOBAL x=1",
	"SET GLOBAL sql_mode = DEFAULT", "SET sql_mode = (SELECT 1)", "SET sql_mode",
	// In that mode the name ends at the second quote.
	"SET sql_mode = 'ORACLE';\nGRANT EXECUTE ON *.* TO \"a\\\", GLOBAL x=1, \"@`b`",
}

// As servers from 10.1 to 11 show accounts and grants.
func TestEachFormOfAnAccountIsRead(t *testing.T) {
	for _, statement := range []string{
		"CREATE USER IF NOT EXISTS `a`@`b`", "CREATE USER IF NOT EXISTS 'a'@'%' IDENTIFIED BY PASSWORD '*A'",
		"CREATE USER IF NOT EXISTS `a```@`%` IDENTIFIED VIA ed25519 USING 'x' OR unix_socket OR pam USING 'mariadb'",
		"ALTER USER IF EXISTS `a`@`b` IDENTIFIED VIA mysql_native_password USING 'invalid' REQUIRE ISSUER '/C=x'" +
			" SUBJECT '/C=y' CIPHER 'z' WITH MAX_QUERIES_PER_HOUR 1 MAX_UPDATES_PER_HOUR 2 MAX_CONNECTIONS_PER_HOUR 3" +
			" MAX_USER_CONNECTIONS -1 MAX_STATEMENT_TIME 1.500000 ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 5 DAY",
		"ALTER USER `a`@`b` PASSWORD EXPIRE", "ALTER USER IF EXISTS `a`@`b` REQUIRE X509 PASSWORD EXPIRE NEVER",
		"CREATE ROLE IF NOT EXISTS `r`", "SET DEFAULT ROLE `r` FOR `a`@`b`", "SET sql_mode = 'ORACLE'",
		"SET sql_mode = ''",
		"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA mysql_native_password USING 'invalid' OR" +
			" unix_socket WITH GRANT OPTION", "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
		"GRANT SELECT (`user`, `host`), INSERT ON `mysql`.`user` TO `a b``c`@`10.%`",
		"GRANT SELECT (user, host), UPDATE (host) ON `mysql`.`user` TO 'a'@'10.%'",
		"GRANT EXECUTE ON PROCEDURE `sys`.`diagnostics` TO `a`@`10.%` WITH GRANT OPTION",
		"GRANT EXECUTE, ALTER ROUTINE ON PACKAGE BODY `a`.`b` TO `a`@`10.%`", "GRANT RELOAD, PROCESS, REPLICATION" +
			" CLIENT ON *.* TO 'backup'@'localhost' IDENTIFIED BY PASSWORD" +
			" '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5",
		"GRANT `r` TO `a`@`b` WITH ADMIN OPTION", "GRANT nova_reader TO 'reporter'@'10.%'", "GRANT `r` TO `s`",
		"GRANT SELECT ON `no\\_va`.* TO PUBLIC", "GRANT USAGE ON *.* TO `PUBLIC`",
		"GRANT DELETE HISTORY, BINLOG MONITOR ON *.* TO `a`@`b` WITH GRANT OPTION MAX_QUERIES_PER_HOUR 7",
	} {
		if all, err := read(NewUsersReader, statement+";\n", 5); err != nil || len(all) != 1 || all[0].Kind != Account {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// The output does not depend on how a dump is cut into pieces, and has no executable comment outside of quotes.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"USE `a`;", "INSERT INTO `t` VALUES ('\\'',1);", "/*!50003 SET @a=@@sql_mode */ ;;",
		"DELIMITER ;;\n", "-- x\n", "/*M!100100 ", "CREATE TABLE `t` (a int) ENGINE=x;", "SET sql_mode='ANSI';",
		"\"`'#*/"} {
		f.Add(begin+seed, 3)
	}
	f.Fuzz(func(t *testing.T, dump string, n int) {
		if len(dump) > 4096 {
			return
		}
		whole, err := read(NewReader, dump, len(dump)+1)
		pieces, again := read(NewReader, dump, max(n%64, 1))
		if (err == nil) != (again == nil) || err == nil && len(whole) != len(pieces) {
			t.Fatalf("%q: %v, in pieces %v", dump, err, again)
		}
		for _, s := range whole {
			if s.Kind == 0 || s.Line < 1 || s.Does == "" || s.Kind != Session && (s.Schema == "" || System(s.Schema)) {
				t.Fatalf("%q: %+v", dump, s)
			}
		}
	})
}
