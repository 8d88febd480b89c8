// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"path/filepath"
	"slices"
	"testing"

	"overcloud.backup/tests/mariadb"
)

func TestASetsSettingsAreNotBelievedBlindly(t *testing.T) {
	settings := map[string]string{
		"lower_case_table_names": "1", "innodb_page_size": "4096", "character_set_server": "latin1", "sql_mode": "ANSI,NO_ZERO_DATE", "explicit_defaults_for_timestamp": "OFF",
		"innodb_default_row_format": "compact", "collation_server": "x --init-file=/etc/shadow", "old_mode": "UTF8_IS_UTF8MB3 --x", "enforce_storage_engine": "MyISAM",
		"init_file": "/x", "plugin_load": "evil.so", "innodb_file_per_table": "maybe", "innodb_data_home_dir": "/var/lib/mysql",
	}
	want := []string{"--lower-case-table-names=1", "--innodb-page-size=4096", "--character-set-server=latin1", "--sql-mode=ANSI,NO_ZERO_DATE", "--explicit-defaults-for-timestamp=OFF", "--loose-innodb-default-row-format=compact"}
	if got := worldOf(settings, "logical"); !slices.Equal(got, want) {
		t.Errorf("logical: %q", got)
	}
	if got := worldOf(settings, "physical"); !slices.Equal(got, []string{want[0], want[2]}) {
		t.Errorf("physical: %q", got)
	}
	if got := madeWith(settings); !slices.Equal(got, want[:2]) {
		t.Errorf("made with: %q", got)
	}
}

// The scratch server is as the one that was backed up: what is lawful there is so here.
func TestAServerOfAnotherWorldIsVerified(t *testing.T) {
	shared(t)
	started, err := mariadb.Start(func(string) []string {
		return []string{
			"--skip-networking", "--skip-name-resolve", "--lower-case-table-names=1", "--character-set-server=latin2", "--collation-server=latin2_czech_cs",
			"--innodb-default-row-format=compact", "--default-time-zone=+05:00", "--explicit-defaults-for-timestamp=OFF", "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH",
			"--max-allowed-packet=16M", "--innodb-strict-mode=OFF", "--log-bin=x", "--log-slave-updates", "--wsrep-gtid-mode=ON", "--gtid-domain-id=1", "--wsrep-gtid-domain-id=7",
		}
	})
	must(t, err)
	s := &server{Server: started}
	defer s.Remove()
	_, err = s.SQL(`CREATE DATABASE c_World; USE c_World; CREATE TABLE MixedCase (id INT PRIMARY KEY, at TIMESTAMP DEFAULT '2026-03-29 02:30:00', other TIMESTAMP, c CHAR(9) DEFAULT 'a\');
		INSERT INTO mixedcase (id, at) VALUES (1, '2026-01-01 00:00:00'); CREATE VIEW MyView AS SELECT * FROM MIXEDCASE; CREATE USER 'c_far'@'db1.example.com';
		CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION Low VALUES LESS THAN (10), PARTITION High VALUES LESS THAN MAXVALUE); INSERT INTO parts VALUES (1), (11);
		CREATE TRIGGER Tr BEFORE INSERT ON MixedCase FOR EACH ROW SET NEW.c = 'x\'; CREATE EVENT Ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT 1`)
	must(t, err)
	want, err := s.tables()
	must(t, err)
	for _, method := range []string{"physical", "logical"} {
		path, err := s.backUp(method)
		must(t, err)
		found, problems, warnings := restored(t, openSet(t, filepath.Dir(filepath.Dir(path)), path))
		if len(problems) > 0 || len(warnings) > 0 || found == nil || !slices.Equal(found.Tables, want) {
			t.Errorf("%s: %v, %q, %+v, want %v", method, problems, warnings, found, want)
		}
		if _, to, err := built(t, filepath.Dir(filepath.Dir(path)), path, false); err != nil {
			t.Errorf("%s: %s: %v", method, to, err)
		}
	}
}
