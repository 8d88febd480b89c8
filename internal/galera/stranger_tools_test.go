// SPDX-License-Identifier: GPL-3.0-or-later

package galera

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

// tool runs one of the server's programs with what a client gives it.
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

// Whoever takes the server's place between our login and a tool's, as he can over TCP, is not shown the password by it.
func TestTheToolsShowNoPassword(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER dump@localhost IDENTIFIED BY '"+secret+"'")
	defer run(t, root, "DROP USER dump@localhost")
	c := s.open(t, Login{User: "dump", Password: secret, Host: "127.0.0.1", Port: s.Port})
	if out, err := tool(t, c, "mariadb", "--batch", "-e", "SELECT CURRENT_USER()"); err != nil || !strings.Contains(out, "dump@localhost") {
		t.Fatalf("%q, %v", out, err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, behave := range map[string]func(*script){
		"mysql_clear_password":  wants("mysql_clear_password", false),
		"dialog":                wants("dialog", false, "\x01\x04Password: "),
		"caching_sha2_password": wants("caching_sha2_password", false, "\x01\x04", "\x01"+publicPEM(t, &key.PublicKey)),
		"sha256_password":       wants("sha256_password", false, "\x01"+publicPEM(t, &key.PublicKey)),
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			trap := set(t, l, behave)
			trap.key = key
			c.reached.Address = l.Addr().String()
			for _, program := range []string{"mariadb-dump", "mariadb"} {
				if _, err := tool(t, c, program, "mysql"); err == nil || trap.visits() == 0 || trap.learned() != "" {
					t.Errorf("%s: %d came, the server has %s; %v", program, trap.visits(), trap.learned(), err)
				}
			}
		})
	}
}

// The environment does not lead the tools elsewhere.
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
