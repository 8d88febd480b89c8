// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"fmt"
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

// answers gives a guard one answer each second, in which the totals of nova and heat have grown at the given seconds.
func answers(seconds int, nova, heat []int) (visits []Visits) {
	a, totals := &arrivals{}, map[logins.Account]int64{{User: "nova", Host: "10.0.0.1"}: 1000}
	for n := range seconds {
		for _, at := range nova {
			if at == n {
				totals[logins.Account{User: "nova", Host: fmt.Sprintf("10.0.0.%d", 1+n%2)}] += 2
			}
		}
		for _, at := range heat {
			if at == n {
				totals[logins.Account{User: "heat", Host: "10.0.0.1"}]++
			}
		}
		answer := logins.Totals{Counter: logins.ByAccount, Accounts: map[logins.Account]int64{}}
		for account, total := range totals {
			answer.Accounts[account] = total
		}
		visits = a.add(noon.Add(time.Duration(n)*time.Second), answer, "root", []string{"heat-check"})
	}
	return visits
}

func TestLoginsAreRememberedForAMinute(t *testing.T) {
	for name, tt := range map[string]struct {
		seconds    int
		nova, heat []int
		want       string
	}{
		"nobody":                  {9, nil, nil, ""},
		"before the first answer": {9, []int{0}, nil, ""},
		"each five seconds":       {15, []int{1, 6, 11}, nil, "nova 6 3 10 10.0.0.2+10.0.0.1 regular"},
		"each twenty seconds":     {50, []int{1, 21, 41}, nil, "nova 6 3 40 10.0.0.2 regular"},
		"each half minute":        {95, []int{1, 31, 61, 91}, nil, "nova 4 2 30 10.0.0.2"},
		"almost each half minute": {60, []int{1, 30, 59}, nil, "nova 6 3 58 10.0.0.2+10.0.0.1 regular"},
		"each second for three":   {9, []int{1, 2, 3}, nil, "nova 6 3 2 10.0.0.2+10.0.0.1"},
		"over":                    {80, []int{1, 6, 11}, nil, ""},
		"two users, each on its own": {30, []int{1, 20}, []int{2, 25},
			"heat 2 2 23 10.0.0.1; nova 4 2 19 10.0.0.2+10.0.0.1"},
	} {
		var got []string
		for _, v := range answers(tt.seconds, tt.nova, tt.heat) {
			line := fmt.Sprintf("%s %d %d %.0f %s", v.User, v.Logins, v.Answers, v.Last.Sub(v.First).Seconds(),
				strings.Join(v.Sources, "+"))
			if v.regular() {
				line += " regular"
			}
			got = append(got, line)
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A sample stays small, whoever logs in, and a message shows no character that a terminal obeys.
func TestVisitsOfVeryManyUsers(t *testing.T) {
	a := &arrivals{}
	for n := range 9 {
		totals := logins.Totals{Counter: logins.ByAccount, Accounts: map[logins.Account]int64{}}
		for user := range 500 {
			for host := range 30 {
				account := logins.Account{User: fmt.Sprintf("u\x1b[2J%03d", user), Host: fmt.Sprint(host)}
				totals.Accounts[account] = int64(n)
			}
		}
		visits := a.add(noon.Add(time.Duration(n)*time.Second), totals, "root", nil)
		if n > 0 && (len(visits) != maxVisits || len(visits[0].Sources) != maxVisits) {
			t.Fatalf("%d users, %d sources", len(visits), len(visits[0].Sources))
		}
		if n == 8 {
			s := well(9)
			s.Server.Visits = visits
			said := visited(s, limits{})
			if strings.Contains(said, "\x1b") || !strings.Contains(said, "240 logins of u?[2J000") {
				t.Errorf("%q", said)
			}
		}
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
