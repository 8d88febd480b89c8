// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
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
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/reading"
	"overcloud.backup/tests/mariadb"
)

var hostilePasswords = []string{"plain", `it's`, `say "so"`, " spaces around ", "50% #1;", `back\slash\`, "pässwörd-東京", "a=b&c@h:1/x?y", "`tick`",
	strings.Repeat("long", 60)}

func TestAnyPasswordLogsInOverSocketTCPAndOptionFile(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	for _, plugin := range []string{"mysql_native_password", "ed25519"} {
		for i, password := range hostilePasswords {
			t.Run(fmt.Sprintf("%s %d", plugin, i), func(t *testing.T) {
				run(t, root, "DROP USER IF EXISTS u@localhost")
				if err := root.Exec(t.Context(), "CREATE USER u@localhost IDENTIFIED VIA "+plugin+" USING PASSWORD(?)", password); err != nil {
					t.Fatal(err)
				}
				defer run(t, root, "DROP USER u@localhost")
				logsIn(t, s, password)
			})
		}
	}
}

// logsIn tries the three ways that a password takes to the server, and the option file that the tools will get.
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
		if got := s.open(t, Login{ConfigFile: again, Socket: s.Socket}).Reached(); got.Credentials != "option file "+again {
			t.Errorf("%s: the option file for the tools: %+v", from, got)
		}
	}
}

func TestOpenFallsBackAndTells(t *testing.T) {
	s := server(t)
	s.root(t)
	var secrets []string
	l := Login{User: "nobody", Password: "wrong", Socket: s.Socket, Secret: func(p string) { secrets = append(secrets, p) }}
	c := s.open(t, l)
	if r := c.Reached(); r.User != "root" || r.Credentials != "unix_socket" || r.Via != "socket" || r.Address != s.Socket {
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
	facts := Gather(t.Context(), reading.StartClock(0), Request{Login: l})
	if e := facts.Failed("login"); e == nil || !strings.Contains(e.Message, "Access denied") || strings.Contains(fmt.Sprint(facts), "wrong") {
		t.Errorf("%+v", facts.Errors)
	}
}

func TestOpenNamesEveryAttempt(t *testing.T) {
	s := server(t)
	_, err := Open(t.Context(), Login{User: "nobody", Password: "t0psecret", Host: "127.0.0.1", Port: s.Port})
	var refused *LoginError
	if !errors.As(err, &refused) || !refused.Refused() || !strings.Contains(refused.Hint(), "login_user") {
		t.Fatalf("%v", err)
	}
	if want := fmt.Sprintf("tcp 127.0.0.1:%d as nobody (options): Error ", s.Port); !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Access denied") {
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

func TestTLSChecksTheAuthorityAndTheName(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER tls@localhost IDENTIFIED BY 'p' REQUIRE SSL")
	defer run(t, root, "DROP USER tls@localhost")
	l := Login{User: "tls", Password: "p", Host: "127.0.0.1", Port: s.Port}
	for name, c := range map[string]struct {
		ca   string
		skip bool
		want string
	}{
		"signed, name not checked":    {"ca.pem", true, ""},
		"signed, for another name":    {"ca.pem", false, "certificate"},
		"signed by somebody else":     {"other.pem", true, "certificate signed by unknown authority"},
		"without TLS it is refused":   {"", false, "Access denied"},
		"a file that is not there":    {"absent.pem", false, "read ca_cert"},
		"a file without certificates": {"key.pem", false, "holds no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			l := l
			if l.SkipHostname = c.skip; c.ca != "" {
				l.CACert = filepath.Join(s.Dir, c.ca)
			}
			client, err := Open(t.Context(), l)
			if err == nil {
				defer client.Close()
				cipher, _ := client.Rows(t.Context(), "SHOW STATUS LIKE 'Ssl_cipher'")
				if len(cipher) != 1 || cipher[0][1] == "" {
					t.Errorf("not encrypted: %q", cipher)
				}
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// The tools get the same strictness: they check neither authority nor name of their own accord.
func TestTheToolsCheckTheNameToo(t *testing.T) {
	s := server(t)
	for _, skip := range []bool{false, true} {
		c := &Client{cred: credential{user: "root"}, reached: Reached{Via: "tcp", Address: fmt.Sprintf("127.0.0.1:%d", s.Port)},
			login: Login{CACert: filepath.Join(s.Dir, "ca.pem"), SkipHostname: skip}}
		text, err := c.OptionFile("")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "tools.cnf")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = process.Output(t.Context(), "mariadb-dump", "--defaults-file="+file, "--all-databases")
		if errors.Is(err, process.ErrNotFound) {
			t.Skip(err)
		}
		if refused := err != nil && strings.Contains(err.Error(), "TLS/SSL error"); refused == skip {
			t.Errorf("name checked: %t: %v", !skip, err)
		}
	}
	c := &Client{reached: Reached{Via: "socket", Address: s.Socket}, login: Login{CACert: "ca.pem"}}
	if text, err := c.OptionFile(""); err != nil || strings.Contains(string(text), "ssl") {
		t.Errorf("over the socket: %q, %v", text, err)
	}
}

func TestAbsentIsSaidOnlyOfAServerThatIsNotThere(t *testing.T) {
	nothing := fmt.Sprintf("%s/none", t.TempDir())
	_, err := Open(t.Context(), Login{Socket: nothing})
	var failed *LoginError
	if !errors.As(err, &failed) || !failed.Absent() {
		t.Errorf("%v", err)
	}
	if _, err = Open(t.Context(), Login{User: "u", Password: "p", Host: "127.0.0.1", Port: mariadb.FreePort()}); !errors.As(err, &failed) || !failed.Absent() {
		t.Errorf("%v", err)
	}
	for _, there := range []error{&mysql.MySQLError{Number: tooManyConnections}, context.DeadlineExceeded, os.ErrPermission} {
		if (&LoginError{Attempts: []Attempt{{Err: syscall.ECONNREFUSED}, {Err: there}}}).Absent() {
			t.Errorf("absent with %v", there)
		}
	}
}

func TestStatusAndDesync(t *testing.T) {
	s := server(t)
	if !s.Galera {
		t.Skip("no Galera library to test with")
	}
	c := s.root(t)
	w, err := c.Status(t.Context())
	if err != nil || !healthy(w) || w.Desync || w.BindAddress != "127.0.0.1" {
		t.Fatalf("%+v %v", w, err)
	}
	if err := c.SetDesync(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	until(t, c, func(w Wsrep) bool { return w.Desync && w.DesyncCount == 1 && w.State == StateDonorDesync })
	if err := c.SetDesync(t.Context(), true); !errors.Is(err, ErrDesynced) {
		t.Errorf("ON a second time: %v", err)
	}
	if err := c.SetDesync(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	until(t, c, func(w Wsrep) bool { return !w.Desync && w.DesyncCount == 0 && healthy(w) })
}

func until(t *testing.T, c *Client, met func(Wsrep) bool) {
	t.Helper()
	var w Wsrep
	var err error
	for range 100 {
		if w, err = c.Status(t.Context()); err == nil && met(w) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("it never came: %+v %v", w, err)
}

// The driver misreads one challenge in 256: so many logins do not go well by chance.
func TestEd25519LogsInEveryTime(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	run(t, root, "CREATE USER often@localhost IDENTIFIED VIA ed25519 USING PASSWORD('p')")
	t.Cleanup(func() { _ = root.Exec(context.Background(), "DROP USER often@localhost") })
	for i := range 800 {
		c, err := open(t.Context(), Login{User: "often", Password: "p", Socket: s.Socket}, files{})
		if err != nil || c.Reached().User != "often" {
			t.Fatalf("login %d: %+v %v", i, c, err)
		}
		c.Close()
	}
}

func TestSessionsNeedProcess(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER few@localhost IDENTIFIED BY 'p'", "CREATE USER some@localhost IDENTIFIED BY 'p'", "GRANT PROCESS ON *.* TO some@localhost")
	defer run(t, root, "DROP USER few@localhost, some@localhost")
	client := s.open(t, Login{User: "few", Password: "p", Host: "127.0.0.1", Port: s.Port})
	if _, _, err := client.Sessions(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "lacks PROCESS") {
		t.Errorf("without PROCESS: %v", err)
	}
	seer := s.open(t, Login{User: "some", Password: "p", Socket: s.Socket})
	sessions, administrative, err := seer.Sessions(t.Context(), nil)
	want := Session{User: "few", Source: "localhost", Count: 1}
	if err != nil || !slices.Contains(sessions, want) && !slices.Contains(sessions, Session{"few", "127.0.0.1", 1, 0}) || administrative < 2 {
		t.Errorf("%+v %d %v", sessions, administrative, err)
	}
	if _, err := seer.Sizes(t.Context(), time.Second); err == nil || !strings.Contains(err.Error(), "lacks SELECT") {
		t.Errorf("sizes without SELECT: %v", err)
	}
}

func TestGatherReadsAWholeServer(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE DATABASE g", "CREATE TABLE g.a (i INT PRIMARY KEY, t TEXT)", "INSERT INTO g.a VALUES (1, REPEAT('x', 20000))",
		"CREATE TABLE g.old (i INT) ENGINE=MyISAM", "CREATE VIEW g.v AS SELECT * FROM g.a")
	defer run(t, root, "DROP DATABASE g")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	f := Gather(ctx, reading.StartClock(0), Request{Login: Login{Socket: s.Socket}, Sample: 100 * time.Millisecond, Sizes: true})
	if f.Failed("sql") != nil || f.Failed("sessions") != nil || f.Failed("sizes") != nil || f.Failed("datadir") != nil || !f.Running || !f.Present {
		t.Fatalf("%+v", f)
	}
	if f.Server.PID != root.PeerPID() || !strings.HasPrefix(f.Server.Datadir, s.Data) || f.Reached.Container != "" {
		t.Errorf("%+v %+v", f.Server, f.Reached)
	}
	if len(f.Sessions) != 0 || f.Administrative != 2 {
		t.Errorf("%+v %d", f.Sessions, f.Administrative)
	}
	if !slices.Equal(f.Storage.NonTransactional, []string{"g.old"}) || len(f.Storage.Engines) != 2 || f.Storage.DataBytes < 16384 || f.Storage.DatadirFree == 0 {
		t.Errorf("%+v", f.Storage)
	}
	if s.Galera && (f.Sample.Window < 0.09 || f.Sample.Questions > 1000 || !healthy(f.Wsrep) || len(f.Errors) != 0) {
		t.Errorf("%+v %+v %+v", f.Sample, f.Wsrep, f.Errors)
	}
}

func TestTheServerEndsWhatTakesTooLong(t *testing.T) {
	s := server(t)
	c := s.root(t)
	err := c.Exec(t.Context(), limited(50*time.Millisecond)+"SELECT SLEEP(5)")
	if err == nil {
		rows, _ := c.Rows(t.Context(), "SELECT 1")
		if len(rows) != 1 {
			t.Error("the connection did not survive")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := c.Exec(ctx, "DO SLEEP(5)"); err == nil || !strings.Contains(err.Error(), "no answer within the time limit") || time.Since(begin) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

func TestUsersAreMadeAgainAsTheyWere(t *testing.T) {
	s := server(t)
	c := s.root(t)
	const hostile = "`a b``c'\"\\`@`10.%`"
	run(t, c, "CREATE ROLE reader", "CREATE ROLE `odd``role`", "GRANT SELECT ON mysql.* TO reader", "GRANT PROCESS ON *.* TO `odd``role`", "GRANT `odd``role` TO reader",
		"CREATE USER "+hostile+" IDENTIFIED BY 'it''s \\\\ #1' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5", "GRANT reader TO "+hostile+" WITH ADMIN OPTION",
		"SET DEFAULT ROLE reader FOR "+hostile, "GRANT SELECT (host), INSERT ON mysql.user TO "+hostile, "GRANT ALL ON `x\\_y`.* TO "+hostile+" WITH GRANT OPTION",
		"CREATE USER expired@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE", "CREATE USER locked@localhost IDENTIFIED VIA unix_socket OR mysql_native_password ACCOUNT LOCK",
		"CREATE USER ''@'h'", "GRANT PROXY ON locked@localhost TO expired@localhost")
	drop := func() {
		run(t, c, "DROP USER "+hostile+", expired@localhost, locked@localhost, ''@'h'", "DROP ROLE reader, `odd``role`")
	}
	before, err := statements(t, c)
	if err != nil {
		t.Fatal(err)
	}
	drop()
	run(t, c, before...)
	after, err := statements(t, c)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("%v\nbefore:\n%s\nafter:\n%s", err, strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	drop()
	for _, part := range []string{"mariadb.sys", "CREATE ROLE IF NOT EXISTS `PUBLIC`"} {
		if strings.Contains(strings.Join(before, "\n"), part) {
			t.Errorf("%s is among\n%s", part, strings.Join(before, "\n"))
		}
	}
	for _, part := range []string{"PASSWORD EXPIRE", "ACCOUNT LOCK", "GRANT PROXY", "SET DEFAULT ROLE `reader`", "REQUIRE SSL", "`root`@`localhost`", "WITH ADMIN OPTION"} {
		if !strings.Contains(strings.Join(before, "\n"), part) {
			t.Errorf("%s is missing in\n%s", part, strings.Join(before, "\n"))
		}
	}
}

func TestFingerprintChangesWithEachDefinitionAndNothingElse(t *testing.T) {
	s := server(t)
	c := s.root(t)
	run(t, c, "CREATE DATABASE f", "CREATE TABLE f.t (i INT PRIMARY KEY AUTO_INCREMENT, n VARCHAR(20))", "CREATE TABLE f.c (i INT, t INT, KEY k (t))")
	defer run(t, c, "DROP DATABASE f")
	if names, err := c.Schemas(t.Context()); err != nil || !slices.Equal(names, []string{"f"}) {
		t.Errorf("%v %v", names, err)
	}
	last := fingerprint(t, c)
	for _, statement := range []string{"INSERT INTO f.t (n) VALUES ('a'), ('b')", "ALTER TABLE f.t AUTO_INCREMENT = 100", "ANALYZE TABLE f.t", "CREATE USER fp@localhost", "DROP USER fp@localhost"} {
		run(t, c, statement)
		if got := fingerprint(t, c); got != last {
			t.Errorf("%s changed it", statement)
		}
	}
	for _, statement := range []string{
		"ALTER TABLE f.t ADD m INT DEFAULT 1", "ALTER TABLE f.t ALTER m DROP DEFAULT", "ALTER TABLE f.t MODIFY n VARCHAR(21)", "CREATE INDEX x ON f.t (n)",
		"DROP INDEX x ON f.t", "CREATE INDEX x ON f.t (n(3))", "ALTER TABLE f.c ADD CONSTRAINT fk FOREIGN KEY (t) REFERENCES f.t (i)",
		"ALTER TABLE f.c ADD CONSTRAINT ck CHECK (i > 0)", "ALTER TABLE f.c COMMENT 'x'", "CREATE VIEW f.v AS SELECT n FROM f.t", "CREATE OR REPLACE VIEW f.v AS SELECT i FROM f.t",
		"CREATE PROCEDURE f.p(IN a INT) SELECT a", "CREATE FUNCTION f.p2() RETURNS INT RETURN 1", "CREATE TRIGGER f.tr BEFORE INSERT ON f.t FOR EACH ROW SET NEW.m = 1",
		"CREATE EVENT f.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM f.t", "ALTER TABLE f.c DROP FOREIGN KEY fk", "ALTER TABLE f.c PARTITION BY HASH (i) PARTITIONS 2",
		"ALTER DATABASE f CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "ALTER TABLE f.t ENGINE=MyISAM", "DROP EVENT f.e", "DROP TRIGGER f.tr", "DROP VIEW f.v",
	} {
		run(t, c, statement)
		got := fingerprint(t, c)
		if got == last {
			t.Errorf("%s did not change it", statement)
		}
		last = got
	}
}

func fingerprint(t *testing.T, c *Client) string {
	t.Helper()
	definitions, err := c.Definitions(t.Context(), ByFiles)
	if err != nil {
		t.Fatal(err)
	}
	return definitions.Fingerprint()
}

func TestEventsAreToldByTheirStatus(t *testing.T) {
	s := server(t)
	c := s.root(t)
	run(t, c, "CREATE DATABASE e", "CREATE EVENT e.`it's, \"x\"` ON SCHEDULE EVERY 1 DAY DO SET @x = 1", "CREATE EVENT e.off ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1",
		"CREATE EVENT e.other ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SET @x = 1", "CREATE USER blind@localhost IDENTIFIED BY 'x'")
	defer run(t, c, "DROP DATABASE e", "DROP USER blind@localhost")
	got, err := c.Events(t.Context(), time.Minute)
	if want := "{true ON [e.it's, \"x\"] [e.off]}"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
	blind := s.open(t, Login{Socket: s.Socket, User: "blind", Password: "x"})
	if got, err := blind.Events(t.Context(), time.Minute); err == nil || got.Known || !strings.Contains(err.Error(), "EVENT ON *.*") {
		t.Errorf("%v, %v", got, err)
	}
}
