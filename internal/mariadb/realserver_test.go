// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"context"
	"os"
	"testing"

	"overcloud.backup/tests/mariadbd"
)

// realServer is the server that all tests share.
type realServer struct{ *mariadbd.Server }

func TestMain(m *testing.M) { mariadbd.Main(m) }

// server skips the test, with the reason, if MariaDB is not installed.
func server(t *testing.T) *realServer {
	t.Helper()
	return &realServer{mariadbd.Shared(t)}
}

func (s *realServer) root(t *testing.T) *Client {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: by unix_socket nobody else gets in as root")
	}
	return s.open(t, Login{Socket: s.Socket})
}

func (s *realServer) open(t *testing.T, l Login) *Client {
	t.Helper()
	c, err := Open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func run(t *testing.T, c *Client, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// withEd25519 installs that authentication plugin in the server for one test.
func withEd25519(t *testing.T, root *Client) {
	t.Helper()
	err := root.Exec(t.Context(), "INSTALL SONAME 'auth_ed25519'")
	if ErrorNumber(err) == 1126 && !mariadbd.HasEd25519() {
		t.Skip("needs the plugin auth_ed25519, which tests/setup test fetches")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Exec(context.Background(), "UNINSTALL SONAME 'auth_ed25519'") })
}
