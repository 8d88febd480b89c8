// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
	"overcloud.backup/tests/mariadb"
)

// What lies outside of the datadir is in the set as well.
func TestDataOutsideOfTheDatadirIsRead(t *testing.T) {
	needServer(t)
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	if _, err := s.SQL("CREATE TABLE nova.here (i INT); CREATE TABLE nova.fast (i INT) DATA DIRECTORY='" + s.Dir + "/fast'"); err != nil {
		t.Fatal(err)
	}
	made, err := s.job(t, nil).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := exec.Command("zstd", "-dc", filepath.Join(made.Path, physicalFile)).Output()
	if err != nil || !bytes.Contains(stream, []byte("nova/fast.ibd")) || !bytes.Contains(stream, []byte("nova/here.ibd")) {
		t.Errorf("a table is missing in %d bytes: %v", len(stream), err)
	}
}

func TestWhatLeadsOutOfADatadirIsFound(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for _, name := range []string{"data/nova", "fast/nova", "linked", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{
		"fast/nova/t.ibd": "", "linked/rows.MYD": "", "data/nova/t.isl": dir + "/fast/nova/t.ibd\n", "data/nova/gone.isl": "/no/such/file", "data/nova/odd.isl": "relative",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{
		"data/glance": dir + "/linked", "data/nova/rows.MYD": "../../linked/rows.MYD", "data/dangling": "/no/such/folder", "data/loop": "loop",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	// Not all that a link of the server's leads to is data of its: a log, a certificate, root's socket.
	for name, to := range map[string]string{"data/error.log": "/var/log", "data/mysql.sock": "/tmp/mysql.sock", "data/server.pem": "/etc/passwd"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "-R", "65534:65534", dir).CombinedOutput(); err != nil {
		t.Skipf("%s: %v", out, err)
	}
	o, err := lookOutside(t.Context(), process.Place{}, data, process.Owner{UID: 65534, GID: 65534})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := o.folders(), []string{dir + "/fast/nova", dir + "/linked"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := slices.Sorted(maps.Keys(o.links)); !slices.Equal(got, []string{data + "/nova/gone.isl", data + "/nova/odd.isl", data + "/nova/t.isl"}) ||
		string(o.links[data+"/nova/t.isl"]) != dir+"/fast/nova/t.ibd\n" {
		t.Errorf("%q", o.links)
	}
	if _, err := o.readNote("/etc/passwd"); err == nil || !strings.Contains(err.Error(), "/etc/passwd is not of user 65534") {
		t.Error(err)
	}
	for n := range maxOutside {
		path := fmt.Sprintf("%s/nova/t%d.isl", data, n)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := lookOutside(t.Context(), process.Place{}, data, process.Owner{UID: 65534, GID: 65534}); err == nil || !strings.Contains(err.Error(), "more than 1000 links of it lead elsewhere") {
		t.Error(err)
	}
}

// A server that says that root's files are its own gets nothing of them: the tool is not started.
func TestAServerThatNamesRootsFilesIsNotHelped(t *testing.T) {
	s := shared(t)
	nobody := process.Owner{UID: 65534, GID: 65534}
	for _, path := range []string{"/etc/shadow", "/root"} {
		o := process.ChildOptions{Confined: &process.Confinement{Data: []string{s.Data, path}, Reader: nobody}}
		err := o.Run(t.Context(), "/bin/true")
		if err == nil || !strings.Contains(err.Error(), "cannot read what is to be shown as his") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// The tool is root, and yet nothing of root's: see process.TestRootHasNothingButWhatItIsShown.
func TestTheToolSeesNothingOfTheHost(t *testing.T) {
	s := shared(t)
	dir := t.TempDir()
	j := s.job(t, nil)
	j.tool.folders = []string{dir}
	j.tool.path = fake(t, `{ id -u; ls /; ls `+s.Dir+`; cat /etc/shadow; ls /root /var/lib; (echo > `+s.Data+`/x) && echo wrote; } >`+dir+`/seen 2>/dev/null; exec /usr/bin/mariadb-backup "$@"`)
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

// An account of director's with ed25519 logs the tools in, though they see none of the plugins that would show its password.
func TestTheToolsLogInByEd25519(t *testing.T) {
	s := shared(t)
	if _, err := s.SQL("INSTALL SONAME 'auth_ed25519'"); err != nil {
		t.Skip("needs the server's plugin auth_ed25519: ", err)
	}
	defer s.SQL("UNINSTALL SONAME 'auth_ed25519'")
	if _, err := s.SQL("CREATE USER signs@localhost IDENTIFIED VIA ed25519 USING PASSWORD('p'); GRANT ALL ON *.* TO signs@localhost"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("DROP USER signs@localhost")
	if pluginFolder(process.Place{}) == "" {
		t.Skip("needs the client's plugin client_ed25519")
	}
	for _, method := range []Method{Physical, Logical} {
		dir := t.TempDir()
		j := s.job(t, func(o *Options) { o.Method, o.Login.User, o.Login.Password = method, "signs", "p" })
		j.tool.folders = []string{dir}
		j.tool.path = fake(t, "for f in "+pluginFolder(process.Place{})+"/*.so; do [ -s $f ] && basename $f; done >"+dir+"/plugins; exec "+j.tool.path+` "$@"`)
		if _, err := j.Run(t.Context()); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		plugins, err := os.ReadFile(filepath.Join(dir, "plugins"))
		if seen := strings.Fields(string(plugins)); err != nil || !slices.Contains(seen, galera.SigningPlugin) ||
			slices.ContainsFunc(seen, func(name string) bool { return slices.Contains(galera.ShowingPlugins, name) }) {
			t.Errorf("%s: %q, %v", method, plugins, err)
		}
	}
}

// Over TCP the tool is a user that nobody else is, with this host's network and a login that it alone can read.
func TestADumpOverTCP(t *testing.T) {
	needServer(t)
	started, err := mariadb.Start(func(string) []string { return nil })
	if err != nil {
		t.Fatal(err)
	}
	s := &server{started}
	defer s.Remove()
	if _, err := s.SQL("CREATE DATABASE nova; CREATE TABLE nova.t (i INT PRIMARY KEY); CREATE USER dump@localhost IDENTIFIED BY 'p'; GRANT ALL ON *.* TO dump@localhost"); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/var/tmp", "backup-tool-") // the test's own no other user can enter
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	seen, script := filepath.Join(dir, "out", "seen"), filepath.Join(dir, "mariadb-dump")
	for _, err := range []error{os.Mkdir(filepath.Dir(seen), 0o777), os.Chmod(filepath.Dir(seen), 0o777), os.Chmod(dir, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	j := s.job(t, func(o *Options) {
		o.Method, o.Login = Logical, galera.Login{Host: "127.0.0.1", Port: s.Port, User: "dump", Password: "p"}
	})
	j.tool.folders = []string{filepath.Dir(seen)}
	text := "#!/bin/sh\n{ id -u; stat -c %u%a /login/client.cnf; } >" + seen + "; exec " + j.tool.path + ` "$@"` + "\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	j.tool.path = script
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	who := strconv.Itoa(process.Apart.UID)
	if got, err := os.ReadFile(seen); string(got) != who+"\n"+who+"400\n" {
		t.Errorf("%q, %v", got, err)
	}
}
