// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/process"
)

// hostileNames are names that the server takes for schemas and tables: quotes, statements, options, paths, what a shell
// expands, a comment's end, the most characters that a file name has room for.
var hostileNames = []string{
	"`", "a`b", "'q\"", `back\slash`, `ends with \`, "two\nlines", "\n-- comment\nDROP DATABASE nova;", "semi; DROP TABLE t; --",
	"per%cent_", "../x", ".", "..", "-rf", "--all-databases", " leads with a space", "#hash", "*/ x /*", "$(id)", "${IFS}",
	"DELIMITER ;;", strings.Repeat("東", 51), strings.Repeat("я", 64), strings.Repeat("`", 50),
}

// ownLookalikes are schemas of users that the server's collation takes for its own.
var ownLookalikes = []string{"SYS", "Sys", "sýs", "MySQL", "mysqĺ"}

func TestSchemasOfAnyNameAreSeenAndCounted(t *testing.T) {
	s := server(t)
	c := s.root(t)
	names := slices.Concat(hostileNames, ownLookalikes, []string{"Nova", "nova"})
	for i, name := range names {
		run(t, c, "CREATE DATABASE "+quoteName(name))
		t.Cleanup(func() { c.Exec(context.Background(), "DROP DATABASE "+quoteName(name)) })
		for n := range i%3 + 1 {
			run(t, c, fmt.Sprintf("CREATE TABLE %s.%s (i INT PRIMARY KEY)", quoteName(name), quoteName(fmt.Sprint(n, names[n]))))
		}
	}
	folder := filepath.Join(s.Data, "lost+found")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(folder)
	schemas, err := c.Schemas(t.Context())
	if want := slices.Sorted(slices.Values(names)); err != nil || !slices.Equal(schemas, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, schemas, want)
	}
	counts, err := c.TableCounts(t.Context(), time.Minute)
	if err != nil || len(counts) != len(names) {
		t.Errorf("%d counts, %v", len(counts), err)
	}
	for i, name := range names {
		if counts[name] != i%3+1 {
			t.Errorf("%q has %d tables, want %d", name, counts[name], i%3+1)
		}
	}
}

// Neither a schema with a name like the server's own nor what is in it may be missing from the fingerprint.
func TestTheFingerprintSeesSchemasThatLookLikeTheServersOwn(t *testing.T) {
	c := server(t).root(t)
	last := fingerprint(t, c)
	for _, name := range ownLookalikes {
		for _, statement := range []string{"CREATE DATABASE %s", "CREATE TABLE %s.t (i INT)", "CREATE VIEW %s.v AS SELECT 1", "CREATE PROCEDURE %s.p() DO 1"} {
			run(t, c, fmt.Sprintf(statement, quoteName(name)))
			got := fingerprint(t, c)
			if got == last {
				t.Errorf("%s %s changed nothing", statement, name)
			}
			last = got
		}
		run(t, c, "DROP DATABASE "+quoteName(name))
		last = fingerprint(t, c)
	}
}

// Names of non-transactional tables come back as they are.
func TestSizesNamesHostileTables(t *testing.T) {
	c := server(t).root(t)
	run(t, c, "CREATE DATABASE SYS")
	defer run(t, c, "DROP DATABASE SYS")
	var want []string
	for _, name := range hostileNames {
		if len(name) == 3*51 {
			name = strings.Repeat("東", 48) // its file has an extension
		}
		run(t, c, "CREATE TABLE SYS."+quoteName(name)+" (i INT) ENGINE=MyISAM")
		want = append(want, "SYS."+name)
	}
	storage, err := c.Sizes(t.Context(), time.Minute)
	if slices.Sort(want); err != nil || !slices.Equal(storage.NonTransactional, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, storage.NonTransactional, want)
	}
}

