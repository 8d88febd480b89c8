// SPDX-License-Identifier: GPL-3.0-or-later

// Package mariadbtest gives tests a real server and clients of it.
package mariadbtest

import (
	"os"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/tests/mariadbd"
)

// Server is a real server, shared by the tests of a package, with clients for them.
type Server struct{ *mariadbd.Server }

// Start returns the package's server. It skips the test, with the reason, if MariaDB is not installed.
func Start(t *testing.T) *Server {
	t.Helper()
	return &Server{mariadbd.Shared(t)}
}

// Root returns a client of root's over the socket.
func (s *Server) Root(t *testing.T) *mariadb.Client {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: by unix_socket nobody else gets in as root")
	}
	return s.Open(t, mariadb.Login{Socket: s.Socket})
}

// Open returns a client that is closed at the end of the test.
func (s *Server) Open(t *testing.T, l mariadb.Login) *mariadb.Client {
	t.Helper()
	c, err := mariadb.Open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Exec executes statements, each of which has to succeed.
func Exec(t *testing.T, c *mariadb.Client, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// HostileNames are names that the server accepts for schemas and tables: quotes, statements, options, paths, text that
// a shell expands, a comment's end, the maximum length of a file name.
var HostileNames = []string{
	"`", "a`b", "'q\"", `back\slash`, `ends with \`, "two\nlines", "\n-- comment\nDROP DATABASE nova;",
	"semi; DROP TABLE t; --",
	"per%cent_", "../x", ".", "..", "-rf", "--all-databases", " leads with a space", "#hash", "*/ x /*", "$(id)",
	"${IFS}",
	"DELIMITER ;;", strings.Repeat("東", 51), strings.Repeat("я", 64), strings.Repeat("`", 50),
}
