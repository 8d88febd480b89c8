// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// A dump does not keep the row format that a table got from innodb_default_row_format, as those of before MariaDB 10.2.
func TestADumpHasOtherDefinitionsThanFiles(t *testing.T) {
	c := server(t).root(t)
	run(t, c, "SET @before = @@GLOBAL.innodb_default_row_format", "CREATE DATABASE old", "SET GLOBAL innodb_default_row_format = COMPACT",
		"CREATE TABLE old.t (id INT PRIMARY KEY)", "SET GLOBAL innodb_default_row_format = @before")
	defer run(t, c, "DROP DATABASE old")
	was := map[Carried]Definitions{}
	for _, carried := range []Carried{ByFiles, ByDump} {
		d, err := c.Definitions(t.Context(), carried)
		if err != nil {
			t.Fatal(err)
		}
		was[carried] = d
	}
	run(t, c, "ALTER TABLE old.t FORCE")
	for carried, want := range map[Carried]string{ByFiles: "[table old.t is defined differently]", ByDump: "[]"} {
		d, err := c.Definitions(t.Context(), carried)
		if got := fmt.Sprint(d.Differences(was[carried])); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", carried, got, err, want)
		}
	}
}

func TestDifferencesNameObjects(t *testing.T) {
	want := Definitions{{"schema", "nova", ""}: "1", {"table", "nova", "a"}: "2", {"event", "nova", "a"}: "3"}
	got := Definitions{{"schema", "nova", ""}: "1", {"table", "nova", "a"}: "4", {"trigger", "nova", "b"}: "5"}
	all := fmt.Sprint(got.Differences(want))
	if all != "[event nova.a is missing table nova.a is defined differently trigger nova.b is not in the set]" {
		t.Error(all)
	}
}

func TestDefinitionsSurviveTheirFile(t *testing.T) {
	for _, d := range []Definitions{{}, {{"table", "a\nb", `c"[],`}: "1", {"schema", "a\nb", ""}: "2"}} {
		back, err := ParseDefinitions(d.Lines())
		if err != nil || !maps.Equal(back, d) {
			t.Errorf("%v became %v, %v", d, back, err)
		}
	}
	for _, bad := range []string{"x", "[1,2,3,4]\n", `["table","a","b"]`, "[]\n\n"} {
		if d, err := ParseDefinitions([]byte(bad)); err == nil {
			t.Errorf("%q: %v", bad, d)
		}
	}
}

// What a backup writes is what a restore takes, and memory holds no more.
func TestDefinitionsAreBounded(t *testing.T) {
	before := maxObjects
	maxObjects = 2
	defer func() { maxObjects = before }()
	d := Definitions{{"table", "a", "b"}: "1", {"table", "a", "c"}: "2"}
	if _, err := ParseDefinitions(d.Lines()); err != nil || !d.Fit() {
		t.Error(err)
	}
	d[Object{"table", "a", "d"}] = "3"
	if _, err := ParseDefinitions(d.Lines()); err == nil || d.Fit() {
		t.Error("three are taken")
	}
	maxObjects = before
	long := Definitions{{"table", "a", strings.Repeat("x", MaxDefinitions)}: "1"}
	if _, err := ParseDefinitions(long.Lines()); err == nil || long.Fit() {
		t.Error("a long one is taken")
	}
}