func TestEventsThatNoDumpHoldsAreNamed(t *testing.T) {
	c := server(t).root(t)
	var want []string
	for i, schema := range []string{"plain", "per%cent", "a`b", "q'b", `q"b`, `back\slash`, "two\nlines"} {
		run(t, c, "CREATE DATABASE "+quoteName(schema))
		defer run(t, c, "DROP DATABASE "+quoteName(schema))
		for name, rest := range map[string]string{"good": "DO SELECT ';'", "body": "DO SELECT ';;'", "comment": "COMMENT ';;;' DO SELECT 1", "a;;b": "DO SELECT 1"} {
			run(t, c, "CREATE EVENT "+quoteName(schema)+"."+quoteName(name)+" ON SCHEDULE EVERY 1 YEAR DISABLE "+rest)
			if i > 2 || name != "good" {
				want = append(want, schema+"."+name)
			}
		}
	}
	got, err := c.UndumpableEvents(t.Context())
	if slices.Sort(want); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, got, want)
	}
}

// users.sql is fed to the server's own client, which has a mind of its own about quotes, backslashes and DELIMITER.
func TestUsersOfAnyNameAreMadeAgainByTheClient(t *testing.T) {
	s := server(t)
	c := s.root(t)
	var users []string
	for _, name := range append(hostileNames, strings.Repeat("я", 40)+"'") {
		if len([]rune(name)) > 63 {
			name = name[:40]
		}
		user := quoteName(strings.TrimRight(name, " ")) + "@" + quoteName("10.%")
		run(t, c, "CREATE USER "+user+" IDENTIFIED BY 'it''s \\\\ \\n #1'", "CREATE ROLE "+quoteName("r"+name), "GRANT "+quoteName("r"+name)+" TO "+user,
			"GRANT SELECT ON "+quoteName(name)+".* TO "+user, "SET DEFAULT ROLE "+quoteName("r"+name)+" FOR "+user)
		users = append(users, user, quoteName("r"+name))
	}
	drop := func() {
		for i, name := range users {
			run(t, c, []string{"DROP USER ", "DROP ROLE "}[i%2]+name)
		}
	}
	before, err := statements(t, c)
	if err != nil {
		t.Fatal(err)
	}
	drop()
	defer drop()
	feed(t, s, strings.Join(before, ";\n")+";\n")
	if after, err := statements(t, c); err != nil || !slices.Equal(before, after) {
		t.Errorf("%v\nbefore:\n%s\nafter:\n%s", err, strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// feed gives statements to the server's client, as a restore does.
func feed(t *testing.T, s *realServer, statements string) {
	t.Helper()
	var out process.Tail
	out.Max = 4096
	cmd := process.Command(t.Context(), "mariadb", "--no-defaults", "--socket="+s.Socket, "--default-character-set=utf8mb4")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(statements), &out, &out
	err := process.Explain(t.Context(), "mariadb", cmd.Run(), out.String())
	if errors.Is(err, process.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Without root's way in over the socket an account that cannot be used is refused, and the error says why.
func TestAccountsThatCannotBeUsedSayWhy(t *testing.T) {
	s := server(t)
	c := s.root(t)
	for name, tt := range map[string]struct{ account, want string }{
		"locked":       {"IDENTIFIED BY 'p4ss' ACCOUNT LOCK", "account is locked"},
		"expired":      {"IDENTIFIED BY 'p4ss' PASSWORD EXPIRE", "SET PASSWORD"},
		"another word": {"IDENTIFIED BY 'other'", "Access denied"},
		"TLS only":     {"IDENTIFIED BY 'p4ss' REQUIRE SSL", "Access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, c, "CREATE USER cannot@localhost "+tt.account)
			defer run(t, c, "DROP USER cannot@localhost")
			client, err := Open(t.Context(), Login{User: "cannot", Password: "p4ss", Host: "127.0.0.1", Port: s.Port})
			if err == nil {
				defer client.Close()
				_, err = client.Status(t.Context())
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "p4ss") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// An account that gets in and may then do nothing is passed over, and its session with it: it would look like a client's.
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
		if left, err = c.Value(t.Context(), "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'expired'"); err != nil || left == "0" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%s sessions are left", left)
}
