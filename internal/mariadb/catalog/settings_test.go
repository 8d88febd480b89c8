// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"testing"

	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestSettingsAreTheServersOwn(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "SET @before = @@GLOBAL.innodb_default_row_format, @strict = @@GLOBAL.innodb_strict_mode",
		"SET GLOBAL innodb_default_row_format = COMPACT, GLOBAL innodb_strict_mode = OFF")
	defer mariadbtest.Exec(t, c, "SET GLOBAL innodb_default_row_format = @before, GLOBAL innodb_strict_mode = @strict")
	got, err := ReadSettings(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"innodb_default_row_format": "compact", "innodb_strict_mode": "OFF",
		"lower_case_table_names": "0", "innodb_page_size": "16384", "event_scheduler": "ON"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{"sql_mode", "time_zone", "innodb_data_file_path", "max_allowed_packet",
		"check_constraint_checks", "skip_name_resolve"} {
		if got[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if got["hostname"] != "" || got["version"] != "" {
		t.Errorf("more than settings: %v", got)
	}
}
