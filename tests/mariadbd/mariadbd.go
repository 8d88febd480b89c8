// SPDX-License-Identifier: GPL-3.0-or-later

// Package mariadb starts real servers of this machine for tests.
package mariadbd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/process"
	"overcloud.backup/tests/ports"
)

// Server is a server with a socket, ports on loopback and a folder of its own: a cluster of one if there is a Galera
// library.
type Server struct {
	// Dir holds everything, and is removed with the server; Data is the datadir.
	Dir, Data, Socket string
	Port              int
	Galera            bool
	child             *process.Child
}

// Need skips a test if a program is missing, and in a short run (go test -short), which starts no servers.
func Need(t *testing.T, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real server, which a short run does not start")
	}
	for _, program := range append(programs, "mariadbd", "mariadb-install-db", "mariadb") {
		if _, err := exec.LookPath(program); err != nil {
			skip(t, "needs a real server: "+err.Error())
		}
	}
}

// NeedGalera skips a test if there is no Galera library.
func NeedGalera(t *testing.T) {
	t.Helper()
	if provider() == "" {
		skip(t, "needs a real cluster: no Galera library")
	}
}

// skip skips a test, which go test mentions only with -v. If tests/run has installed everything, a skip is a failure:
// most of the tests of backups and verifications would disappear silently.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("TESTS_SKIP_NO_SERVER") != "" {
		t.Fatal(why + "; tests/setup test installs it")
	}
	t.Skip(why)
}

// Plugins returns the arguments with which a server finds the plugin auth_ed25519, which tests/setup fetches to a
// folder of this repository; nil if it has not. repository is the relative path from the test's own folder.
func Plugins(repository string) []string {
	folder, err := filepath.Abs(filepath.Join(repository, "build/plugins"))
	if err != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(folder, "auth_ed25519.so")); err != nil {
		return nil
	}
	return []string{"--plugin-dir=" + folder}
}

// NeedPlugin skips a test if tests/setup has not fetched a plugin of the server to a folder of this repository.
func NeedPlugin(t *testing.T, repository, plugin string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(repository, "build/plugins", plugin+".so")); err != nil {
		skip(t, "needs the plugin "+plugin)
	}
}

func provider() string {
	for _, path := range []string{os.Getenv("WSREP_PROVIDER"), "/usr/lib/galera/libgalera_smm.so",
		"/usr/lib64/galera-4/libgalera_smm.so"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// Start starts a server in a new folder, with more arguments, and waits until it serves. more is called first with the
// folder, and may create files there that the server needs; a datadir there, named data, is used as it is.
func Start(more func(dir string) []string) (*Server, error) {
	dir, err := os.MkdirTemp("/var/tmp", "mariadb-test-")
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, Data: filepath.Join(dir, "data"), Socket: filepath.Join(dir, "s")}
	arguments := more(dir)
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if err := s.start(process.ChildOptions{Stdout: log, Stderr: log}, arguments); err != nil {
		said, _ := os.ReadFile(log.Name())
		s.Remove()
		return nil, fmt.Errorf("%w\n%s", err, said)
	}
	return s, nil
}

func (s *Server) start(o process.ChildOptions, more []string) error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	own := []string{"--no-defaults", "--user=" + me.Username, "--datadir=" + s.Data}
	if err := s.install(o, append(own, "--auth-root-socket-user="+me.Username), more); err != nil {
		return err
	}
	s.Port = ports.Free()
	args := append(own, "--socket="+s.Socket, "--pid-file="+filepath.Join(s.Dir, "pid"), "--bind-address=127.0.0.1",
		fmt.Sprintf("--port=%d", s.Port), "--tmpdir="+filepath.Join(s.Dir, "tmp"),
		"--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M", "--binlog-format=ROW",
		"--innodb-autoinc-lock-mode=2")
	if library := provider(); library != "" {
		s.Galera = true
		args = append(args, "--wsrep-on=ON", "--wsrep-provider="+library, "--wsrep-cluster-address=gcomm://",
			"--wsrep-cluster-name=solo",
			"--wsrep-new-cluster", "--wsrep-node-address=127.0.0.1",
			fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%d;gcache.size=8M", ports.Free()))
	}
	s.child, err = process.StartChild(context.Background(), o, "mariadbd", append(args, more...)...)
	if err != nil {
		return err
	}
	return s.wait()
}

// install creates the datadir, unless there is one. Options that the files depend on apply from the beginning.
func (s *Server) install(o process.ChildOptions, own, more []string) error {
	// A server that starts removes every #sql file in its tmpdir, and crashes if its own is removed: the tmpdir is
	// never shared.
	temporary := filepath.Join(s.Dir, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(s.Data, "mysql")); err == nil {
		return nil
	}
	args := append(own, "--tmpdir="+temporary, "--skip-test-db", "--skip-name-resolve",
		"--auth-root-authentication-method=socket")
	for _, option := range more {
		if name, _, _ := strings.Cut(option, "="); strings.HasPrefix(name, "--innodb-") ||
			name == "--lower-case-table-names" {
			args = append(args, option)
		}
	}
	return o.Run(context.Background(), "mariadb-install-db", args...)
}

func (s *Server) wait() error {
	question, answer := "SELECT 1", "1"
	if s.Galera {
		question, answer = "SHOW STATUS LIKE 'wsrep_local_state_comment'", "Synced"
	}
	deadline := time.Now().Add(time.Minute)
	for {
		said, err := s.SQL(question)
		switch {
		case err == nil && strings.Contains(said, answer):
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("the server does not come up: %q %w", said, err)
		}
		select {
		case <-s.child.Ended():
			return errors.Join(errors.New("the server ended"), s.child.Wait())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// PID returns the server's process id.
func (s *Server) PID() int { return s.child.PID() }

// SQL runs statements as root and returns their rows, with tabs between the columns, without headings.
func (s *Server) SQL(statements string) (string, error) {
	out, err := exec.Command("mariadb", "--no-defaults", "--socket="+s.Socket, "--batch", "--skip-column-names", "-e",
		statements).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// Script runs a file of statements as root, comments in programs included.
func (s *Server) Script(path string) (string, error) {
	script, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer script.Close()
	client := exec.Command("mariadb", "--no-defaults", "--socket="+s.Socket, "--batch", "--comments",
		"--default-character-set=utf8mb4")
	client.Stdin = script
	out, err := client.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", path, err, out)
	}
	return string(out), err
}

// Remove kills the server and removes its folder.
func (s *Server) Remove() {
	if s.child != nil {
		s.child.Kill()
	}
	_ = os.RemoveAll(s.Dir)
}
