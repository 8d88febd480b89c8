// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"strings"
	"testing"
)

const someZones = "-- comment\nINSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,'N'),(2,'Y');\n" +
	"INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Europe/Berlin',1);\n" +
	"INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES" +
	" (1,-2147483648,0);\n" +
	"INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation)" +
	" VALUES (1,0,-3600,0,'C''ET');\n" +
	"INSERT INTO mysql.time_zone_leap_second (Transition_time, Correction) VALUES (1,-1);\n" +
	"CREATE OR REPLACE SERVER `s``x` FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST 'db''s\\'', DATABASE 'd', USER 'u'," +
	" PASSWORD 'p;', SOCKET '', OWNER '', PORT 3306);\n"

func TestTimeZonesAndServersAreRead(t *testing.T) {
	for _, n := range []int{1, 7, 1 << 20} {
		all, err := read(NewSystemReader, someZones, n)
		if err != nil || len(all) != 6 || all[0].Name != "time_zone" || all[0].Rows != 2 || all[5].Name != "s`x" ||
			all[5].Kind != Servers {
			t.Fatalf("%+v, %v", all, err)
		}
	}
}

func TestNothingElseOfTheServersOwnIsTaken(t *testing.T) {
	for _, statement := range []string{
		"INSERT INTO mysql.user (Host, User) VALUES ('%','evil')",
		"INSERT INTO mysql.global_priv (Host, User, Priv) VALUES ('%','evil','{}')",
		"INSERT INTO mysql.servers (Server_name) VALUES ('x')",
		"INSERT INTO mysql.func VALUES ('f',0,'x.so','function')", "INSERT INTO nova.t (a) VALUES (1)",
		"INSERT INTO mysql.time_zone VALUES (1,'N')", "INSERT INTO mysql.time_zone (Time_zone_id) VALUES (1)",
		"INSERT INTO mysql.time_zone (Use_leap_seconds, Time_zone_id) VALUES ('N',1)",
		"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES ((SELECT 1),'N')",
		"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) SELECT 1,'N'",
		"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,'N') ON DUPLICATE KEY UPDATE" +
			" Time_zone_id=1", "REPLACE INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,'N')",
		"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,sleep(9))",
		"INSERT IGNORE INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,'N')",
		"INSERT INTO mysql . `time_zone`.x (Time_zone_id, Use_leap_seconds) VALUES (1,'N')",
		"CREATE SERVER `s` FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST 'x')",
		"CREATE OR REPLACE SERVER s FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST 'x')",
		"CREATE OR REPLACE SERVER `s` FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST (SELECT 1))",
		"CREATE OR REPLACE SERVER `s` FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST 'x'), x",
		"CREATE OR REPLACE SERVER `s` FOREIGN DATA WRAPPER `mysql` OPTIONS (HOST x)", "CREATE OR REPLACE USER evil",
		"CREATE FUNCTION f RETURNS STRING SONAME 'x.so'", "INSTALL SONAME 'x'", "SET GLOBAL event_scheduler=ON",
		"SET sql_mode='ANSI_QUOTES'", "USE mysql", "GRANT ALL ON *.* TO evil", "DROP SERVER `s`",
		"TRUNCATE mysql.time_zone", "x",
		"/*!50003 CREATE USER evil */", "INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1,'N')" +
			" /*!50003 , (2,(SELECT 1)) */",
	} {
		all, err := read(NewSystemReader, statement+";\n", 9)
		if !errors.As(err, new(*Refusal)) || len(all) > 0 {
			t.Errorf("%s: %+v, %v", statement, all, err)
		}
	}
	if _, err := read(NewReader, someZones, 9); err == nil {
		t.Error("a dump may write into mysql")
	}
}

