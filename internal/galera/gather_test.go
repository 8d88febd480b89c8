// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
	"overcloud.backup/internal/reading"
	"overcloud.backup/tests/ports"
	"overcloud.backup/tests/user"
)

// fake is a server that misbehaves in one way. It counts its connections.
func fake(t *testing.T, behave func(net.Conn)) (socket string, came *atomic.Int32) {
	socket, came = filepath.Join(t.TempDir(), "s.sock"), new(atomic.Int32)
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			go func() { defer conn.Close(); behave(conn) }()
		}
	}()
	return socket, came
}

// packet frames a payload as the server does: three bytes of length, a sequence number.
func packet(payload string) []byte {
	return append([]byte{byte(len(payload)), byte(len(payload) >> 8), byte(len(payload) >> 16), 0}, payload...)
}

func say(bytes []byte) func(net.Conn) {
	return func(c net.Conn) { c.Write(bytes); c.Read(make([]byte, 1)) }
}

func wait(c net.Conn) { c.Read(make([]byte, 1)); c.Read(make([]byte, 1)) }

func TestServersThatMisbehaveAreRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		behave        func(net.Conn)
		message, hint string
	}{
		"one that never greets": {wait, "no answer within the time limit", "accepts connections but does not answer"},
		"one that hangs up":     {func(net.Conn) {}, "", ""},
		"one that talks HTTP": {say([]byte("HTTP/1.1 400 Bad Request\r\n\r\nlong enough to look like a packet of" +
			" some kind")), "", ""},
		"one that sends zeroes": {say(make([]byte, 4096)), "", ""},
		"one that sends an endless packet": {func(c net.Conn) {
			for c.SetWriteDeadline(time.Now().Add(time.Second)) == nil {
				if _, err := c.Write([]byte(strings.Repeat("\xff", 64<<10))); err != nil {
					return
				}
			}
		}, "", ""},
		"one without a free connection": {say(packet("\xff\x10\x04#08004Too many connections")), "Too many connections",
			"max_connections"},
		"one that blocks this host": {say(packet("\xff\x6a\x04Host '10.0.0.1' is not allowed to connect")),
			"is not allowed to connect", "login_user"},
	} {
		t.Run(name, func(t *testing.T) {
			socket, came := fake(t, c.behave)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			begin := time.Now()
			f := Gather(ctx, reading.StartClock(0), Request{Login: mariadb.Login{Socket: socket,
				ConnectTimeout: time.Second},
				Sizes: true})
			if took := time.Since(begin); took > 4*time.Second {
				t.Errorf("it took %s", took)
			}
			e := f.Failed("sql")
			if e == nil || f.Running || !f.Present || healthy(f.Wsrep) || came.Load() == 0 {
				t.Fatalf("%+v, %d came", f, came.Load())
			}
			if e.Where != "socket "+socket || !strings.Contains(e.Message, c.message) ||
				!strings.Contains(e.Hint, c.hint) {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestPlacesWithoutServerAreRecorded(t *testing.T) {
	dir := t.TempDir()
	file, stale := filepath.Join(dir, "file"), filepath.Join(dir, "stale.sock")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	for name, c := range map[string]struct {
		login mariadb.Login
		want  string
	}{
		"no socket":            {mariadb.Login{Socket: filepath.Join(dir, "absent.sock")}, "no such file"},
		"a file, not a socket": {mariadb.Login{Socket: file}, "connection refused"},
		"a socket left behind": {mariadb.Login{Socket: stale}, "connection refused"},
		"a port without server": {mariadb.Login{User: "u", Host: "127.0.0.1", Port: ports.Free()},
			"connection refused"},
		"a host and no account": {mariadb.Login{Host: "127.0.0.1"},
			"neither options, option files nor hiera name an account"},
		"a name that is nowhere": {mariadb.Login{User: "u", Host: "db.invalid"}, "db.invalid"},
		"an option file missing": {mariadb.Login{Socket: stale, ConfigFile: filepath.Join(dir, "none.cnf")},
			"none.cnf"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			f := Gather(ctx, reading.StartClock(0), Request{Login: c.login})
			if e := f.Failed("sql"); e == nil || !strings.Contains(e.Message, c.want) || e.Hint == "" || f.Running {
				t.Errorf("%+v", f.Errors)
			}
		})
	}
}

func TestAHostWithoutDatabaseIsNoError(t *testing.T) {
	var failed *mariadb.LoginError
	if _, err := mariadb.Open(t.Context(), mariadb.Login{}); hasFiles(mariadb.ReadOptionFiles("").Datadir()) ||
		!errors.As(err, &failed) ||
		!failed.Absent() {
		t.Skip("this machine has a database server")
	}
	f := Gather(t.Context(), reading.StartClock(0), Request{})
	if f.Present || f.Running || len(f.Errors) != 0 || f.Sessions == nil || f.Storage.Engines == nil {
		t.Errorf("%+v", f)
	}
}

func TestAStoppedServerStillHasAPosition(t *testing.T) {
	dir := t.TempDir()
	data, err := os.ReadFile("testdata/grastate/stopped.dat")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "grastate.dat"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	g := gathering{Facts: &Facts{}, datadir: dir}
	g.down(&mariadb.LoginError{Attempts: []mariadb.Attempt{{Place: "socket /s",
		Err: fmt.Errorf("dial: %w", os.ErrNotExist)}}})
	if !g.Present || g.Running || g.Grastate == nil || g.Grastate.Seqno != 1 || g.Storage.DatadirFree == 0 ||
		g.Failed("sql") == nil {
		t.Errorf("%+v", g.Facts)
	}
}

func TestAnotherHostsServerIsNotThisOne(t *testing.T) {
	status, variables := recorded(t, "active")
	for name, c := range map[string]struct {
		reached  mariadb.Reached
		login    mariadb.Login
		hostname string
		running  bool
	}{
		"by loopback, elsewhere": {mariadb.Reached{Via: "tcp"}, mariadb.Login{}, "controller-2", false},
		"by loopback, here":      {mariadb.Reached{Via: "tcp"}, mariadb.Login{}, "Controller-0.example.org", true},
		"by a foreign address":   {mariadb.Reached{Via: "tcp"}, mariadb.Login{Host: "10.0.0.9"}, "controller-2", true},
		"by the socket":          {mariadb.Reached{Via: "socket"}, mariadb.Login{}, "renamed", true},
	} {
		t.Run(name, func(t *testing.T) {
			g := gathering{Facts: &Facts{Reached: c.reached}, request: Request{Login: c.login}, hostname: c.hostname,
				client: &mariadb.Client{}}
			g.identify(moment{status: status}, variables)
			if g.Running != c.running || (g.Failed("sql") == nil) != c.running || healthy(g.Wsrep) != c.running {
				t.Errorf("%+v", g.Facts)
			}
		})
	}
}

// The error names the refused account of the options even if another account worked.
func TestARefusedAccountIsRecorded(t *testing.T) {
	s := mariadbtest.Start(t)
	s.Root(t)
	l := mariadb.Login{User: "nobody", Password: "wrong", Socket: s.Socket}
	facts := Gather(t.Context(), reading.StartClock(0), Request{Login: l})
	e := facts.Failed("login")
	if e == nil || !strings.Contains(e.Message, "Access denied") || strings.Contains(fmt.Sprint(facts), "wrong") {
		t.Errorf("%+v", facts.Errors)
	}
}

// An untrusted process that listens in place of the server is not a server.
func TestAStrangersServerIsNotRead(t *testing.T) {
	var l net.Listener
	user.As(t, 65534, func() (err error) { l, err = net.Listen("tcp", "127.0.0.1:0"); return err })
	defer l.Close()
	login := mariadb.Login{User: "root", Password: "p", Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
	facts := Gather(t.Context(), reading.StartClock(0), Request{Login: login})
	e := facts.Failed("sql")
	if facts.Running || !facts.Present || healthy(facts.Wsrep) || e == nil ||
		!strings.Contains(e.Message, "nothing was sent") {
		t.Errorf("%+v", facts)
	}
}

func TestGatherReadsAWholeServer(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	mariadbtest.Exec(t, root, "CREATE DATABASE g", "CREATE TABLE g.a (i INT PRIMARY KEY, t TEXT)",
		"INSERT INTO g.a VALUES (1, REPEAT('x', 20000))",
		"CREATE TABLE g.old (i INT) ENGINE=MyISAM", "CREATE VIEW g.v AS SELECT * FROM g.a")
	defer mariadbtest.Exec(t, root, "DROP DATABASE g")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	f := Gather(ctx, reading.StartClock(0), Request{Login: mariadb.Login{Socket: s.Socket},
		Sample: 100 * time.Millisecond,
		Sizes:  true})
	if f.Failed("sql") != nil || f.Failed("sessions") != nil || f.Failed("sizes") != nil ||
		f.Failed("datadir") != nil || !f.Running || !f.Present {
		t.Fatalf("%+v", f)
	}
	if f.Server.PID != root.PeerPID() || !strings.HasPrefix(f.Server.Datadir, s.Data) || f.Reached.Container != "" {
		t.Errorf("%+v %+v", f.Server, f.Reached)
	}
	if len(f.Sessions) != 0 || f.Administrative != 2 {
		t.Errorf("%+v %d", f.Sessions, f.Administrative)
	}
	if !slices.Equal(f.Storage.NonTransactional, []string{"g.old"}) || len(f.Storage.Engines) != 2 ||
		f.Storage.DataBytes < 16384 || f.Storage.DatadirFree == 0 {
		t.Errorf("%+v", f.Storage)
	}
	if s.Galera && (f.Sample.Window < 0.09 || f.Sample.Questions > 1000 || !healthy(f.Wsrep) || len(f.Errors) != 0) {
		t.Errorf("%+v %+v %+v", f.Sample, f.Wsrep, f.Errors)
	}
}
