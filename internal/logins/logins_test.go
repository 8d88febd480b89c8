// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"context"
	"errors"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/tests/mariadbd"
)

// byAccount returns totals by user and host: "nova@10.0.0.1": 3.
func byAccount(counts map[string]int64) Totals {
	t := Totals{Counter: ByAccount, Accounts: map[Account]int64{}}
	for account, n := range counts {
		at := strings.LastIndex(account, "@")
		t.Accounts[Account{account[:at], account[at+1:]}] = n
	}
	return t
}

// byUser returns totals by user, and by host: "@10.0.0.1": 3. The given users cannot come over the network.
func byUser(counts map[string]int64, onlyLocal ...string) Totals {
	t := Totals{Counter: ByUser, Users: map[string]int64{}}
	for name, n := range counts {
		if host, is := strings.CutPrefix(name, "@"); is {
			t.addHost(host, n)
		} else {
			t.addUser(name, n, slices.Contains(onlyLocal, name))
		}
	}
	return t
}

type counts = map[string]int64

func TestTheLoginsOfClients(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after Totals
		want          []Increase
	}{
		"nobody": {byAccount(counts{"nova@10.0.0.1": 7}), byAccount(counts{"nova@10.0.0.1": 7}), nil},
		"by account": {byAccount(counts{"nova@10.0.0.1": 7}), byAccount(counts{"nova@10.0.0.1": 9, "heat@fd00::1": 1}),
			[]Increase{{Account{"heat", "fd00::1"}, 1}, {Account{"nova", "10.0.0.1"}, 2}}},
		"of root over TCP": {byAccount(nil), byAccount(counts{"root@10.0.0.1": 1}),
			[]Increase{{Account{"root", "10.0.0.1"}, 1}}},
		"ours, the health check's and those through the socket": {byAccount(counts{"nova@10.0.0.1": 7}),
			byAccount(counts{"nova@10.0.0.1": 7, "own@localhost": 5, "own@10.0.0.1": 1, "root@localhost": 1,
				"agent@localhost": 3, "haproxy@10.0.0.1": 60, "clustercheck@10.0.0.1": 60}), nil},
		"by account, counted anew": {byAccount(counts{"nova@10.0.0.1": 7, "heat@10.0.0.1": 7}),
			byAccount(counts{"nova@10.0.0.1": 2}), nil},
		"of threads": {byAccount(nil),
			byAccount(counts{"system user@10.0.0.1": 1, "event_scheduler@localhost": 2}), nil},
		"by user": {byUser(counts{"nova": 7, "@10.0.0.1": 9}), byUser(counts{"nova": 9, "@10.0.0.1": 11}),
			[]Increase{{Account{User: "nova"}, 2}}},
		"by user, of which some may be local": {byUser(counts{"nova": 7}),
			byUser(counts{"nova": 12, "@10.0.0.1": 1, "@localhost": 4}), []Increase{{Account{User: "nova"}, 1}}},
		"by user, of which none need be remote": {byUser(counts{"nova": 7}),
			byUser(counts{"nova": 12, "heat": 9, "@10.0.0.1": 5, "@localhost": 9}), nil},
		"the logins of an ignored user are not lent to one of the socket": {byUser(nil),
			byUser(counts{"haproxy": 15, "exporter": 1, "@10.0.0.1": 15, "@localhost": 1}), nil},
		"nor those of another client": {byUser(nil),
			byUser(counts{"nova": 5, "exporter": 2, "@10.0.0.1": 5, "@localhost": 2}),
			[]Increase{{Account{User: "nova"}, 3}}},
		"users of the socket hide no client": {
			byUser(counts{"clustercheck": 6, "@localhost": 6}, "clustercheck"),
			byUser(counts{"nova": 1, "exporter": 7, "clustercheck": 66, "@10.0.0.1": 1, "@localhost": 73},
				"clustercheck", "exporter"), []Increase{{Account{User: "nova"}, 1}}},
		"accounts that have changed": {byUser(counts{"a": 9, "@localhost": 9}),
			byUser(counts{"a": 9, "exporter": 1, "@localhost": 10}, "a"), nil},
		"counted between the two tables": {byUser(counts{"nova": 1, "@10.0.0.1": 1}),
			byUser(counts{"nova": 2, "@10.0.0.1": 1}), nil},
		"another user's count was reset": {byUser(counts{"a": 9, "@localhost": 9}),
			byUser(counts{"exporter": 10, "@localhost": 9, "@10.0.0.1": 1}), nil},
		"by user, ours, health checks and threads": {byUser(nil), byUser(counts{"own": 5, "root": 4, "mysql": 1,
			"clustercheck": 60, "haproxy": 60, "#mysql_system_user#": 1, "": 1,
			"@10.0.0.1": 60, "@localhost": 60}), nil},
		"an agent that logs in through the socket": {byUser(counts{"agent": 1, "@localhost": 60, "@10.0.0.1": 4}),
			byUser(counts{"agent": 9, "@localhost": 70, "@10.0.0.1": 4}), nil},
		"counted anew": {byUser(counts{"nova": 7, "heat": 7, "@10.0.0.1": 9}),
			byUser(counts{"nova": 2, "@10.0.0.1": 2}), nil},
		"the first answer": {Totals{}, byUser(counts{"nova": 7, "@10.0.0.1": 9}), nil},
		"switched on":      {Totals{Counter: NotCounted}, byAccount(counts{"nova@10.0.0.1": 7}), nil},
		"switched off":     {byAccount(counts{"nova@10.0.0.1": 7}), Totals{Counter: NotCounted}, nil},
		"another counter":  {byUser(nil), byAccount(counts{"nova@10.0.0.1": 7}), nil},
	} {
		got := tt.after.Since(tt.before, "own", []string{"clustercheck", "haproxy"})
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestACountOfLoginsThatIsNoNumberIsAnError(t *testing.T) {
	got, err := parse(ByUser, [][]string{{"user", "nova", "", "many\x1b[2J"}}, nil)
	if err == nil || got.Counter != NotCounted || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%+v, %v", got, err)
	}
}