// FuzzSystemReader checks that only rows for time zones and foreign servers are passed on, however the input is cut.
func FuzzSystemReader(f *testing.F) {
	for _, seed := range []string{someZones, "INSERT INTO mysql.user (a) VALUES (1);",
		"/*!50003 CREATE OR REPLACE SERVER `s` */;", "DELIMITER ;;\n"} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		if len(text) > 4096 {
			return
		}
		whole, err := read(NewSystemReader, text, len(text)+1)
		pieces, again := read(NewSystemReader, text, max(n%64, 1))
		if (err == nil) != (again == nil) || err == nil && len(whole) != len(pieces) {
			t.Fatalf("%q: %v, in pieces %v", text, err, again)
		}
		for _, s := range whole {
			rows := s.Does == "INSERT" && s.Schema == "mysql" && zoneTables[s.Name] != nil
			if s.Kind != Servers || !rows && !strings.HasPrefix(strings.ToUpper(s.Text), "CREATE") {
				t.Fatalf("%q: %+v", text, s)
			}
		}
	})
}

func TestTheSequencesOfATableAreKnown(t *testing.T) {
	all, err := read(NewReader, begin+"CREATE TABLE `y` (`a` int DEFAULT nextval(`o``s`.`s q`), `b` int DEFAULT"+
		" lastval(`nova`.`own`), `c` text COMMENT 'nextval(`x`.`y`)', `nextval` int);\n", 5)
	if err != nil {
		t.Fatal(err)
	}
	got := all[len(all)-1].Sequences
	if len(got) != 2 || got[0] != (Named{"o`s", "s q"}) || got[1] != (Named{"nova", "own"}) {
		t.Errorf("%q", got)
	}
}

// As mariadb-dump 10.11.19 writes them with --dump-history.
func TestHistoryAndConnectionsAreRead(t *testing.T) {
	for _, statements := range []string{
		"/*M!101100 SET @old_system_versioning_insert_history=@@session.system_versioning_insert_history," +
			" @@session.system_versioning_insert_history=1 */;\n" +
			"INSERT INTO `t` (`id`, `v`, row_start, row_end) VALUES (1,'a','2026-11-30 07:28:15.171225','2026-11-30" +
			" 07:28:15.171917'),\n(1,'c','2026-11-30 07:28:15.171917','2038-01-19 03:14:07.999999');\n" +
			"/*M!101100 SET system_versioning_insert_history=@old_system_versioning_insert_history */;\n",
		"CREATE TABLE `h` (\n  `id` int(11) NOT NULL,\n  `a` timestamp(6) GENERATED ALWAYS AS ROW START,\n  `b`" +
			" timestamp(6) GENERATED ALWAYS AS ROW END,\n  PRIMARY KEY (`id`,`b`),\n  PERIOD FOR SYSTEM_TIME (`a`," +
			" `b`)\n) ENGINE=InnoDB WITH SYSTEM VERSIONING;\n",
		"CREATE TABLE `h` (\n  `id` int(11)\n) ENGINE=InnoDB WITH SYSTEM VERSIONING\n PARTITION BY SYSTEM_TIME" +
			" INTERVAL 7 DAY STARTS TIMESTAMP'2026-01-01 00:00:00'\nPARTITIONS 4;\n",
		"CREATE TABLE `h` (`id` int) ENGINE=InnoDB COMMENT='it''s a ''SELECT'' \"' CONNECTION='mysql://DATA" +
			" DIRECTORY';\n",
	} {
		if _, err := read(NewReader, begin+statements, 11); err != nil {
			t.Errorf("%s: %v", statements, err)
		}
	}
	for _, statement := range []string{"INSERT INTO `t` (id) VALUES (1)", "INSERT INTO `t` (row_start()) VALUES (1)",
		"CREATE TABLE `h` (`id` int) CONNECTION=(SELECT 1)", "CREATE TABLE `h` (`id` int) CONNECTION"} {
		if _, err := read(NewReader, begin+statement+";\n", 11); err == nil {
			t.Errorf("%s was taken", statement)
		}
	}
}
