// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"errors"
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
)

// server is a real one-node Galera cluster on a unix socket, with wsrep on a port of the loopback.
type server struct {
	dir    string
	socket string
	cmd    *exec.Cmd
}

const provider = "/usr/lib/galera/libgalera_smm.so"

// one is the server that the tests share, with the sets that were made of it; TestMain removes both.
var one struct {
	sync.Once
	*server
	sets map[string]string // by method: the path
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if one.server != nil {
		one.remove()
	}
	os.Exit(code)
}

// shared gives the server of all tests, with the set of a method.
func shared(t *testing.T) *server {
	t.Helper()
	for _, program := range []string{"mariadbd", "mariadb-install-db", "mariadb-backup", "mbstream", "mariadb-dump", "mariadb"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("needs a real server:", err)
		}
	}
	if _, err := os.Stat(provider); err != nil {
		t.Skip("needs a real cluster:", err)
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, as a verification does")
	}
	one.Do(func() { one.server, one.err = startServer() })
	if one.err != nil {
		t.Fatal(one.err)
	}
	return one.server
}

func startServer() (*server, error) {
	dir, err := os.MkdirTemp("/var/tmp", "verify-test-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, socket: filepath.Join(dir, "s")}
	err = s.start()
	if err == nil {
		one.sets = map[string]string{}
		one.sets["physical"], err = s.backUp("physical")
	}
	if err == nil {
		one.sets["logical"], err = s.backUp("logical")
	}
	if err != nil {
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
	s.cmd = exec.Command("mariadbd", "--no-defaults", "--user=root", "--datadir="+data, "--socket="+s.socket, "--skip-networking",
		"--pid-file="+s.dir+"/pid", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M", "--log-bin=mariadb-bin", "--server-id=7", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
		"--innodb-data-file-path=ibdata1:12M;ibdata2:12M:autoextend",
		"--wsrep-on=ON", "--wsrep-provider="+provider, "--wsrep-cluster-address=gcomm://", "--wsrep-cluster-name=solo", "--wsrep-node-address=127.0.0.1",
		fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%d;gcache.size=8M", freePort()))
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.fill()
}

// filling has all that a fingerprint knows of, definers that are not root, and names that need quotes.
const filling = `CREATE DATABASE nova; CREATE DATABASE empty; USE nova;
	CREATE USER nova@localhost IDENTIFIED BY 'secret'; GRANT ALL ON nova.* TO nova@localhost; CREATE ROLE reader; GRANT SELECT ON nova.* TO reader;
	CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), UNIQUE KEY (name));
	CREATE TABLE t (id INT PRIMARY KEY, b LONGTEXT, p INT, FOREIGN KEY (p) REFERENCES parent (id));
	CREATE TABLE ` + "`odd ``name; -- %`" + ` (c CHAR(36) PRIMARY KEY, j JSON, g INT AS (n + 1) STORED, n INT) PARTITION BY KEY (c) PARTITIONS 3;
	INSERT INTO parent (name) VALUES ('a'), ('b');
	INSERT INTO t SELECT seq, REPEAT(SHA2(seq, 512), 200), 1 + seq MOD 2 FROM seq_1_to_800;
	INSERT INTO ` + "`odd ``name; -- %`" + ` (c, j) SELECT UUID(), '{}' FROM seq_1_to_50;
	CREATE DEFINER = nova@localhost VIEW v AS SELECT id, p FROM t;
	CREATE DEFINER = nova@localhost TRIGGER r BEFORE INSERT ON parent FOR EACH ROW SET NEW.name = LOWER(NEW.name);
	CREATE DEFINER = nova@localhost FUNCTION f (n INT) RETURNS INT DETERMINISTIC RETURN n + 1;
	CREATE DEFINER = nova@localhost EVENT e ON SCHEDULE EVERY 1 SECOND DO DELETE FROM nova.t;
	CREATE SEQUENCE sq NOCACHE`

func (s *server) fill() error {
	var err error
	for range 300 {
		var state string
		if state, err = s.sql("SHOW STATUS LIKE 'wsrep_local_state_comment'"); err == nil && strings.Contains(state, "Synced") {
			if _, err = s.sql(filling); err != nil {
				return err
			}
			return s.flush()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the server does not come up: %w", err)
}

// flush waits until all pages are on the disk: what the redo log still holds heals a damaged page.
func (s *server) flush() error {
	if _, err := s.sql("SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0, innodb_max_dirty_pages_pct = 0"); err != nil {
		return err
	}
	for range 100 {
		dirty, err := s.sql("SHOW STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
		if err != nil || strings.HasSuffix(dirty, "\t0") {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the pages stay dirty")
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
