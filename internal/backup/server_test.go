// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/tests/mariadb"
)

// server is a real one-node Galera cluster on a unix socket.
type server struct{ *mariadb.Server }

// one is the server that the tests share; main removes it.
var one struct {
	sync.Once
	*server
	err error
}

func TestMain(m *testing.M) {
	if asked, err := apartFrom(os.Getenv(apartEnv)); asked {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if one.server != nil {
		one.server.Remove()
	}
	os.Exit(code)
}

// shared gives the server of all tests that do not break it.
func shared(t *testing.T) *server {
	t.Helper()
	needServer(t)
	one.Do(func() { one.server, one.err = startServer() })
	if one.err != nil {
		t.Fatal(one.err)
	}
	return one.server
}

// needServer skips a test where no server can be started. On a machine with Pacemaker it puts a fake one on PATH
// besides: no job of a test takes the lock of a cluster that this machine may belong to.
func needServer(t *testing.T) {
	t.Helper()
	mariadb.Need(t, "mariadb-backup", "mariadb-dump", "zstd")
	mariadb.NeedGalera(t)
	if os.Getuid() != 0 {
		t.Skip("needs root, as a backup does")
	}
	if pacemaker.Present() {
		fakeCluster(t, "", "")
	}
}

func startServer() (*server, error) {
	started, err := mariadb.Start(func(string) []string {
		return append(mariadb.Plugins("../.."), "--skip-networking", "--log-bin=mariadb-bin", "--server-id=7")
	})
	if err != nil {
		return nil, err
	}
	s := &server{started}
	_, err = s.SQL("CREATE DATABASE nova; CREATE TABLE nova.t (id INT PRIMARY KEY, b LONGTEXT); USE nova;" +
		"INSERT INTO t SELECT seq, REPEAT(SHA2(seq, 512), 40) FROM seq_1_to_500")
	if err != nil {
		s.Remove()
		return nil, err
	}
	return s, nil
}

// options are those of a plain backup into a new folder.
func (s *server) options(t *testing.T) Options {
	t.Helper()
	destination, err := os.MkdirTemp("/var/tmp", "backup-sets-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(destination) })
	return Options{
		Destination: destination, Method: Physical, Level: 1, Buffer: 64 << 20, MadeBy: "test", Login: galera.Login{Socket: s.Socket},
		DrainTimeout: 10 * time.Second, Scrub: func(text string) string { return text },
	}
}

// job is a prepared backup.
func (s *server) job(t *testing.T, change func(*Options)) *Job {
	t.Helper()
	o := s.options(t)
	if change != nil {
		change(&o)
	}
	j, err := Prepare(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}
