// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"slices"
	"strings"
	"testing"
)

func TestOptionsOfTheSetKeepToTheScratchFolder(t *testing.T) {
	kept, args, dropped, err := backupOptions([]byte("# of mariadb-backup\n[mysqld]\n" +
		"innodb_data_file_path=ibdata1:12M;/srv/x/ibdata2:1G:autoextend\ninnodb_page_size=16384\n" +
		"innodb_undo_directory=/srv\ninnodb_undo_tablespaces=0\nplugin_load=x\nplugin-dir=/var/tmp\n[mariadb]\n" +
		"!include /etc/x\ninnodb_log_group_home_dir=/srv\ntmpdir = /x\n"))
	must(t, err)
	if want := "--innodb-data-file-path=ibdata1:12M;ibdata2:1G:autoextend --innodb-page-size=16384" +
		" --innodb-undo-tablespaces=0"; strings.Join(args, " ") != want {
		t.Errorf("%q", args)
	}
	want := "[mysqld]\ninnodb_data_file_path=ibdata1:12M;ibdata2:1G:autoextend\ninnodb_page_size=16384\n" +
		"innodb_undo_tablespaces=0\n"
	if kept != want {
		t.Errorf("%q", kept)
	}
	if want := []string{`"plugin_load"`, `"plugin_dir"`, `"[mariadb]"`, `"!include /etc/x"`,
		`"innodb_log_group_home_dir"`, `"tmpdir"`}; !slices.Equal(dropped, want) {
		t.Errorf("%q", dropped)
	}
	for _, bad := range []string{"innodb_page_size=16384 --plugin-load=x", "innodb_page_size=/x",
		"innodb_data_file_path=ib'data:1", "innodb_checksum_algorithm=../x"} {
		if _, args, _, err := backupOptions([]byte(bad + "\n")); err == nil {
			t.Errorf("%s: %q", bad, args)
		}
	}
}
