// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFilesOfTheServerOutsideOfItsDatadir(t *testing.T) {
	for name, tt := range map[string]struct {
		variables map[string]string
		want      []string
	}{
		"all in the datadir": {map[string]string{
			"innodb_data_home_dir": "", "innodb_log_group_home_dir": "./", "innodb_undo_directory": "./", "innodb_data_file_path": "ibdata1:12M:autoextend",
			"file_key_management_filekey": "secret",
		}, []string{}},
		"elsewhere": {map[string]string{
			"innodb_log_group_home_dir": "/srv/log/", "aria_log_dir_path": "/srv/log", "innodb_undo_directory": "/srv/undo",
			"innodb_data_file_path": "ibdata1:12M;/srv/ibdata2:1G:autoextend", "file_key_management_filename": "/etc/mysql/keys", "file_key_management_filekey": "FILE:/etc/mysql/key",
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

// The tools see what they log in with, and nothing else of this host.
func TestTheToolsGetTheirCertificates(t *testing.T) {
	s := server(t)
	run(t, s.root(t), "CREATE USER dump@localhost IDENTIFIED BY '"+secret+"'", "GRANT ALL ON *.* TO dump@localhost")
	defer run(t, s.root(t), "DROP USER dump@localhost")
	ca := filepath.Join(s.Dir, "ca.pem")
	c := s.open(t, Login{Host: "127.0.0.1", Port: s.Port, CACert: ca, SkipHostname: true, User: "dump", Password: secret})
	files, err := c.ToolFiles("", "/login", "")
	want, _ := os.ReadFile(ca)
	if err != nil || string(files["/login/ca.pem"]) != string(want) || len(want) == 0 || len(files) != 2 ||
		!strings.Contains(string(files["/login/client.cnf"]), `ssl-ca="/login/ca.pem"`) {
		t.Errorf("%q, %v", files, err)
	}
	if c.login.CACert != ca {
		t.Errorf("our own is %s now", c.login.CACert)
	}
	over := s.open(t, Login{Socket: s.Socket, User: "dump", Password: secret})
	if files, err := over.ToolFiles("/in/the/container", "/login", ""); err != nil || len(files) != 1 || !strings.Contains(string(files["/login/client.cnf"]), `socket="/in/the/container"`) {
		t.Errorf("%q, %v", files, err)
	}
}

func TestTheToolsOfEd25519FindTheirPlugin(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	run(t, root, "CREATE USER only@localhost IDENTIFIED VIA ed25519 USING PASSWORD('"+secret+"')")
	defer run(t, root, "DROP USER only@localhost")
	signs, root := s.open(t, Login{Socket: s.Socket, User: "only", Password: secret}), s.open(t, Login{Socket: s.Socket})
	for c, want := range map[*Client]bool{signs: true, root: false} {
		files, err := c.ToolFiles(s.Socket, "/login", "/usr/lib64/mysql/plugin")
		if has := strings.Contains(string(files["/login/client.cnf"]), "\nplugin-dir=/usr/lib64/mysql/plugin\n[mariabackup]\nplugin-dir=/usr/lib64/mysql/plugin\n"); err != nil || has != want || c.Signs() != want {
			t.Errorf("%q, %v", files, err)
		}
	}
}
