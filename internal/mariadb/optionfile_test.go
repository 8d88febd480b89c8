// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tools see the option file that they log in with, and no other file of this host.
func TestTheToolsGetTheirCertificates(t *testing.T) {
	s := server(t)
	run(t, s.root(t), "CREATE USER dump@localhost IDENTIFIED BY '"+secret+"'", "GRANT ALL ON *.* TO dump@localhost")
	defer run(t, s.root(t), "DROP USER dump@localhost")
	ca := filepath.Join(s.Dir, "ca.pem")
	c := s.open(t, Login{Host: "127.0.0.1", Port: s.Port, CACert: ca, SkipHostname: true, User: "dump",
		Password: secret})
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
	if files, err := over.ToolFiles("/in/the/container", "/login", ""); err != nil || len(files) != 1 ||
		!strings.Contains(string(files["/login/client.cnf"]), `socket="/in/the/container"`) {
		t.Errorf("%q, %v", files, err)
	}
}

func TestTheToolsOfEd25519FindTheirPlugin(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	run(t, root, "CREATE USER only@localhost IDENTIFIED VIA ed25519 USING PASSWORD('"+secret+"')")
	defer run(t, root, "DROP USER only@localhost")
	signs, root := s.open(t, Login{Socket: s.Socket, User: "only", Password: secret}),
		s.open(t, Login{Socket: s.Socket})
	for c, want := range map[*Client]bool{signs: true, root: false} {
		files, err := c.ToolFiles(s.Socket, "/login", "/usr/lib64/mysql/plugin")
		if has := strings.Contains(string(files["/login/client.cnf"]),
			"\nplugin-dir=/usr/lib64/mysql/plugin\n[mariabackup]\nplugin-dir=/usr/lib64/mysql/plugin\n"); err != nil ||
			has != want || c.Signs() != want {
			t.Errorf("%q, %v", files, err)
		}
	}
}
