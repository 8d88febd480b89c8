// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"overcloud.backup/internal/optionfile"
	"overcloud.backup/tests/messages"
	"overcloud.backup/tests/ports"
	"overcloud.backup/tests/user"
)

var hostilePasswords = []string{"plain", `it's`, `say "so"`, " spaces around ", "50% #1;", `back\slash\`, "pässwörd-東京",
	"a=b&c@h:1/x?y", "`tick`",
	strings.Repeat("long", 60)}

func TestAnyPasswordLogsInOverSocketTCPAndOptionFile(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	for _, plugin := range []string{"mysql_native_password", "ed25519"} {
		for i, password := range hostilePasswords {
			t.Run(fmt.Sprintf("%s %d", plugin, i), func(t *testing.T) {
				run(t, root, "DROP USER IF EXISTS u@localhost")
				if err := root.Exec(t.Context(), "CREATE USER u@localhost IDENTIFIED VIA "+plugin+" USING PASSWORD(?)",
					password); err != nil {
					t.Fatal(err)
				}
				defer run(t, root, "DROP USER u@localhost")
				logsIn(t, s, password)
			})
		}
	}
}

// logsIn checks the login over a socket, TCP and TLS, and with the option file that the tools get.
func logsIn(t *testing.T, s *realServer, password string) {
	quoted, err := optionfile.Quote(password)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "my.cnf")
	if err := os.WriteFile(file, []byte("[client]\nuser=u\npassword="+quoted+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, l := range map[string]Login{
		"options":             {User: "u", Password: password, Socket: s.Socket},
		"options ":            {User: "u", Password: password, Host: "127.0.0.1", Port: s.Port},
		"option file " + file: {ConfigFile: file, Socket: s.Socket},
	} {
		c := s.open(t, l)
		if got := c.Reached(); got.User != "u" || got.Credentials != strings.TrimSpace(from) {
			t.Errorf("%s: reached as %+v", from, got)
		}
		again := filepath.Join(t.TempDir(), "tools.cnf")
		text, err := c.OptionFile("")
		if errors.Is(err, ErrToolsExposed) && c.wire.Plugin() == "client_ed25519" && c.reached.Via == "tcp" {
			continue
		}
		if err == nil {
			err = os.WriteFile(again, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := s.open(t, Login{ConfigFile: again, Socket: s.Socket}).Reached(); got.Credentials != "option file "+
			again {
			t.Errorf("%s: the option file for the tools: %+v", from, got)
		}
	}
}

func TestOpenFallsBackAndReportsIt(t *testing.T) {
	s := server(t)
	s.root(t)
	var secrets []string
	l := Login{User: "nobody", Password: "wrong", Socket: s.Socket,
		Secret: func(p string) { secrets = append(secrets, p) }}
	c := s.open(t, l)
	if r := c.Reached(); r.User != "root" || r.Credentials != "unix_socket" || r.Via != "socket" ||
		r.Address != s.Socket {
		t.Errorf("%+v", r)
	}
	if a, refused := c.Refused(); !refused || a.User != "nobody" || !strings.Contains(a.Err.Error(), "Access denied") {
		t.Errorf("%+v, %t", a, refused)
	}
	if a, refused := s.root(t).Refused(); refused {
		t.Errorf("no account was given, yet %+v was refused", a)
	}
	if !slices.Contains(secrets, "wrong") {
		t.Errorf("the password was not made known: %q", secrets)
	}
}

func TestOpenNamesEveryAttempt(t *testing.T) {
	s := server(t)
	_, err := Open(t.Context(), Login{User: "nobody", Password: "t0psecret", Host: "127.0.0.1", Port: s.Port})
	var refused *LoginError
	if !errors.As(err, &refused) || !refused.Refused() || !strings.Contains(refused.Hint(), "login_user") {
		t.Fatalf("%v", err)
	}
	if want := fmt.Sprintf("tcp 127.0.0.1:%d as nobody (options): Error ", s.Port); !strings.Contains(err.Error(),
		want) || !strings.Contains(err.Error(), "Access denied") {
		t.Errorf("got %v, want %s", err, want)
	}
	if strings.Contains(err.Error(), "t0psecret") {
		t.Errorf("the password shows: %v", err)
	}
}

func TestPeerIsTheServersProcess(t *testing.T) {
	s := server(t)
	data, err := os.ReadFile(filepath.Join(s.Dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	if got := s.root(t).PeerPID(); got != want || want == 0 {
		t.Errorf("got %d, want %d", got, want)
	}
}

func TestAbsentMeansThatThereIsNoServer(t *testing.T) {
	nothing := fmt.Sprintf("%s/none", t.TempDir())
	_, err := Open(t.Context(), Login{Socket: nothing})
	var failed *LoginError
	if !errors.As(err, &failed) || !failed.Absent() {
		t.Errorf("%v", err)
	}
	if _, err = Open(t.Context(), Login{User: "u", Password: "p", Host: "127.0.0.1",
		Port: ports.Free()}); !errors.As(err, &failed) || !failed.Absent() {
		t.Errorf("%v", err)
	}
	for _, there := range []error{&mysql.MySQLError{Number: tooManyConnections}, context.DeadlineExceeded,
		os.ErrPermission} {
		if (&LoginError{Attempts: []Attempt{{Err: syscall.ECONNREFUSED}, {Err: there}}}).Absent() {
			t.Errorf("absent with %v", there)
		}
	}
}

// The driver misreads one challenge in 256, so this many logins would not succeed by chance.
func TestEd25519LogsInEveryTime(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	run(t, root, "CREATE USER often@localhost IDENTIFIED VIA ed25519 USING PASSWORD('p')")
	t.Cleanup(func() { _ = root.Exec(context.Background(), "DROP USER often@localhost") })
	for i := range 800 {
		c, err := OptionFiles{}.Open(t.Context(), Login{User: "often", Password: "p", Socket: s.Socket})
		if err != nil || c.Reached().User != "often" {
			t.Fatalf("login %d: %+v %v", i, c, err)
		}
		c.Close()
	}
}

func TestTheServerEndsSlowQueries(t *testing.T) {
	s := server(t)
	c := s.root(t)
	err := c.Exec(t.Context(), Limited(50*time.Millisecond)+"SELECT SLEEP(5)")
	if err == nil {
		rows, _ := c.Rows(t.Context(), "SELECT 1")
		if len(rows) != 1 {
			t.Error("the connection did not survive")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := c.Exec(ctx, "DO SLEEP(5)"); err == nil ||
		!strings.Contains(err.Error(), "no answer within the time limit") || time.Since(begin) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

// If root cannot log in over the socket either, an account that cannot be used is an error that says why.
func TestAccountsThatCannotBeUsedSayWhy(t *testing.T) {
	s := server(t)
	c := s.root(t)
	for name, tt := range map[string]struct{ account, want string }{
		"locked":           {"IDENTIFIED BY 'p4ss' ACCOUNT LOCK", "account is locked"},
		"expired":          {"IDENTIFIED BY 'p4ss' PASSWORD EXPIRE", "SET PASSWORD"},
		"another password": {"IDENTIFIED BY 'other'", "Access denied"},
		"TLS only":         {"IDENTIFIED BY 'p4ss' REQUIRE SSL", "Access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, c, "CREATE USER cannot@localhost "+tt.account)
			defer run(t, c, "DROP USER cannot@localhost")
			client, err := Open(t.Context(), Login{User: "cannot", Password: "p4ss", Host: "127.0.0.1", Port: s.Port})
			if err == nil {
				defer client.Close()
				_, err = client.Value(t.Context(), "SELECT 1")
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "p4ss") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// An account that may log in but has no rights is skipped, and its session is closed: it would look like a client's.
func TestAPasswordThatExpiredLeavesNoSession(t *testing.T) {
	s := server(t)
	c := s.root(t)
	run(t, c, "CREATE USER expired@localhost IDENTIFIED BY 'p4ss' PASSWORD EXPIRE")
	defer run(t, c, "DROP USER expired@localhost")
	other := s.open(t, Login{User: "expired", Password: "p4ss", Socket: s.Socket})
	if a, refused := other.Refused(); !refused || a.User != "expired" || other.Reached().User != "root" {
		t.Errorf("%+v, %t, reached as %s", a, refused, other.Reached().User)
	}
	var left string
	for range 100 {
		var err error
		if left, err = c.Value(t.Context(),
			"SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'expired'"); err != nil || left == "0" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%s sessions are left", left)
}

// silent is a server that accepts connections and sends nothing.
func silent(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	set(t, l, func(s *script) { s.hear() })
	return socket
}

func TestTheContextBoundsAllAttempts(t *testing.T) {
	socket := silent(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := Open(ctx, Login{Socket: socket})
	if err == nil || time.Since(begin) > time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

func TestASocketThatIsNotOpenToUsNamesTheWayOut(t *testing.T) {
	socket := silent(t)
	if err := os.Chmod(filepath.Dir(socket), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	var err error
	user.Reading(t, 65534, func() { _, err = Open(context.Background(), Login{Socket: socket}) })
	var e *LoginError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "permission denied") ||
		!strings.Contains(e.Hint(), "become") {
		t.Errorf("%v", err)
	}
}

// A server's own messages can be of any length.
func TestMessagesOfAServerAreShortened(t *testing.T) {
	got := &mysql.MySQLError{Number: 1045, Message: "no\x1b[2J" + strings.Repeat("!\n", 1<<20)}
	err := explain(t.Context(), got)
	messages.Check(t, err)
	if ErrorNumber(err) != 1045 {
		t.Errorf("%v has no number", err)
	}
	d := &door{}
	d.failed(place{via: "socket", address: "/s"}, credential{user: "root"}, got)
	refused := &LoginError{Attempts: d.attempts}
	messages.Check(t, refused)
	if !refused.Refused() {
		t.Error("it is no refusal any more")
	}
}
