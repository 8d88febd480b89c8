// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"regexp"
	"slices"
	"strings"

	"overcloud.backup/internal/mariadb"
)

// notDumped are the columns, by view, that a dump does not keep.
var notDumped = map[string]string{"tables": "row_format"}

// dumped removes from a column's value what a dump does not keep: after the type of a temporal column the remark that
// it has the format of an older server, and that a table of Aria has the checksums that every one has (SHOW CREATE
// TABLE shows them for a table that did not request them, and the options only for one that did). The body of a view
// that is made from the output of SHOW CREATE VIEW may have more parentheses: "from `c` join `t`" became "from (`c`
// join `t`)" (10.11).
var dumped = map[string]*strings.Replacer{
	"column_type":     strings.NewReplacer(" /* mariadb-5.3 */", "", " /* mysql-5.6 */", ""),
	"create_options":  strings.NewReplacer(" page_checksum=1", "", "page_checksum=1 ", "", "page_checksum=1", ""),
	"view_definition": strings.NewReplacer("(", "", ")", ""),
}

// engineOption is an option specific to an engine, such as `PAGE_COMPRESSED`='1'.
var engineOption = regexp.MustCompile("`((?:[^`]|``)*)`=(?:'(?:[^']|'')*'|[^ ]*)")

// ofInnoDB are those that InnoDB knows. An option that a table's engine does not know, such as one of the engine that
// it had earlier, is a comment in SHOW CREATE TABLE, and gone after a load.
var ofInnoDB = []string{"page_compressed", "page_compression_level", "encrypted", "encryption_key_id"}

// asDumped removes from a row what a dump does not keep.
func asDumped(columns []string, row []*string) {
	for i, column := range columns {
		if row[i] == nil {
			continue
		}
		value := *row[i]
		if replacer := dumped[column]; replacer != nil {
			value = replacer.Replace(value)
		}
		switch column {
		case "create_options":
			engine := slices.Index(columns, "engine")
			value = knownOptions(value, engine >= 0 && mariadb.Text(row[engine]) == "InnoDB")
		case "event_comment", "routine_comment":
			// The tool writes it in UTF-8 among text of the client's character set, so that it is read as a different
			// name.
			if strings.ContainsFunc(value, func(c rune) bool { return c >= 0x80 }) {
				value = ""
			}
		}
		row[i] = &value
	}
}

// knownOptions leaves out the engine's own options that the engine does not know.
func knownOptions(options string, innodb bool) string {
	kept := engineOption.ReplaceAllStringFunc(options, func(option string) string {
		if name := engineOption.FindStringSubmatch(option)[1]; innodb &&
			slices.Contains(ofInnoDB, strings.ToLower(name)) {
			return option
		}
		return ""
	})
	return strings.Join(strings.Fields(kept), " ")
}
