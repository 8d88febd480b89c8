// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/galera"
)

// server is a real one-node Galera cluster on a unix socket, with wsrep on a port of the loopback.
type server struct {
	dir    string
	socket string
	cmd    *exec.Cmd
}

const provider = "/usr/lib/galera/libgalera_smm.so"

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
		one.server.remove()
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

func needServer(t *testing.T) {
	t.Helper()
	for _, program := range []string{"mariadbd", "mariadb-install-db", "mariadb-backup", "mariadb-dump", "mariadb"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("needs a real server:", err)
		}
	}
	if _, err := os.Stat(provider); err != nil {
		t.Skip("needs a real cluster:", err)
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, as a backup does")
	}
}

func startServer() (*server, error) {
	dir, err := os.MkdirTemp("/var/tmp", "backup-test-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, socket: filepath.Join(dir, "s")}
	if err := s.start(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		s.remove()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return s, nil
}

func (s *server) start() error {
	data := filepath.Join(s.dir, "data")
	out, err := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+data, "--skip-test-db",
		"--auth-root-authentication-method=socket").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	port := freePort()
	s.cmd = exec.Command("mariadbd", "--no-defaults", "--user=root", "--datadir="+data, "--socket="+s.socket, "--skip-networking",
		"--pid-file="+s.dir+"/pid", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M", "--log-bin=mariadb-bin", "--server-id=7", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
		"--wsrep-on=ON", "--wsrep-provider="+provider, "--wsrep-cluster-address=gcomm://", "--wsrep-cluster-name=solo", "--wsrep-node-address=127.0.0.1",
		fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%d;gcache.size=8M", port))
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.wait()
}

func (s *server) wait() error {
	var err error
	for range 300 {
		var state string
		if state, err = s.sql("SHOW STATUS LIKE 'wsrep_local_state_comment'"); err == nil && strings.Contains(state, "Synced") {
			_, err = s.sql("CREATE DATABASE nova; CREATE TABLE nova.t (id INT PRIMARY KEY, b LONGTEXT); USE nova;" +
				"INSERT INTO t SELECT seq, REPEAT(SHA2(seq, 512), 40) FROM seq_1_to_500")
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the server does not come up: %w", err)
}

func (s *server) sql(statements string) (string, error) {
	out, err := exec.Command("mariadb", "--no-defaults", "--socket="+s.socket, "--batch", "--skip-column-names", "-e", statements).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), err
}

func (s *server) remove() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
	_ = os.RemoveAll(s.dir)
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
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
		Destination: destination, Method: Physical, Level: 1, Buffer: 64 << 20, MadeBy: "test", Login: galera.Login{Socket: s.socket},
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
