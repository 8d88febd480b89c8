// SPDX-License-Identifier: GPL-3.0-or-later

package sets

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/mariadb"
)

// Names of the files with the data.
const (
	PhysicalFile = "backup.xbstream.zst"
	LogicalFile  = "backup.sql.zst"
)

// Size returns the length of a file of a set.
func Size(t *testing.T, path, file string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(path, file))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Made returns the path of the set of a method, which no test may change.
func Made(t *testing.T, method string) string {
	t.Helper()
	Shared(t)
	return one.sets[method]
}

// Must ends the test with an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Read returns the content of a file of a set.
func Read(t *testing.T, path, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path, file))
	Must(t, err)
	return content
}

// Client returns a connection to the server, which is closed when the test ends.
func Client(t *testing.T, s *Server) *mariadb.Client {
	t.Helper()
	c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
	Must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}
