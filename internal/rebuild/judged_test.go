// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump"
)

// An error of the server here is the set's fault only if the server read the statement and cannot accept it. A
// feature that this host lacks, or a disk that is full, proves nothing about the set.
func TestAServersErrorIsTheSetsOnlyIfItIsAboutTheStatement(t *testing.T) {
	const encrypted = "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB `ENCRYPTED`='YES'"
	for name, c := range map[string]struct {
		number uint16
		text   string
		bare   bool   // not about a statement
		reason string // of the problem; "" if it is no fault of the set
		err    string // otherwise
	}{
		"a duplicate column":            {1060, "CREATE TABLE `t` (a, a)", false, "Error 1060: why", ""},
		"no room on the disk":           {1021, "", false, "", "Error 1021: why"},
		"a full table":                  {1114, "", false, "", "Error 1114: why"},
		"out of memory":                 {1041, "", false, "", "Error 1041: why"},
		"a query that was ended":        {1317, "", false, "", "Error 1317: why"},
		"a login plugin that is absent": {1524, "", false, "", "accounts of the set have a login plugin"},
		"a table that is encrypted":     {1005, encrypted, false, "", "tables of the set are encrypted at rest"},
		"a table that is not encrypted": {1005, strings.Replace(encrypted, "YES", "NO", 1), false, "Error 1005: why",
			""},
		"encrypted, for another reason": {1060, encrypted, false, "Error 1060: why", ""},
		"not about a statement":         {1060, "", true, "", "Error 1060: why"},
	} {
		s := sqldump.Statement{Line: 7, Kind: sqldump.Table, Does: "CREATE TABLE", Schema: "nova", Name: "t",
			Text: c.text}
		err := error(&mysql.MySQLError{Number: c.number, Message: "why"})
		if !c.bare {
			err = refuse(s, err)
		}
		got := (&Copy{}).notLoaded(repository.File{Name: "backup.sql.zst"}, fmt.Errorf("x: %w", err))
		var bad unusable
		switch is := errors.As(got, &bad); {
		case is != (c.reason != ""):
			t.Errorf("%s: %v", name, got)
		case is && (bad.Kind != repository.NotLoading || bad.Line != 7 || bad.Object != "CREATE TABLE nova.t" ||
			bad.File != "backup.sql.zst" || bad.Reason != c.reason):
			t.Errorf("%s: %+v", name, bad.Problem)
		case !is && (got == nil || !strings.Contains(got.Error(), c.err)):
			t.Errorf("%s: %v, want %q", name, got, c.err)
		case !is && errors.Is(got, ErrNoKey) != (name == "a table that is encrypted"):
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The definitions of a set are compared only with a server of the same series; otherwise the tables are counted, and a
// warning says so. A set of which nothing is recorded is not called as it was.
func TestWhatASetIsComparedWith(t *testing.T) {
	recorded := catalog.Definitions{}
	for name, c := range map[string]struct {
		fingerprint string
		recorded    catalog.Definitions
		here        string
		warning     string // the first one
		counted     bool
	}{
		"nothing is recorded": {"", nil, "10.11.18-MariaDB", "the manifest does not describe the schema", false},
		"by an earlier collection": {"x", nil, "10.11.18-MariaDB",
			"the set is of an earlier version of the collection", true},
		"on a later server": {"x", recorded, "11.4.2-MariaDB",
			"the set is of 10.11.6-MariaDB, and the scratch", true},
		"on an earlier server": {"x", recorded, "10.6.9-MariaDB",
			"the set is of 10.11.6-MariaDB, and the scratch", true},
	} {
		copied := copyOf("logical", map[string]int{"a": 2})
		m := copied.set.Manifest
		m.Schema.Fingerprint, m.Server.Version, copied.recorded = c.fingerprint, "10.11.6-MariaDB", c.recorded
		m.Files = repository.Files{{Name: "backup.sql.zst", Content: repository.ContentDump}}
		err := copied.compareSchema(t.Context(),
			&repository.Restored{Server: c.here, Schemas: map[string]int{"a": 1}}, nil)
		if err != nil || len(copied.warnings) != 1 || !strings.Contains(copied.warnings[0], c.warning) ||
			(len(copied.differences) == 1) != c.counted {
			t.Errorf("%s: %v, %q, %q", name, err, copied.warnings, copied.differences)
		}
	}
}

func TestWhatIsUnpackedIsComparedFileByFile(t *testing.T) {
	stream := map[string]int64{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
	for name, c := range map[string]struct {
		change func(map[string]int64)
		want   string
	}{
		"all of it":   {func(map[string]int64) {}, ""},
		"one is gone": {func(got map[string]int64) { delete(got, "c") }, "of 5 files in the stream c is missing"},
		"one is empty": {func(got map[string]int64) { got["b"] = 0 },
			"of 5 files in the stream b has 0 bytes, not 2"},
		"one extra": {func(got map[string]int64) { got["f"] = 0 },
			"of 5 files in the stream f is not in the stream"},
		"three differ": {func(got map[string]int64) { delete(got, "a"); delete(got, "b"); delete(got, "c") },
			"of 5 files in the stream a is missing, b is missing, c is missing"},
		"none is there": {func(got map[string]int64) { clear(got) },
			"of 5 files in the stream a is missing, b is missing, c is missing, 2 more differ"},
		"a name with control characters": {func(got map[string]int64) { got["x\n\x1b[2J"] = 1 },
			`of 5 files in the stream x ?[2J is not in the stream`},
	} {
		got := maps.Clone(stream)
		c.change(got)
		if why := compareUnpacked(got, stream); why != c.want {
			t.Errorf("%s: %q, want %q", name, why, c.want)
		}
	}
}

// Each setting of a set that the scratch server adopts, with values that matter and values that no server shows.
func TestEverySettingOfASetHasItsForm(t *testing.T) {
	for name, c := range map[string]struct{ good, bad []string }{
		"lower_case_table_names": {[]string{"0", "1"}, []string{"2", "ON", "", "1 "}},
		"innodb_page_size": {[]string{"4096", "8192", "16384", "32768", "65536"},
			[]string{"4k", "0", "163840"}},
		"character_set_server":            {[]string{"utf8mb4"}, []string{"", "a-b", strings.Repeat("a", 41), "x --y"}},
		"collation_server":                {[]string{"utf8mb4_general_ci"}, []string{"a/b", "a=b"}},
		"character_set_collations":        {[]string{"utf8mb4=uca1400_ai_ci,utf8mb3=x", ""}, []string{"a b", "a;b"}},
		"sql_mode":                        {[]string{"", "ANSI,NO_ZERO_DATE"}, []string{"ANSI --x", "a\nb"}},
		"old_mode":                        {[]string{"", "UTF8_IS_UTF8MB3"}, []string{"a b"}},
		"mysql56_temporal_format":         {[]string{"ON", "OFF", "0", "1"}, []string{"on", "YES", ""}},
		"explicit_defaults_for_timestamp": {[]string{"ON", "OFF", "0", "1"}, []string{"on", "2", ""}},
		"innodb_file_per_table":           {[]string{"ON", "OFF", "0", "1"}, []string{"maybe", ""}},
	} {
		option := strings.ReplaceAll(name, "_", "-") + "="
		for _, value := range append(slices.Clone(c.good), c.bad...) {
			args := adoptedArgs(map[string]string{name: value}, "logical")[len(roomyArgs):]
			good := slices.Contains(c.good, value)
			if good != (len(args) == 1) || good && !strings.HasSuffix(args[0], option+value) {
				t.Errorf("%s=%q: %q", name, value, args)
			}
		}
	}
	if len(adoptedSettings) != 10 {
		t.Errorf("%d settings are adopted", len(adoptedSettings))
	}
	// Files are read with the settings that give their names and texts a meaning, a dump is loaded with all of them. A
	// server of another version may lack some and must start anyway.
	all := map[string]string{"lower_case_table_names": "1", "innodb_page_size": "4096", "character_set_server": "x",
		"collation_server": "x", "character_set_collations": "x", "sql_mode": "X", "old_mode": "X",
		"mysql56_temporal_format": "ON", "explicit_defaults_for_timestamp": "ON", "innodb_file_per_table": "ON"}
	for method, want := range map[string]string{
		"physical": "--lower-case-table-names=1 --character-set-server=x --collation-server=x " +
			"--loose-character-set-collations=x",
		"logical": strings.Join(roomyArgs, " ") + " --lower-case-table-names=1 --innodb-page-size=4096 " +
			"--character-set-server=x --collation-server=x --loose-character-set-collations=x --sql-mode=X " +
			"--loose-old-mode=X --loose-mysql56-temporal-format=ON --explicit-defaults-for-timestamp=ON " +
			"--innodb-file-per-table=ON",
	} {
		if got := strings.Join(adoptedArgs(all, method), " "); got != want {
			t.Errorf("%s: %s", method, got)
		}
	}
}

func TestATableThatWasBrokenBeforeIsNamedWithItsReason(t *testing.T) {
	copied := copyOf("physical", nil)
	table := repository.Name{Schema: "nova", Name: "t"}
	copied.set.Manifest.Schema.Broken = []repository.Broken{{Name: table, Why: "no such\x1b engine"}}
	if got := copied.BrokenBefore(); len(got) != 1 || got[table] != `was so when it was backed up (no such? engine)` {
		t.Errorf("%q", got)
	}
}
