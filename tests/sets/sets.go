// SPDX-License-Identifier: GPL-3.0-or-later

package sets

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/galera"
)

const (
	PhysicalFile = "backup.xbstream.zst"
	LogicalFile  = "backup.sql.zst"
)

func Size(t *testing.T, path, file string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(path, file))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func Made(t *testing.T, method string) string {
	t.Helper()
	Shared(t)
	return one.sets[method]
}

func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func Read(t *testing.T, path, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path, file))
	Must(t, err)
	return content
}

func Client(t *testing.T, s *Server) *galera.Client {
	t.Helper()
	c, err := galera.Open(t.Context(), galera.Login{Socket: s.Socket})
	Must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}
