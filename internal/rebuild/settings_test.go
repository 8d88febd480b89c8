// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"slices"
	"testing"
)

func TestASetsSettingsAreNotBelievedBlindly(t *testing.T) {
	settings := map[string]string{
		"lower_case_table_names": "1", "innodb_page_size": "4096", "character_set_server": "latin1",
		"sql_mode": "ANSI,NO_ZERO_DATE", "explicit_defaults_for_timestamp": "OFF",
		"innodb_default_row_format": "compact", "collation_server": "x --init-file=/etc/shadow",
		"old_mode": "UTF8_IS_UTF8MB3 --x", "enforce_storage_engine": "MyISAM",
		"init_file": "/x", "plugin_load": "evil.so", "innodb_file_per_table": "maybe",
		"innodb_data_home_dir": "/var/lib/mysql",
	}
	want := []string{"--lower-case-table-names=1", "--innodb-page-size=4096", "--character-set-server=latin1",
		"--sql-mode=ANSI,NO_ZERO_DATE", "--explicit-defaults-for-timestamp=OFF"}
	if got := adoptedArgs(settings, "logical"); !slices.Equal(got, append(slices.Clone(roomyArgs), want...)) {
		t.Errorf("logical: %q", got)
	}
	if got := adoptedArgs(settings, "physical"); !slices.Equal(got, []string{want[0], want[2]}) {
		t.Errorf("physical: %q", got)
	}
	if got := creationArgs(settings); !slices.Equal(got, want[:2]) {
		t.Errorf("made with: %q", got)
	}
}
