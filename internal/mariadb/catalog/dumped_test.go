// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"slices"
	"testing"

	"overcloud.backup/internal/mariadb"
)

// A set of definitions from a dump has to equal that of the server it came from, and nothing more may be left out.
func TestOnlyWhatADumpLosesIsLeftOutOfARow(t *testing.T) {
	for name, c := range map[string]struct{ columns, row, want []string }{
		"the format of an old temporal column": {
			[]string{"column_name", "column_type"}, []string{"t /* mysql-5.6 */", "datetime /* mysql-5.6 */"},
			[]string{"t /* mysql-5.6 */", "datetime"}},
		"another old format": {[]string{"column_type"}, []string{"time(3) /* mariadb-5.3 */"}, []string{"time(3)"}},
		"an enum of such a value": {[]string{"column_type"}, []string{"enum('/* mysql-5.6 */')"},
			[]string{"enum('/* mysql-5.6 */')"}},
		"checksums of Aria, alone": {[]string{"engine", "create_options"}, []string{"Aria", "page_checksum=1"},
			[]string{"Aria", ""}},
		"checksums of Aria among others": {[]string{"engine", "create_options"},
			[]string{"Aria", "max_rows=9 page_checksum=1 transactional=1"},
			[]string{"Aria", "max_rows=9 transactional=1"}},
		"no checksums of Aria": {[]string{"engine", "create_options"}, []string{"Aria", "page_checksum=0"},
			[]string{"Aria", "page_checksum=0"}},
		"options that InnoDB knows": {[]string{"engine", "create_options"},
			[]string{"InnoDB", "row_format=DYNAMIC `PAGE_COMPRESSED`=1 `encrypted`='YES'"},
			[]string{"InnoDB", "row_format=DYNAMIC `PAGE_COMPRESSED`=1 `encrypted`='YES'"}},
		"an option of an earlier engine": {[]string{"engine", "create_options"},
			[]string{"InnoDB", "`odd``one`='a ''b'' `x`=1' `ENCRYPTION_KEY_ID`=2"},
			[]string{"InnoDB", "`ENCRYPTION_KEY_ID`=2"}},
		"options of InnoDB on another engine": {[]string{"engine", "create_options"},
			[]string{"MyISAM", "stats_persistent=1 `PAGE_COMPRESSED`=1"}, []string{"MyISAM", "stats_persistent=1"}},
		"parentheses of a view": {[]string{"view_definition", "check_option"},
			[]string{"select 1 from (`a` join `b`)", "(NONE)"}, []string{"select 1 from `a` join `b`", "(NONE)"}},
		"comments in ASCII": {[]string{"event_comment", "routine_comment"}, []string{"a (b)", "c"},
			[]string{"a (b)", "c"}},
		"comments beyond ASCII": {[]string{"event_comment", "routine_comment", "column_comment", "event_definition"},
			[]string{"é", "é", "é", "é"}, []string{"", "", "é", "é"}},
	} {
		row := make([]*string, len(c.row))
		for i := range c.row {
			row[i] = &c.row[i]
		}
		before := slices.Clone(c.row)
		asDumped(c.columns, row)
		got := make([]string, len(row))
		for i, value := range row {
			got[i] = mariadb.Text(value)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q became %q, want %q", name, before, got, c.want)
		}
	}
	row := []*string{nil, nil}
	if asDumped([]string{"create_options", "event_comment"}, row); row[0] != nil || row[1] != nil {
		t.Error("NULL became a text")
	}
}
