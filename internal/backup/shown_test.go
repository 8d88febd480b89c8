// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/process"
	"overcloud.backup/tests/mariadbd"
	"overcloud.backup/tests/node"
)

// Files that are outside of the datadir are in the set as well.
func TestDataOutsideOfTheDatadirIsRead(t *testing.T) {
	node.Need(t)
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	if _, err := s.SQL("CREATE TABLE nova.here (i INT); CREATE TABLE nova.fast (i INT) DATA DIRECTORY='" + s.Dir +
		"/fast'"); err != nil {
		t.Fatal(err)
	}
	made, err := s.job(t, nil).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := exec.Command("zstd", "-dc", filepath.Join(made.Path, tool.PhysicalFile)).Output()
	if err != nil || !bytes.Contains(stream, []byte("nova/fast.ibd")) ||
		!bytes.Contains(stream, []byte("nova/here.ibd")) {
		t.Errorf("a table is missing in %d bytes: %v", len(stream), err)
	}
}

// The tool is root, and still has none of root's files: see process.TestRootHasNothingButWhatItIsShown.
func TestTheToolSeesNothingOfTheHost(t *testing.T) {
	s := shared(t)
	dir := t.TempDir()
	j := s.job(t, nil)
	j.tool.Folders = []string{dir}
	j.tool.Path = fake(t, `{ id -u; ls /; ls `+s.Dir+`; cat /etc/shadow; ls /root /var/lib; (echo > `+s.Data+
		`/x) && echo wrote; } >`+dir+`/seen 2>/dev/null; exec /usr/bin/mariadb-backup "$@"`)
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen, err := os.ReadFile(filepath.Join(dir, "seen"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(seen))
	for _, hidden := range []string{"root", "home", "run", "sys", "boot", "log", "wrote"} {
		if slices.Contains(got, hidden) || got[0] != "0" || !slices.Contains(got, "data") {
			t.Errorf("%s is in %q", hidden, got)
		}
	}
}

// An account with ed25519, as director creates it, logs the tools in, although they see no plugin that would reveal its
// password.
func TestTheToolsLogInByEd25519(t *testing.T) {
	s := shared(t)
	if _, err := s.SQL("INSTALL SONAME 'auth_ed25519'"); err != nil {
		t.Skip("needs the server's plugin auth_ed25519: ", err)
	}
	defer s.SQL("UNINSTALL SONAME 'auth_ed25519'")
	if _, err := s.SQL("CREATE USER signs@localhost IDENTIFIED VIA ed25519 USING PASSWORD('p'); GRANT ALL ON *.* TO" +
		" signs@localhost"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("DROP USER signs@localhost")
	if tool.PluginFolder(process.Place{}) == "" {
		t.Skip("needs the client's plugin client_ed25519")
	}
	for _, method := range []tool.Method{tool.Physical, tool.Logical} {
		dir := t.TempDir()
		j := s.job(t, func(o *Options) { o.Method, o.Login.User, o.Login.Password = method, "signs", "p" })
		j.tool.Folders = []string{dir}
		j.tool.Path = fake(t, "for f in "+tool.PluginFolder(process.Place{})+
			"/*.so; do [ -s $f ] && basename $f; done >"+dir+"/plugins; exec "+j.tool.Path+` "$@"`)
		if _, err := j.Run(t.Context()); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		plugins, err := os.ReadFile(filepath.Join(dir, "plugins"))
		if seen := strings.Fields(string(plugins)); err != nil || !slices.Contains(seen, mariadb.SigningPlugin) ||
			slices.ContainsFunc(seen, func(name string) bool { return slices.Contains(mariadb.ShowingPlugins, name) }) {
			t.Errorf("%s: %q, %v", method, plugins, err)
		}
	}
}

// Over TCP the tool runs as a user of its own, with this host's network and a login that it alone can read.
func TestADumpOverTCP(t *testing.T) {
	node.Need(t)
	started, err := mariadbd.Start(func(string) []string { return nil })
	if err != nil {
		t.Fatal(err)
	}
	s := &server{&node.Server{Server: started}}
	defer s.Remove()
	if _, err := s.SQL("CREATE DATABASE nova; CREATE TABLE nova.t (i INT PRIMARY KEY); CREATE USER dump@localhost" +
		" IDENTIFIED BY 'p'; GRANT ALL ON *.* TO dump@localhost"); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/var/tmp", "backup-tool-") // no other user can enter the test's own
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	seen, script := filepath.Join(dir, "out", "seen"), filepath.Join(dir, "mariadb-dump")
	for _, err := range []error{os.Mkdir(filepath.Dir(seen), 0o777), os.Chmod(filepath.Dir(seen), 0o777),
		os.Chmod(dir, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	j := s.job(t, func(o *Options) {
		o.Method, o.Login = tool.Logical, mariadb.Login{Host: "127.0.0.1", Port: s.Port, User: "dump", Password: "p"}
	})
	j.tool.Folders = []string{filepath.Dir(seen)}
	text := "#!/bin/sh\n{ id -u; stat -c %u%a /login/client.cnf; } >" + seen + "; exec " + j.tool.Path + ` "$@"` + "\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	j.tool.Path = script
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	who := strconv.Itoa(process.Apart.UID)
	if got, err := os.ReadFile(seen); string(got) != who+"\n"+who+"400\n" {
		t.Errorf("%q, %v", got, err)
	}
}
