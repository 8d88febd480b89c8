// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"strings"
	"testing"
)

// A table may refer to one that the dump does not have, as it may where checks were off.
func TestAForeignKeyToATableThatTheDumpHasNotStaysInTheSchema(t *testing.T) {
	s := made(t, "CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE child (p INT, FOREIGN KEY (p) REFERENCES parent (id)); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)")
	dump := s.dumped(t, "copy")
	at, end := strings.Index(dump, "DROP TABLE IF EXISTS `parent`"), strings.Index(dump, "-- Dump completed")
	if at < 0 || end < 0 {
		t.Fatal(dump)
	}
	rest := dump[at:end]
	tail := rest[strings.Index(rest, "/*!40000 ALTER TABLE `parent` ENABLE KEYS */;\n"):]
	tail = tail[strings.Index(tail, "\n")+1:]
	set := setOf(t, dump[:at]+tail+dump[end:], nil)
	_, err := load(t, s, set, ofCopy())
	must(t, err)
	if made, err := s.SQL("SHOW CREATE TABLE copy.child; INSERT INTO copy.child VALUES (1)"); err != nil || strings.Contains(made, "overcloud_load") {
		t.Errorf("%s, %v", made, err)
	}
}
