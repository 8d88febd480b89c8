// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"slices"
	"testing"
)

func TestFilesOfTheServerOutsideOfItsDatadir(t *testing.T) {
	for name, tt := range map[string]struct {
		variables map[string]string
		want      []string
	}{
		"all in the datadir": {map[string]string{
			"innodb_data_home_dir": "", "innodb_log_group_home_dir": "./", "innodb_undo_directory": "./",
			"innodb_data_file_path":       "ibdata1:12M:autoextend",
			"file_key_management_filekey": "secret",
		}, []string{}},
		"elsewhere": {map[string]string{
			"innodb_log_group_home_dir": "/srv/log/", "aria_log_dir_path": "/srv/log",
			"innodb_undo_directory":        "/srv/undo",
			"innodb_data_file_path":        "ibdata1:12M;/srv/ibdata2:1G:autoextend",
			"file_key_management_filename": "/etc/mysql/keys", "file_key_management_filekey": "FILE:/etc/mysql/key",
		}, []string{"/srv/log", "/srv/undo", "/srv/ibdata2", "/etc/mysql/keys", "/etc/mysql/key"}},
	} {
		if got := ParseFilePaths(tt.variables); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	s := server(t)
	if paths, err := s.root(t).FilePaths(t.Context()); err != nil || !slices.Equal(paths, []string{s.Data}) {
		t.Errorf("%q, %v", paths, err)
	}
}
