// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"regexp"
	"strings"
)

// adopted is a variable of the server that was backed up which the scratch server adopts: the form of its value, where
// it matters, and whether servers of the series may lack it.
type adopted struct {
	name  string
	value *regexp.Regexp
	// files says that it matters to files, too, and not only to a dump; made that an empty server must be created with
	// it.
	files, made, may bool
}

var (
	// onOff is how SHOW GLOBAL VARIABLES shows a switch.
	onOff = regexp.MustCompile(`^(ON|OFF|0|1)$`)
	// list is a list of words.
	list = regexp.MustCompile(`^[A-Za-z0-9_,=]{0,1000}$`)
)

// adoptedSettings are the only settings of a set that are trusted: they decide which rows and tables a server accepts,
// and what a name means. The settings of the session that loads them are those of package replay. An enforced storage
// engine would change tables and is left out.
var adoptedSettings = []adopted{
	{name: "lower_case_table_names", value: regexp.MustCompile(`^[01]$`), files: true, made: true},
	{name: "innodb_page_size", value: regexp.MustCompile(`^(4096|8192|16384|32768|65536)$`), made: true},
	{name: "character_set_server", value: plain, files: true},
	{name: "collation_server", value: plain, files: true},
	{name: "character_set_collations", value: list, files: true, may: true},
	{name: "sql_mode", value: list},
	{name: "old_mode", value: list, may: true},
	{name: "mysql56_temporal_format", value: onOff, may: true},
	{name: "explicit_defaults_for_timestamp", value: onOff},
	{name: "innodb_file_per_table", value: onOff},
}

// roomyArgs are arguments that make every table of a dump fit, whatever the default was when it was made: other row
// formats limit a key to 767 bytes, and store more of each long column in the row. Servers before MariaDB 10.2 have
// this format only in another file format.
var roomyArgs = []string{
	"--loose-innodb-default-row-format=dynamic", "--loose-innodb-file-format=Barracuda",
	"--loose-innodb-large-prefix=ON",
}

// adoptedArgs returns the arguments for a server like the one that was backed up.
func adoptedArgs(settings map[string]string, method string) (args []string) {
	if method == "logical" {
		args = append(args, roomyArgs...)
	}
	for _, w := range adoptedSettings {
		value, known := settings[w.name]
		if !known || !w.value.MatchString(value) || method == "physical" && !w.files {
			continue
		}
		args = append(args, w.argument(value))
	}
	return args
}

// creationArgs returns those of them that an empty server must be created with.
func creationArgs(settings map[string]string) (args []string) {
	for _, w := range adoptedSettings {
		if value := settings[w.name]; w.made && w.value.MatchString(value) {
			args = append(args, w.argument(value))
		}
	}
	return args
}

func (w adopted) argument(value string) string {
	option := "--"
	if w.may {
		option = "--loose-"
	}
	return option + strings.ReplaceAll(w.name, "_", "-") + "=" + value
}
