// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// A difference is excused only by what the set itself recorded about that object.
func TestADifferenceIsExcusedByTheRecordOfItsObject(t *testing.T) {
	name := func(schema, table string) repository.Name { return repository.Name{Schema: schema, Name: table} }
	known := excuses{
		broken:  map[repository.Name]string{name("nova", "broken"): "was so when it was backed up (crashed)"},
		leftOut: map[repository.Name]bool{name("nova", "left"): true},
		folder:  map[repository.Name]bool{name("lost", ""): true},
		outside: map[repository.Name]bool{name("nova", "far"): true},
		zone:    "CET, and UTC here",
	}
	difference := func(kind, schema, name, how string) catalog.Difference {
		return catalog.Difference{Object: catalog.Object{Kind: kind, Schema: schema, Name: name},
			Missing: how == "missing",
			Added:   how == "added"}
	}
	for _, c := range []struct {
		d    catalog.Difference
		want string // a part of the excuse; empty if the difference counts
	}{
		{difference("table", "nova", "broken", "missing"), "was so when"},
		{difference("table", "nova", "broken", "changed"), "was so when"},
		{difference("table", "other", "broken", "missing"), ""},
		{difference("view", "nova", "broken", "missing"), ""},
		{difference("table", "nova", "left", "missing"), "was left out"},
		{difference("table", "nova", "left", "changed"), ""},
		{difference("table", "nova", "left", "added"), ""},
		{difference("schema", "lost", "", "missing"), "a plain folder"},
		{difference("schema", "lost", "", "added"), ""},
		{difference("schema", "nova", "", "missing"), ""},
		{difference("table", "nova", "far", "changed"), "DATA DIRECTORY"},
		{difference("table", "nova", "far", "missing"), ""},
		{difference("event", "nova", "e", "changed"), "CET, and UTC here"},
		{difference("event", "nova", "e", "missing"), ""},
		{difference("event", "nova", "e", "added"), ""},
		{difference("routine", "nova", "r", "changed"), ""},
		{difference("table", "nova", "#mysql50##sql-1a2b", "missing"), "left behind by an ALTER TABLE"},
		{difference("table", "nova", "#mysql50##sql-1a2b", "added"), "left behind by an ALTER TABLE"},
		{difference("table", "nova", "sql", "missing"), ""},
	} {
		if got := known.of(c.d); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, not %q", c.d, got, c.want)
		}
	}
	if got := (excuses{}).of(difference("event", "nova", "e", "changed")); got != "" {
		t.Errorf("in the same time zone: %q", got)
	}
}

func copyOf(method string, tables map[string]int) *Copy {
	m := &repository.Manifest{Method: method, Schema: repository.Schema{Tables: tables}}
	return &Copy{Rebuild: &Rebuild{set: &repository.Set{Name: "solo/x", Manifest: m}}}
}

func TestSchemasAreComparedWithTheManifest(t *testing.T) {
	for name, c := range map[string]struct {
		method      string
		then, now   map[string]int
		differences []string
		warnings    int
	}{
		"as it was": {"logical", map[string]int{"a": 1}, map[string]int{"a": 1}, nil, 0},
		"a schema is missing": {"logical", map[string]int{"a": 1, "b": 0}, map[string]int{"a": 1},
			[]string{"the schema b is missing"}, 0},
		"a folder is missing": {"physical", map[string]int{"a": 1, "b": 0}, map[string]int{"a": 1}, nil, 1},
		"a schema with tables": {"physical", map[string]int{"a": 1}, map[string]int{},
			[]string{"the schema a is missing"}, 0},
		"tables are missing": {"physical", map[string]int{"a": 3}, map[string]int{"a": 2},
			[]string{"the schema a has another number of tables and sequences: 2, not 3"}, 0},
		"an extra schema": {"logical", map[string]int{}, map[string]int{"z": 0},
			[]string{"the schema z is not in the manifest"}, 0},
		"in order": {"logical", map[string]int{"b": 1, "a": 1}, map[string]int{"d": 1, "c": 1},
			[]string{"the schema a is missing",
				"the schema b is missing", "the schema c is not in the manifest",
				"the schema d is not in the manifest"}, 0},
	} {
		copied := copyOf(c.method, c.then)
		if got := copied.compareCounts(c.now); !slices.Equal(got, c.differences) || len(copied.warnings) != c.warnings {
			t.Errorf("%s: %q, %q", name, got, copied.warnings)
		}
	}
}

func TestAllDifferencesAreOneProblem(t *testing.T) {
	c := copyOf("logical", nil)
	c.differs(nil)
	if len(c.problems) > 0 || len(c.differences) > 0 {
		t.Errorf("of nothing: %v", c.problems)
	}
	c.set.Manifest.Files = repository.Files{{Name: "backup.sql.zst", Content: repository.ContentDump}}
	names := strings.Split(strings.Repeat("table a.t is missing\n", 30), "\n")[:30]
	c.differs(names)
	if len(c.problems) != 1 || c.problems[0].Kind != repository.Differing || c.problems[0].File != "backup.sql.zst" ||
		!strings.HasSuffix(c.problems[0].Reason, "and 20 more") || len(c.differences) != 30 {
		t.Errorf("%v, %d differences", c.problems, len(c.differences))
	}
}

func TestSpaceForTheCopyIsRequired(t *testing.T) {
	for method, factor := range factors {
		c := copyOf(method, nil)
		content := map[string]string{"physical": repository.ContentStream, "logical": repository.ContentDump}[method]
		c.set.Manifest.Files = repository.Files{{Name: "log", RawBytes: 1 << 40},
			{Name: "data", Content: content, RawBytes: 1000}}
		space, err := Room(c.set.Manifest.Data().RawBytes, method, "/var/tmp")
		if err != nil || space.Needed != int64(1000*factor)+spaceMargin || space.Raw != 1000 || space.Free <= 0 {
			t.Errorf("%s: %+v, %v", method, space, err)
		}
		c.set.Manifest.Files[1].RawBytes = 1 << 49
		raw := c.set.Manifest.Data().RawBytes
		if _, err := Room(raw, method, filepath.Join("/var/tmp", "not", "there")); err == nil ||
			!strings.Contains(err.Error(), "too little space at /var/tmp:") {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestProgressIsReportedTwiceASecondAndAtEachPhase(t *testing.T) {
	var got []Progress
	c := copyOf("logical", nil)
	c.o.Progress = func(p Progress) { got = append(got, p) }
	c.Phase("read")
	for range 1000 {
		c.read(7)
	}
	c.Phase("check")
	c.ExpectTables(3)
	c.Checked()
	if len(got) < 2 || len(got) > 5 || got[0].Phase != "read" || got[len(got)-1].Phase != "check" ||
		got[len(got)-1].ReadBytes != 7000 {
		t.Errorf("%+v", got)
	}
}