// oddUser needs quoting in SQL, in a shell and in a message.
const oddUser = "o'd`d \"Ü"

// A real server counts logins, and neither runs of events nor logins that it refuses.
func TestARealServerCountsLogins(t *testing.T) {
	mariadbd.Need(t)
	for counter, options := range map[Counter][]string{
		ByAccount: {"--performance-schema=ON", "--userstat=ON"}, ByUser: {"--userstat=ON"},
		NotCounted: nil,
	} {
		t.Run(string(counter), func(t *testing.T) {
			s, err := mariadbd.Start(func(string) []string {
				return append(options, "--skip-name-resolve", "--event-scheduler=ON")
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Remove)
			query := sqlOf(t, s)
			account := mariadb.QuoteName(oddUser) + "@`127.0.0.1`"
			query("CREATE DATABASE d; CREATE TABLE d.t (a INT) ENGINE=InnoDB; CREATE USER " + account +
				" IDENTIFIED BY 'x'; GRANT ALL ON d.* TO " + account + "")
			c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			read := func() Totals {
				t.Helper()
				totals, err := Read(t.Context(), c)
				if err != nil || totals.Counter != counter {
					t.Fatalf("%+v, %v", totals, err)
				}
				return totals
			}
			total := func(more []Increase) (n int64) {
				for _, l := range more {
					if n += l.Logins; l.User != oddUser || counter == ByAccount && l.Host != "127.0.0.1" {
						t.Errorf("%+v", l)
					}
				}
				return n
			}
			before := read()
			logIn(t, s, oddUser, "wrong", false)
			query("CREATE DEFINER=" + account + " EVENT d.e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO d.t VALUES (1);" +
				" DO SLEEP(2.5); DROP EVENT d.e")
			if got := read().Since(before, "own", nil); total(got) != 0 {
				t.Errorf("nobody logged in: %v", got)
			}
			if query("SELECT COUNT(*) > 0 FROM d.t") != "1" {
				t.Error("no event has run")
			}
			logIn(t, s, oddUser, "x", true)
			logIn(t, s, oddUser, "x", true)
			want := int64(2)
			if counter == NotCounted {
				want = 0
			}
			if got := read().Since(before, "own", nil); total(got) != want {
				t.Errorf("%v, want %d", got, want)
			}
			if got := read().Since(before, oddUser, nil); len(got) != 0 {
				t.Errorf("ours: %v", got)
			}
			before = read()
			query("FLUSH USER_STATISTICS; FLUSH CLIENT_STATISTICS; SET GLOBAL userstat = @@userstat")
			if counter == ByAccount {
				query("TRUNCATE performance_schema.accounts")
			}
			if got := read().Since(before, "own", nil); len(got) != 0 {
				t.Errorf("counted anew: %v", got)
			}
		})
	}
}

// An account that may not read the counts does not lose its connection, or anything else of a sample.
func TestCountsThatAreForbiddenAreNone(t *testing.T) {
	mariadbd.Need(t)
	s, err := mariadbd.Start(func(string) []string { return []string{"--performance-schema=ON", "--userstat=ON"} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	sqlOf(t, s)("CREATE USER few@localhost IDENTIFIED BY 'x'; CREATE USER some@localhost IDENTIFIED BY 'x';" +
		" GRANT PROCESS ON *.* TO some@localhost")
	for user, want := range map[string]Counter{"few": NotCounted, "some": ByUser} {
		login := mariadb.Login{Socket: s.Socket}
		login.User, login.Password = user, "x"
		c, err := mariadb.Open(t.Context(), login)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := Read(t.Context(), c); err != nil || got.Counter != want {
				t.Errorf("%s: %+v, %v", user, got, err)
			}
		}
		_ = c.Close()
		if _, err := Read(t.Context(), c); err == nil {
			t.Error("a connection that is closed counts nothing, without an error")
		}
	}
	c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func sqlOf(t *testing.T, s *mariadbd.Server) func(string) string {
	return func(statements string) string {
		t.Helper()
		out, err := s.SQL(statements)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func logIn(t *testing.T, s *mariadbd.Server, user, password string, works bool) {
	t.Helper()
	out, err := exec.Command("mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--protocol=tcp",
		"--host=127.0.0.1", "--port="+strconv.Itoa(s.Port), "--user="+user, "--password="+password, "-e",
		"SELECT 1").CombinedOutput()
	if (err == nil) != works {
		t.Fatalf("%s", out)
	}
}

// A user of the socket is none that came over the network, whoever else did; whether that is known or not.
func TestARealServersUsersOfTheSocketAreNoClients(t *testing.T) {
	mariadbd.Need(t)
	s, err := mariadbd.Start(func(string) []string { return []string{"--userstat=ON", "--skip-name-resolve"} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	query := sqlOf(t, s)
	query("CREATE USER haproxy@`127.0.0.1`; CREATE USER exporter@localhost; CREATE USER nova@`%`;" +
		" CREATE USER few@localhost IDENTIFIED BY 'x'; GRANT PROCESS ON *.* TO few@localhost")
	open := func(login mariadb.Login) *mariadb.Client {
		login.Socket = s.Socket
		c, err := mariadb.Open(t.Context(), login)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	few := mariadb.Login{}
	few.User, few.Password = "few", "x"
	all, part := open(mariadb.Login{}), open(few)
	totals := func(c *mariadb.Client) Totals {
		t.Helper()
		totals, err := Read(t.Context(), c)
		if err != nil || totals.Counter != ByUser || totals.All != totals.Remote+totals.Local {
			t.Fatalf("%+v, %v", totals, err)
		}
		return totals
	}
	exporter := func() {
		t.Helper()
		if out, err := exec.Command("mariadb", "--no-defaults", "--socket="+s.Socket, "--user=exporter", "-e",
			"SELECT 1").CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
	}
	ignore := []string{"haproxy"}
	expect := func(why string, c *mariadb.Client, before Totals, want []Increase) {
		t.Helper()
		if got := totals(c).Since(before, "own", ignore); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", why, got, want)
		}
		kept := totals(c).ofClients("own", ignore)
		if got := kept.Since(before.ofClients("own", ignore)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v of what is kept", why, got, want)
		}
	}
	beforeAll, beforePart := totals(all), totals(part)
	for range 15 {
		logIn(t, s, "haproxy", "", true)
	}
	exporter()
	logIn(t, s, "haproxy", "wrong", false)
	logIn(t, s, "nobody", "", false)
	expect("exporter", all, beforeAll, nil)
	expect("exporter, with unknown accounts", part, beforePart, nil)
	logIn(t, s, "nova", "", true)
	expect("nova", all, beforeAll, []Increase{{Account{User: "nova"}, 1}})
	expect("nova, with unknown accounts", part, beforePart, nil)
	logIn(t, s, "nova", "", true)
	expect("nova, with unknown accounts", part, beforePart, []Increase{{Account{User: "nova"}, 1}})
	// An anonymous account lets any name in.
	query("CREATE USER ``@`127.0.0.1`")
	if got := totals(all); got.OnlyLocal != 0 {
		t.Errorf("%d logins of users who can come through the socket only", got.OnlyLocal)
	}
}
