// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/tests/mariadbd"
	"overcloud.backup/tests/node"
)

// A message shows no character that a terminal obeys.
func TestVisitsOfUsersWithStrangeNames(t *testing.T) {
	s := well(9)
	visits(3, 9)(&s)
	s.Server.Visits[0].User = "u\x1b[2J"
	if got := visited(s, limits{}); strings.Contains(got, "\x1b") || !strings.Contains(got, "9 logins of u?[2J") {
		t.Errorf("%q", got)
	}
}

// A client that is there for 100 ms each 5 s is in no process list that is read each second; the server has counted it.
func TestClientsThatComeAndGo(t *testing.T) {
	node.Need(t)
	for counter, option := range map[logins.Counter]string{
		logins.ByUser: "--userstat=ON", logins.ByAccount: "--performance-schema=ON",
		logins.NotCounted: "--userstat=OFF",
	} {
		t.Run(string(counter), func(t *testing.T) {
			t.Parallel()
			s, err := mariadbd.Start(func(string) []string { return []string{option, "--skip-name-resolve"} })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Remove)
			create := ""
			for _, user := range []string{"no'v`a", "monitor", "agent"} {
				for _, host := range []string{"localhost", "127.0.0.1"} {
					account := mariadb.QuoteName(user) + "@" + mariadb.QuoteName(host)
					create += "CREATE USER " + account + "; GRANT USAGE ON *.* TO " + account + ";"
				}
			}
			if _, err := s.SQL(create); err != nil {
				t.Fatal(err)
			}
			ctx, end := Watch(t.Context(), watching(t, &node.Server{Server: s}, func(c *Config) {
				c.IgnoreUsers = []string{"monitor"}
			}))
			defer end()
			// Health checks, the agent and jobs of ours, and somebody who has the counts reset.
			for n := range 16 {
				visit(t, s, "monitor", true)
				if n%4 == 0 { // so rarely that no two answers in a row show its session
					visit(t, s, "agent", false)
				}
				if _, err := s.SQL("FLUSH USER_STATISTICS; FLUSH CLIENT_STATISTICS"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(500 * time.Millisecond)
			}
			if ctx.Err() != nil {
				t.Fatal(context.Cause(ctx))
			}
			time.Sleep(2 * time.Second) // a reset, or a login through the socket, hides those until the next answer
			for range 4 {
				visit(t, s, "no'v`a", true)
				time.Sleep(4900 * time.Millisecond)
			}
			if counter == logins.NotCounted {
				if err := end(); err != nil {
					t.Error(err)
				}
				return
			}
			b := breached(t, ctx, time.Second)
			if b.Rule != "clients" || !b.Here || !strings.Contains(b.Message, "3 logins of no'v`a") ||
				strings.Contains(b.Message, "127.0.0.1") != (counter == logins.ByAccount) {
				t.Error(b)
			}
			if ago := time.Since(b.Since); ago < 15*time.Second || ago > 25*time.Second {
				t.Errorf("since %s", b.Since)
			}
		})
	}
}

// visit is a client that is there for 100 ms.
func visit(t *testing.T, s *mariadbd.Server, user string, tcp bool) {
	t.Helper()
	args := []string{"--no-defaults", "--user=" + user, "-e", "SELECT SLEEP(0.1)"}
	if tcp {
		args = append(args, "--protocol=tcp", "--host=127.0.0.1", "--port="+strconv.Itoa(s.Port))
	} else {
		args = append(args, "--socket="+s.Socket)
	}
	if out, err := exec.Command("mariadb", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
