// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
)

// tool runs one of the server's programs with the options of a client.
func tool(t *testing.T, c *Client, program string, args ...string) (string, error) {
	t.Helper()
	text, err := c.OptionFile("")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tools.cnf")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := process.Output(t.Context(), program, append([]string{"--defaults-file=" + file}, args...)...)
	if errors.Is(err, process.ErrNotFound) {
		t.Skip(err)
	}
	return string(out), err
}

// shows lists the ways in which a server requests the password itself.
func shows(t *testing.T, key *rsa.PrivateKey) map[string]func(*script) {
	return map[string]func(*script){
		"mysql_clear_password":  wants("mysql_clear_password", false),
		"dialog":                wants("dialog", false, "\x01\x04Password: "),
		"caching_sha2_password": wants("caching_sha2_password", false, "\x01\x04", "\x01"+publicPEM(t, &key.PublicKey)),
		"sha256_password":       wants("sha256_password", false, "\x01"+publicPEM(t, &key.PublicKey)),
	}
}

// Somebody who takes the server's place between our login and a tool's, as anybody on the path can with TCP, does not
// get the password from the tool.
func TestTheToolsShowNoPassword(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER dump@localhost IDENTIFIED BY '"+secret+"'", "GRANT ALL ON *.* TO dump@localhost")
	defer run(t, root, "DROP USER dump@localhost")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(s.Dir, "ca.pem")
	for way, login := range map[string]Login{
		"socket": {Socket: s.Socket},
		"TCP":    {Host: "127.0.0.1", Port: s.Port},
		"TLS":    {Host: "127.0.0.1", Port: s.Port, CACert: ca, SkipHostname: true},
	} {
		login.User, login.Password = "dump", secret
		c := s.open(t, login)
		out, err := tool(t, c, "mariadb", "--batch", "-e", "SELECT CURRENT_USER()")
		if err != nil || !strings.Contains(out, "dump@localhost") {
			t.Fatalf("%s: %q, %v", way, out, err)
		}
		for name, behave := range shows(t, key) {
			t.Run(way+" "+name, func(t *testing.T) { toolsMeet(t, c, key, behave) })
		}
	}
}

// toolsMeet runs the tools of a client against a stranger in the server's place.
func toolsMeet(t *testing.T, c *Client, key *rsa.PrivateKey, behave func(*script)) {
	network, address := "tcp", "127.0.0.1:0"
	if c.reached.Via == "socket" {
		network, address = "unix", filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	trap := set(t, l, behave)
	trap.key = key
	c.reached.Address, c.socket = l.Addr().String(), address
	for program, args := range map[string][]string{
		"mariadb-dump": {"mysql"}, "mariadb": {"mysql"}, "mariadb-backup": {"--backup", "--target-dir=" + t.TempDir()},
	} {
		before := trap.visits()
		if _, err := tool(t, c, program, args...); err == nil || trap.visits() == before || trap.learned() != "" {
			t.Errorf("%s: %d came, the server has %s; %v", program, trap.visits(), trap.learned(), err)
		}
	}
}

// For ed25519 the tools need a plugin folder, and with it they have the other plugins, too.
func TestTheToolsOfEd25519AreNotRunWhereAnybodyCouldAnswer(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	run(t, root, "CREATE USER e@localhost IDENTIFIED VIA ed25519 USING PASSWORD('"+secret+"')")
	defer run(t, root, "DROP USER e@localhost")
	ca := filepath.Join(s.Dir, "ca.pem")
	for way, c := range map[string]struct {
		login   Login
		refused bool
	}{
		"socket": {Login{Socket: s.Socket}, false},
		"TCP":    {Login{Host: "127.0.0.1", Port: s.Port}, true},
		"TLS":    {Login{Host: "127.0.0.1", Port: s.Port, CACert: ca, SkipHostname: true}, false},
	} {
		c.login.User, c.login.Password = "e", secret
		client := s.open(t, c.login)
		_, err := client.OptionFile("")
		if errors.Is(err, ErrToolsExposed) != c.refused ||
			c.refused && !strings.Contains(err.Error(), "e at 127.0.0.1:") {
			t.Errorf("%s: %v", way, err)
		}
		// A program that does not check the host name can be talked out of TLS.
		client.login.SkipHostname = false
		if text, err := client.OptionFile(""); way == "TLS" && (err != nil || strings.Contains(string(text), nowhere)) {
			t.Errorf("with a name that is checked: %q, %v", text, err)
		}
		if way != "socket" {
			continue
		}
		if out, err := tool(t, client, "mariadb", "--batch", "-e", "SELECT CURRENT_USER()"); err != nil {
			t.Errorf("%s: %q, %v", way, out, err)
		}
	}
}

// The option that denies plugins to the tools does not break mariadb-backup.
func TestTheToolsWorkWithAPassword(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER dump@localhost IDENTIFIED BY '"+secret+"'", "GRANT ALL ON *.* TO dump@localhost")
	defer run(t, root, "DROP USER dump@localhost")
	c := s.open(t, Login{User: "dump", Password: secret, Socket: s.Socket})
	if _, err := tool(t, c, "mariadb-dump", "mysql", "db"); err != nil {
		t.Error(err)
	}
	if _, err := tool(t, c, "mariadb-backup", "--backup", "--target-dir="+t.TempDir(),
		"--datadir="+s.Data); err != nil {
		t.Error(err)
	}
}

// The environment does not lead the tools to another server.
func TestTheToolsStayAtTheSocket(t *testing.T) {
	s := server(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	trap := set(t, l, wants("dialog", true))
	t.Setenv("MYSQL_HOST", "127.0.0.1")
	t.Setenv("MYSQL_TCP_PORT", fmt.Sprint(port(l)))
	root := s.root(t)
	for program, args := range map[string][]string{"mariadb": {"-e", "SELECT 1"}, "mariadb-dump": {"mysql", "db"}} {
		if _, err := tool(t, root, program, args...); err != nil || trap.visits() > 0 {
			t.Errorf("%s: %d came; %v", program, trap.visits(), err)
		}
	}
	target := t.TempDir()
	_, err = tool(t, root, "mariadb-backup", "--backup", "--target-dir="+target, "--datadir="+s.Data)
	if err != nil || trap.visits() > 0 {
		t.Errorf("mariadb-backup: %d came; %v", trap.visits(), err)
	}
}
