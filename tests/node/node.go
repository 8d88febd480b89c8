// SPDX-License-Identifier: GPL-3.0-or-later

// Package node has the fixtures for tests of a backup: a real one-node Galera cluster, a fake Pacemaker, and a process
// with its own mount and pid namespaces.
package node

import (
	"os"
	"sync"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/tests/mariadbd"
)

// Server is a real one-node Galera cluster on a unix socket.
type Server struct{ *mariadbd.Server }

// one is the server that the tests of a process share; Main removes it.
var one struct {
	sync.Once
	*Server
	err error
}

// Main runs the tests of a package and removes the server that they shared.
func Main(m *testing.M) {
	code := m.Run()
	if one.Server != nil {
		one.Server.Remove()
	}
	os.Exit(code)
}

// Shared returns the server of all tests that do not break it.
func Shared(t *testing.T) *Server {
	t.Helper()
	Need(t)
	one.Do(func() { one.Server, one.err = Start() })
	if one.err != nil {
		t.Fatal(one.err)
	}
	return one.Server
}

// Need skips a test if no server can be started. On a machine with Pacemaker it also puts a fake one on PATH: a test's
// job must not take the lock of a cluster that this machine belongs to.
func Need(t *testing.T) {
	t.Helper()
	mariadbd.Need(t, "mariadb-backup", "mariadb-dump", "zstd")
	mariadbd.NeedGalera(t)
	if os.Getuid() != 0 {
		t.Skip("needs root, as a backup does")
	}
	if pacemaker.Present() {
		FakeCluster(t, "", "")
	}
}

// Start starts a server with the schema nova; the caller removes it.
func Start() (*Server, error) {
	started, err := mariadbd.Start(func(string) []string {
		return append(mariadbd.Plugins(repository()), "--skip-networking", "--log-bin=mariadb-bin", "--server-id=7")
	})
	if err != nil {
		return nil, err
	}
	s := &Server{started}
	_, err = s.SQL("CREATE DATABASE nova; CREATE TABLE nova.t (id INT PRIMARY KEY, b LONGTEXT); USE nova;" +
		"INSERT INTO t SELECT seq, REPEAT(SHA2(seq, 512), 40) FROM seq_1_to_500")
	if err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// Client returns a connection that is closed with the test.
func (s *Server) Client(t *testing.T) *mariadb.Client {
	t.Helper()
	c, err := mariadb.Open(t.Context(), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Login returns root's login over the socket.
func (s *Server) Login() mariadb.Login { return mariadb.Login{Socket: s.Socket} }

// Desync returns wsrep_desync, "0" or "1".
func (s *Server) Desync(t *testing.T) string {
	t.Helper()
	out, err := s.SQL("SELECT @@wsrep_desync")
	if err != nil {
		t.Fatal(err)
	}
	return out
}
