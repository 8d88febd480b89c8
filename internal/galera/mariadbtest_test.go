// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"os"
	"strings"
	"testing"

	"overcloud.backup/tests/mariadbd"
)

// testServer is a real server, shared by the tests of a package, with clients for them.
type testServer struct{ *mariadbd.Server }

// startServer returns the package's server. It skips the test, with the reason, where there is no MariaDB.
func startServer(t *testing.T) *testServer {
	t.Helper()
	return &testServer{mariadbd.Shared(t)}
}

// Root returns a client of root's over the socket.
func (s *testServer) Root(t *testing.T) *Client {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: by unix_socket nobody else gets in as root")
	}
	return s.Open(t, Login{Socket: s.Socket})
}

// Open returns a client that is closed at the end of the test.
func (s *testServer) Open(t *testing.T, l Login) *Client {
	t.Helper()
	c, err := Open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// execAll executes statements, each of which has to succeed.
func execAll(t *testing.T, c *Client, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := c.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// hostileNames are names that the server takes for schemas and tables: quotes, statements, options, paths, what a shell
// expands, a comment's end, the most characters that a file name has room for.
var hostileNames = []string{
	"`", "a`b", "'q\"", `back\slash`, `ends with \`, "two\nlines", "\n-- comment\nDROP DATABASE nova;",
	"semi; DROP TABLE t; --",
	"per%cent_", "../x", ".", "..", "-rf", "--all-databases", " leads with a space", "#hash", "*/ x /*", "$(id)",
	"${IFS}",
	"DELIMITER ;;", strings.Repeat("東", 51), strings.Repeat("я", 64), strings.Repeat("`", 50),
}
