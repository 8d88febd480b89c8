// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"strings"
	"testing"
)

// taken returns the statements of a dump of the schema a.
func taken(t *testing.T, text string) (all []Statement) {
	t.Helper()
	r := NewReader("10.11.19", func(s Statement) error { all = append(all, s); return nil })
	if _, err := r.Write([]byte("CREATE DATABASE `a`; USE `a`;\n" + text)); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return all[2:]
}

func TestTheLastMomentOfAnEventIsKnown(t *testing.T) {
	for schedule, want := range map[string]*Event{
		"AT '2020-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE": {"'2020-01-01 00:00:00'",
			true, "ENABLE"},
		"EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION NOT PRESERVE DISABLE": {"", false, "DISABLE"},
		"EVERY '1:30' HOUR_MINUTE ON COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'ENABLE '": {"", false,
			"DISABLE ON SLAVE"},
		"EVERY 1 DAY STARTS '2020-01-01 00:00:00' ENDS '2020-01-02 00:00:00' ON COMPLETION PRESERVE ENABLE": {
			"'2020-01-02 00:00:00'", false, "ENABLE",
		},
		// A moment becomes part of one of our statements, so only the server's own format is accepted.
		"AT '2020-01-01 00:00:00') OR SLEEP(9) ON COMPLETION PRESERVE ENABLE": nil,
		"AT CURRENT_TIMESTAMP + INTERVAL 1 DAY ON COMPLETION PRESERVE ENABLE": nil,
		"AT '2020-01-01' ON COMPLETION PRESERVE ENABLE":                       nil,
	} {
		s := taken(t, "DELIMITER ;;\nCREATE DEFINER=`n`@`%` EVENT `e` ON SCHEDULE "+schedule+" DO SELECT 1 ;;\n")[0]
		if got := s.Event; (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: %+v", schedule, got)
		}
	}
}

func TestEnginesAndRowsAreCounted(t *testing.T) {
	all := taken(t, "CREATE TABLE `t` (a int COMMENT 'ENGINE=MyISAM') ENGINE=InnoDB PARTITION BY KEY (a) "+
		"(PARTITION p ENGINE = MyISAM, PARTITION q ENGINE = MyISAM); INSERT INTO `t` VALUES (1),(2),(3);")
	if all[0].Engine != "MyISAM" || all[1].Rows != 3 {
		t.Errorf("%q, %d rows", all[0].Engine, all[1].Rows)
	}
	if text := all[0].TableText("Aria", nil); strings.Count(text, "Aria") != 3 ||
		!strings.Contains(text, "'ENGINE=MyISAM') ENGINE=Aria PARTITION") {
		t.Error(text)
	}
}

func TestForeignKeysGetTheSchemaOfTheirTable(t *testing.T) {
	s := taken(t, "CREATE TABLE `t` (`a` int COMMENT 'REFERENCES `p` (', CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES"+
		" `p` (`id`), "+
		"CONSTRAINT `g` FOREIGN KEY (`a`) REFERENCES `a`.`q` (`id`), CONSTRAINT `h` FOREIGN KEY (`a`) REFERENCES"+
		" `r``s` (`id`));")[0]
	text := s.TableText("", func(table string) string {
		return map[string]string{"p": "live", "q": "no",
			"r`s": "li`ve"}[table]
	})
	for _, want := range []string{"REFERENCES `live`.`p` (`id`)", "'REFERENCES `p` ('", "REFERENCES `a`.`q` (",
		"REFERENCES `li``ve`.`r``s` ("} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
	if !s.Qualified {
		t.Error("its own schema is named")
	}
}
