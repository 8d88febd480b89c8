// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/process"
)

// realServer is a MariaDB of this machine, started once for all tests, in a folder and on ports of its own: a cluster
// of one where there is a Galera library.
type realServer struct {
	dir, socket string
	port        int
	galera      bool
	stop        func()
	skip        string // a program that is missing
	fail        string // what is wrong with the server
}

var shared = sync.OnceValue(startServer)

func TestMain(m *testing.M) {
	code := m.Run()
	if started {
		shared().stop()
	}
	os.Exit(code)
}

var started bool

// server skips the test, with the reason, where there is no MariaDB.
func server(t *testing.T) *realServer {
	t.Helper()
	started = true
	s := shared()
	if s.skip != "" {
		t.Skip(s.skip)
	}
	if s.fail != "" {
		t.Fatal(s.fail)
	}
	return s
}

func (s *realServer) root(t *testing.T) *Client {
	t.Helper()
	return s.open(t, Login{Socket: s.socket})
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

func startServer() *realServer {
	s := &realServer{stop: func() {}}
	dir, err := os.MkdirTemp("", "galera-test")
	if err != nil {
		s.fail = err.Error()
		return s
	}
	s.dir, s.socket, s.port = dir, filepath.Join(dir, "s.sock"), freePort()
	me, _ := user.Current()
	s.stop = func() { os.RemoveAll(dir) }
	if _, err := process.Output(context.Background(), "mariadb-install-db", "--no-defaults", "--datadir="+s.data(), "--user="+me.Username,
		"--auth-root-authentication-method=socket", "--auth-root-socket-user="+me.Username, "--skip-test-db", "--skip-name-resolve"); err != nil {
		s.failed("mariadb-install-db", err)
		return s
	}
	args := []string{"--no-defaults", "--datadir=" + s.data(), "--user=" + me.Username, "--socket=" + s.socket, "--bind-address=127.0.0.1",
		fmt.Sprintf("--port=%d", s.port), "--innodb-buffer-pool-size=16M", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
		"--pid-file=" + filepath.Join(dir, "pid"), "--event-scheduler=ON"}
	if fetched, err := filepath.Abs(plugins); err == nil && exists(filepath.Join(fetched, ed25519)) {
		args = append(args, "--plugin-dir="+fetched)
	}
	s.launch(append(append(args, s.withGalera()...), certificates(dir)...))
	return s
}

// failed tells a program that is missing, without which there is nothing to test, from everything else.
func (s *realServer) failed(what string, err error) {
	if errors.Is(err, process.ErrNotFound) {
		s.skip = "no MariaDB server to test with: " + err.Error()
		return
	}
	s.fail = what + ": " + err.Error()
}

func (s *realServer) data() string { return filepath.Join(s.dir, "data") }

func (s *realServer) withGalera() []string {
	for _, path := range []string{os.Getenv("WSREP_PROVIDER"), "/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"} {
		if _, err := os.Stat(path); err == nil {
			s.galera = true
			return []string{"--wsrep-on=ON", "--wsrep-provider=" + path, "--wsrep-cluster-address=gcomm://", "--wsrep-cluster-name=own",
				"--wsrep-new-cluster", "--wsrep-node-address=127.0.0.1",
				fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%d;gcache.size=8M", freePort())}
		}
	}
	return nil
}

func (s *realServer) launch(args []string) {
	ctx, cancel := context.WithCancel(context.Background())
	log := &process.Tail{Max: 4096}
	c := process.Command(ctx, "mariadbd", args...)
	c.Stderr = log
	c.SysProcAttr.Pdeathsig = syscall.SIGKILL // also when a test panics
	s.stop = func() { cancel(); os.RemoveAll(s.dir) }
	if err := c.Start(); err != nil {
		s.failed("mariadbd", process.Explain(ctx, "mariadbd", err, ""))
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	s.stop = func() { cancel(); <-ended; os.RemoveAll(s.dir) }
	for range 300 {
		select {
		case err := <-ended:
			s.fail = fmt.Sprintf("the MariaDB server does not start: %v\n%s", err, log)
			ended <- err
			return
		case <-time.After(100 * time.Millisecond):
		}
		if client, err := Open(ctx, Login{Socket: s.socket}); err == nil {
			ready, _ := client.Value(ctx, "SHOW GLOBAL STATUS LIKE 'wsrep_ready'")
			w, _ := client.Status(ctx)
			client.Close()
			if ready != "" && (!s.galera || w.Ready) {
				return
			}
		}
	}
	s.fail = "the MariaDB server does not become ready:\n" + log.String()
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// plugins is where tests/setup puts what the server's own package lacks.
const (
	plugins = "../../build/plugins"
	ed25519 = "auth_ed25519.so"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// withEd25519 gives the server that way to log in for a test.
func withEd25519(t *testing.T, root *Client) {
	t.Helper()
	err := root.Exec(t.Context(), "INSTALL SONAME 'auth_ed25519'")
	if ErrorNumber(err) == 1126 && !exists(filepath.Join(plugins, ed25519)) {
		t.Skip("needs the plugin auth_ed25519, which tests/setup test fetches")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Exec(context.Background(), "UNINSTALL SONAME 'auth_ed25519'") })
}
