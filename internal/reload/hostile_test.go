// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/tests/sets"
)

// Each of these dumps passes the checks of checksums and lengths. None may leave anything in the server.
func TestAForgedDumpIsNotLoadedIntoTheCluster(t *testing.T) {
	s := sets.Shared(t)
	loot := filepath.Join(s.Dir, "loot")
	forged := map[string]string{
		"the client's shell":  `\! touch ` + loot + "\n" + sets.NovaBegin,
		"the client's system": "system touch " + loot + "\n" + sets.NovaBegin,
		"a file of the host": sets.Header + "CREATE DATABASE loot; CREATE TABLE loot.shadow (l text); LOAD" +
			" DATA LOCAL INFILE '/etc/shadow' INTO TABLE loot.shadow;\n" + sets.NovaBegin,
		"a user in the header": sets.Header +
			"CREATE USER evil@'%' IDENTIFIED BY 'x'; GRANT ALL ON *.* TO evil@'%';\n" + sets.NovaBegin,
		"a user in a comment":         "/*!50003 CREATE USER evil@'%' */;\n" + sets.NovaBegin,
		"a user on the header's line": "/*!40101 SET NAMES utf8mb4 */; CREATE USER evil@'%';\n" + sets.NovaBegin,
		"SET GLOBAL in the header": "/*!40101 SET GLOBAL general_log_file='" + loot +
			"', GLOBAL general_log=ON */;\n" + sets.NovaBegin,
		"a user in the part":           sets.NovaBegin + "CREATE USER evil@'%';\n",
		"a grant in the part":          sets.NovaBegin + "INSERT INTO `mysql`.`proxies_priv` VALUES (1);\n",
		"a file that the server reads": sets.NovaBegin + "INSERT INTO `x` VALUES (LOAD_FILE('/etc/passwd'));\n",
		"a file that the server makes": sets.NovaBegin + "SELECT 'x' INTO OUTFILE '" + loot + "';\n",
		"a table elsewhere": sets.NovaBegin + "CREATE TABLE `y` (a int) ENGINE=InnoDB DATA DIRECTORY='" +
			s.Dir + "';\n",
		"a second statement": sets.NovaBegin + "DELIMITER ;;\nCREATE DEFINER=`nova`@`localhost` PROCEDURE" +
			" `p`() SELECT 1; CREATE USER evil@'%' ;;\nDELIMITER ;\n",
		"a trigger of root": sets.NovaBegin + "DELIMITER ;;\nCREATE DEFINER=`root`@`localhost` TRIGGER `r`" +
			" BEFORE INSERT ON `x` FOR EACH ROW SET @a=1 ;;\nDELIMITER ;\n",
		"a trigger that fires at once": sets.NovaBegin + "DELIMITER ;;\nCREATE DEFINER=`nova`@`localhost` TRIGGER `r`" +
			" BEFORE INSERT ON `x` FOR EACH ROW CALL x() ;;\nDELIMITER ;\nINSERT INTO `x` VALUES ('1');\n",
		"an event of root elsewhere": sets.NovaBegin + "DELIMITER ;;\n/*!50106 CREATE*/ /*!50117" +
			" DEFINER=`root`@`1.2.3.4`*/ /*!50106 EVENT `ev` ON SCHEDULE EVERY 1 SECOND DO GRANT ALL ON *.* TO evil" +
			" */ ;;\nDELIMITER ;\n",
		"a trigger without a definer": sets.NovaBegin +
			"DELIMITER ;;\nCREATE TRIGGER `r` BEFORE INSERT ON `x` FOR EACH ROW SET @a=1 ;;\nDELIMITER ;\n",
		"a foreign key elsewhere": sets.NovaBegin +
			"CREATE TABLE `y` (`a` int, KEY (`a`), CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `mysql`.`t` (`a`));\n",
		"a sequence elsewhere":        sets.NovaBegin + "CREATE TABLE `y` (`a` int DEFAULT nextval(`other`.`s`));\n",
		"a sequence of the same name": sets.NovaBegin + "CREATE TABLE `y` (`a` int DEFAULT nextval(`nova`.`s`));\n",
		"rows of a table constructor": sets.NovaBegin +
			"CREATE TABLE `y` (`a` int) AS VALUES (nextval(`other`.`s`));\n",
		"a function elsewhere": sets.NovaBegin + "CREATE TABLE `y` (`a` int CHECK (`other`.`f`(1) > 0));\n",
		"a view of root": sets.NovaBegin + "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013" +
			" DEFINER=`root`@`localhost` SQL SECURITY DEFINER */\n/*!50001 VIEW `w` AS select * from `mysql`.`user`" +
			" */;\n",
		"a row of another schema's": sets.NovaBegin + "/*!50001 CREATE */ /*!50013 DEFINER=`nova`@`localhost` SQL" +
			" SECURITY INVOKER */ /*!50001 VIEW `w` AS SELECT Host, User, Priv FROM mysql.global_priv */;\n" +
			"CREATE TABLE IF NOT EXISTS `w` (a int);\nINSERT INTO `w` VALUES" +
			" ('%','evil','{\"access\":18446744073709551615}');\n",
		"an event of root, escaped": sets.NovaBegin +
			"CREATE DEFINER='ro\\ot'@'l\\ocalhost' EVENT `ev` ON SCHEDULE EVERY 1 SECOND DO CREATE USER evil;\n",
		"a query as a value": sets.NovaBegin + "SET sql_mode='N\\O_BACKSLASH_ESCAPES';\nINSERT INTO `x` VALUES" +
			" ('\\'+(SELECT 1 FROM mysql.user LIMIT 1))-- ');\n",
		"a key on another schema": "SET foreign_key_checks=0;\n" + sets.NovaBegin +
			"CREATE TABLE `k` (`a` int, FOREIGN KEY (`a`) REFERENCES `keystone` . `user` (`id`));\n",
	}
	for name, dump := range forged {
		_, err := load(t, s, sets.Forge(t, dump), Options{Parts: []Part{{Schema: "nova", As: "copy"}}})
		if err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := s.SQL("SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('loot'," +
			" 'copy') OR schema_name LIKE 'overcloud%'; SELECT user FROM mysql.user WHERE user='evil'"); left != "" ||
			err != nil {
			t.Errorf("%s: %q is left, %v", name, left, err)
			_, err = s.SQL("DROP DATABASE IF EXISTS loot; DROP DATABASE IF EXISTS copy; DROP USER IF EXISTS evil@'%';" +
				" SET GLOBAL general_log=OFF")
			Must(t, err)
		}
		if _, err := os.Stat(loot); err == nil {
			t.Errorf("%s: a file was made", name)
			Must(t, os.Remove(loot))
		}
	}
}

