// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/sqldump"
)

func TestAForeignKeyToATableThatTheDumpHasNotStaysInTheSchema(t *testing.T) {
	s := made(t, "CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE child (p INT, FOREIGN KEY (p) REFERENCES parent (id)); "+
		"INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)")
	dump := dumped(t, s, "copy")
	at, end := strings.Index(dump, "DROP TABLE IF EXISTS `parent`"), strings.Index(dump, "/*!40000 ALTER TABLE `parent` ENABLE KEYS */;\n")
	if at < 0 || end < at {
		t.Fatal(dump)
	}
	end += strings.Index(dump[end:], "\n")
	_, err := load(t, s, setOf(t, dump[:at]+dump[end:], nil), ofCopy())
	must(t, err)
	const use = "SHOW CREATE TABLE copy.child; INSERT INTO copy.child VALUES (1)"
	if made, err := s.SQL(use); err != nil || strings.Contains(made, "overcloud_load") {
		t.Errorf("%s, %v", made, err)
	}
}

func TestADumpLeavesItsSettingsToNobody(t *testing.T) {
	s := inUse(t)
	before, dump := state(t, s), dumped(t, s, "live")
	const settings = "SET NAMES latin1; SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone='-11:00', autocommit=0;\n"
	end := strings.LastIndex(dump, "-- Dump completed")
	_, err := load(t, s, setOf(t, dump[:end]+settings+dump[end:], nil), whole("live"))
	must(t, err)
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	fails := strings.Replace(dump[:end]+settings+dump[end:], "AS `v` from `parent`", "AS `v` from `parents`", 1)
	_, err = load(t, s, setOf(t, fails, nil), whole("live"))
	if err == nil || !strings.Contains(err.Error(), "nothing that was there has changed") {
		t.Error(err)
	}
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestTheSecondReadingMayNotHaveMoreThanTheFirst(t *testing.T) {
	first := sqldump.Statement{Kind: sqldump.Program, Does: "CREATE TRIGGER", Schema: "live", Name: "t", Definer: &sqldump.Definer{User: "nova"}}
	event, other := first, first
	event.Does, other.Definer = "CREATE EVENT", &sqldump.Definer{User: "root"}
	for what, c := range map[string]struct {
		statement sqldump.Statement
		text, why string
	}{
		"the same": {first, "1234", ""}, "more": {first, "12345", "more views and programs"},
		"another definer": {other, "1234", "it names the definer root"}, "an event, which runs alone": {event, "1234", "it names the definer nova"},
	} {
		seen := newSurvey([]Part{{Schema: "live", As: "live"}})
		seen.part = &seen.parts[0]
		must(t, seen.see(first, "1234"))
		seen.choice.note(seen.parts[0], first)
		err := (&loading{seen: seen}).asBefore(c.statement, c.text)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestALoadThatFailsTellsWhatAnEarlierOneLeft(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT); CREATE PROCEDURE p() SELECT 1")
	set := setOf(t, strings.Replace(dumped(t, s, "copy"), "SELECT 1", "SELECT FROM", 1), nil)
	_, err := s.SQL("CREATE DATABASE overcloud_load_00000000_0_new; CREATE TABLE overcloud_load_00000000_0_new.mine (a INT)")
	must(t, err)
	t.Cleanup(func() { _, _ = s.SQL("DROP DATABASE overcloud_load_00000000_0_new") })
	done, err := load(t, s, set, ofCopy())
	if err == nil || done == nil || !strings.Contains(strings.Join(done.Warnings, "\n"), "_new is not of a load through this server and stays") {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestASurveyKeepsNoEndlessNumber(t *testing.T) {
	before := maxMade
	maxMade = 3
	defer func() { maxMade = before }()
	const begin = "CREATE DATABASE `live`;\nUSE `live`;\n"
	for what, text := range map[string]string{
		"tables": "CREATE TABLE `t%d` (`a` INT);\n", "settings": "COMMIT;COMMIT;COMMIT;COMMIT; -- %d\n",
		"triggers": "CREATE DEFINER=`a`@`b` TRIGGER `t%d` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.a = 1;\n",
	} {
		for n, fits := range map[int]bool{2: true, 4: false} {
			v := newSurvey([]Part{{Schema: "live", As: "live"}})
			r := sqldump.NewReader("10.11.6", v.take)
			_, err := r.Write([]byte(begin))
			must(t, err)
			for i := range n {
				if err == nil {
					_, err = fmt.Fprintf(r, text, i)
				}
			}
			if err == nil {
				err = r.Close()
			}
			if (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "load it by hand") {
				t.Errorf("%d %s: %v", n, what, err)
			}
		}
	}
}
