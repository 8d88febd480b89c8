// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"strings"
	"testing"

	"overcloud.backup/internal/sqldump"
	"overcloud.backup/internal/sqldump/part"
)

// A table may refer to one that the dump lacks, as is possible with checks disabled.
func TestAForeignKeyToATableThatTheDumpLacksStaysInTheSchema(t *testing.T) {
	s := made(t, "CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE child (p INT, FOREIGN KEY (p) REFERENCES"+
		" parent (id)); "+
		"INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)")
	dump := dumped(t, s, "copy")
	at, end := strings.Index(dump, "DROP TABLE IF EXISTS `parent`"),
		strings.Index(dump, "/*!40000 ALTER TABLE `parent` ENABLE KEYS */;\n")
	if at < 0 || end < at {
		t.Fatal(dump)
	}
	end += strings.Index(dump[end:], "\n")
	_, err := load(t, s, setOf(t, dump[:at]+dump[end:], nil), ofCopy())
	Must(t, err)
	const use = "SHOW CREATE TABLE copy.child; INSERT INTO copy.child VALUES (1)"
	if made, err := s.SQL(use); err != nil || strings.Contains(made, "overcloud_load") {
		t.Errorf("%s, %v", made, err)
	}
}

// A dump's settings at its end affect neither how earlier views are kept nor how others are read.
func TestTheSettingsOfADumpEndWithIt(t *testing.T) {
	s := inUse(t)
	before, dump := state(t, s), dumped(t, s, "live")
	const settings = "SET NAMES latin1; SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone='-11:00'," +
		" autocommit=0;\n"
	end := strings.LastIndex(dump, "-- Dump completed")
	_, err := load(t, s, setOf(t, dump[:end]+settings+dump[end:], nil), whole("live"))
	Must(t, err)
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	fails := strings.Replace(dump[:end]+settings+dump[end:], "AS `v` from `parent`", "AS `v` from `parents`", 1)
	_, err = load(t, s, setOf(t, fails, nil), whole("live"))
	if err == nil || !strings.Contains(err.Error(), "nothing that existed has changed") {
		t.Error(err)
	}
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// Somebody who can write to the destination can exchange the file between two reads.
func TestTheSecondReadMayNotHaveMoreThanTheFirst(t *testing.T) {
	first := sqldump.Statement{Kind: sqldump.Program, Does: "CREATE TRIGGER", Schema: "live", Name: "t",
		Definer: &sqldump.Definer{User: "nova"}}
	event, other := first, first
	event.Does, other.Definer = "CREATE EVENT", &sqldump.Definer{User: "root"}
	for what, c := range map[string]struct {
		statement sqldump.Statement
		text, why string
	}{
		"the same": {first, "1234", ""}, "more": {first, "12345", "more views and programs"},
		"another definer":            {other, "1234", "it names the definer root"},
		"an event, which runs alone": {event, "1234", "it names the definer nova"},
	} {
		seen := part.NewSurvey([]Part{{Schema: "live", As: "live"}})
		seen.Part = &seen.Parts[0]
		Must(t, seen.See(first, "1234"))
		seen.Choice.Note(seen.Parts[0], first)
		err := (&loading{seen: seen}).checkUnchanged(c.statement, c.text)
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Leftovers of an earlier load are reported even if this load fails.
func TestALoadThatFailsReportsLeftoversOfAnEarlierOne(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT); CREATE PROCEDURE p() SELECT 1")
	set := setOf(t, strings.Replace(dumped(t, s, "copy"), "SELECT 1", "SELECT FROM", 1), nil)
	_, err := s.SQL("CREATE DATABASE overcloud_load_00000000_0_new; CREATE TABLE overcloud_load_00000000_0_new.mine" +
		" (a INT)")
	Must(t, err)
	t.Cleanup(func() { _, _ = s.SQL("DROP DATABASE overcloud_load_00000000_0_new") })
	done, err := load(t, s, set, ofCopy())
	if err == nil || done == nil || !strings.Contains(strings.Join(done.Warnings, "\n"),
		"_new does not belong to a load through this server and stays") {
		t.Errorf("%+v, %v", done, err)
	}
}