func TestASchemaOfAnHonestDumpIsLoaded(t *testing.T) {
	s := sets.Shared(t)
	destination, path := sets.Copy(t, "logical")
	t.Cleanup(func() {
		if _, err := s.SQL("DROP DATABASE IF EXISTS copy"); err != nil {
			t.Error(err)
		}
	})
	set := sets.Open(t, destination, path)
	o := Options{Parts: []Part{{Schema: "nova", As: "copy"}}}
	// In a copy it would still act on the schema nova.
	if _, err := load(t, s, set, o); err == nil || !strings.Contains(err.Error(), "CREATE EVENT nova.e, line ") {
		t.Error(err)
	}
	o.Definers = []string{"nova@localhost"}
	_, err := load(t, s, set, o)
	Must(t, err)
	for query, want := range map[string]string{
		"SELECT COUNT(*) FROM copy.t": "800", "SELECT COUNT(*) FROM copy.v": "800", "SELECT copy.f(1)": "2",
		"SELECT CONCAT(event_name, definer) FROM information_schema.events WHERE event_schema = " +
			"'copy'": "enova@localhost",
		"SELECT definer FROM information_schema.triggers WHERE trigger_schema = " +
			"'copy'": "nova@localhost",
	} {
		// The definer has no rights in the schema of the other name, as before.
		if got, err := s.SQL("GRANT ALL ON copy.* TO nova@localhost; " + query); err != nil || got != want {
			t.Errorf("%s: %q, %v", query, got, err)
		}
	}
	trusted := sets.Forge(t, sets.NovaBegin+"DELIMITER ;;\nCREATE DEFINER=`root`@`localhost` TRIGGER `r` BEFORE"+
		" INSERT ON `x` FOR EACH ROW SET @a=1 ;;\nDELIMITER ;\n")
	if _, err := load(t, s, trusted, o); err == nil ||
		!strings.Contains(err.Error(), "CREATE TRIGGER nova.r, line 5, would run as root@localhost") {
		t.Error(err)
	}
	_, err = s.SQL("DROP DATABASE copy")
	Must(t, err)
	o.Definers = []string{"root@localhost"}
	_, err = load(t, s, trusted, o)
	Must(t, err)
}
