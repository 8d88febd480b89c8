// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/tests/mariadbd"
)

// counted is a reading after some seconds, with the logins of users.
func counted(uptime int64, users ...User) Counted {
	return Counted{Counter: ByAccount, Uptime: uptime, Users: users}
}

func TestOnlyUsersWhoComeAgainAreEvidence(t *testing.T) {
	u := func(user string, n int64) User { return User{Name: user, Logins: n} }
	for name, tt := range map[string]struct {
		before, gap, now Counted
		want             string
	}{
		"nobody": {counted(0, u("nova", 5)), counted(50, u("nova", 5)), counted(60, u("nova", 5)), ""},
		"again": {counted(0, u("nova", 5)), counted(50, u("nova", 15)), counted(60, u("nova", 17)),
			"12 logins in 60 s that are no health checks: nova"},
		"only before":   {counted(0, u("nova", 5)), counted(50, u("nova", 9)), counted(60, u("nova", 9)), ""},
		"only now":      {counted(0, u("nova", 5)), counted(50, u("nova", 5)), counted(60, u("nova", 9)), ""},
		"one, then two": {counted(0), counted(50, u("heat", 1)), counted(60, u("heat", 1), u("nova", 9)), ""},
		"the server was started again": {counted(100, u("nova", 5)), counted(150, u("nova", 9)),
			counted(5, u("nova", 40)), ""},
		"counted anew": {counted(0, u("nova", 50)), counted(50, u("nova", 3)), counted(60, u("nova", 9)), ""},
		"a decision that hides it": {counted(0, u("nova", 1<<62)), counted(50, u("nova", 9)),
			counted(60, u("nova", 19)), ""},
		"a decision that exaggerates": {counted(0), counted(50, u("nova", 1<<62)), counted(60, u("nova", 1<<62)),
			""},
		"many, one of them with a strange name": {counted(0), counted(50, u("a", 1), u("b\x1b[2J", 3), u("c", 1),
			u("d", 1), u("e", 1)), counted(60, u("a", 2), u("b\x1b[2J", 9), u("c", 2), u("d", 2), u("e", 2)),
			"17 logins in 60 s that are no health checks: b?[2J, a, c, and 2 more"},
	} {
		if got := returning(tt.before, tt.gap, tt.now); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// counting starts a server that counts logins, and returns a client, and what makes a user log in.
func counting(t *testing.T, options ...string) (*mariadb.Client, func(user string)) {
	t.Helper()
	s, err := mariadbd.Start(func(string) []string { return append(options, "--skip-name-resolve") })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Remove)
	if _, err := s.SQL("CREATE USER nova@`127.0.0.1`; CREATE USER monitor@`127.0.0.1`"); err != nil {
		t.Fatal(err)
	}
	c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, func(user string) { logIn(t, s, user, "", true) }
}

// Between the facts and the job a client came that no list of sessions shows, and it comes again.
func TestClientsThatCameBeforeTheBackup(t *testing.T) {
	mariadbd.Need(t)
	for name, tt := range map[string]struct {
		options []string
		user    string
		again   bool // within the look
		found   bool
		quick   bool // nothing is waited for
	}{
		"userstat":                  {[]string{"--userstat=ON"}, "nova", true, true, false},
		"performance_schema":        {[]string{"--performance-schema=ON"}, "nova", true, true, false},
		"a probe":                   {[]string{"--userstat=ON"}, "nova", false, false, false},
		"a health check":            {[]string{"--userstat=ON"}, "monitor", true, false, true},
		"nothing counts the logins": {nil, "nova", true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, comes := counting(t, tt.options...)
			before, err := OfClients(t.Context(), c, []string{"monitor"})
			if err != nil {
				t.Fatal(err)
			}
			comes(tt.user)
			comes(tt.user) // at once
			stopped := make(chan struct{})
			defer func() { <-stopped }()
			go func() {
				defer close(stopped)
				for range 2 {
					time.Sleep(2500 * time.Millisecond)
					if tt.again {
						comes(tt.user)
					}
				}
			}()
			v := Visitors{Before: &before}
			begun := time.Now()
			who, err := v.Look(t.Context(), c, []string{"monitor"})
			if err != nil || (who != "") != tt.found || tt.found && !strings.HasPrefix(who, "3 logins in ") ||
				tt.found && !strings.HasSuffix(who, " s that are no health checks: nova") {
				t.Errorf("%q, %v", who, err)
			}
			if took := time.Since(begun); tt.quick && took > time.Second || took > 12*time.Second {
				t.Errorf("it took %s", took)
			}
			if tt.found || tt.quick {
				return
			}
			// A probe is not waited for again.
			begun = time.Now()
			if who, err := v.Look(t.Context(), c, nil); who != "" || err != nil || time.Since(begun) > time.Second {
				t.Errorf("%q, %v, after %s", who, err, time.Since(begun))
			}
		})
	}
}

// What was counted before a restart, or by another counter, is not compared with; the first look is, by the next.
func TestALookBeginsAnew(t *testing.T) {
	mariadbd.Need(t)
	c, comes := counting(t, "--userstat=ON")
	comes("nova")
	for name, before := range map[string]*Counted{
		"nothing":         nil,
		"another server":  {Counter: ByUser, Uptime: 1 << 40},
		"another counter": {Counter: ByAccount},
		"another reader":  {Counter: ByUser, Reader: "somebody"},
	} {
		v := Visitors{Before: before}
		who, err := v.Look(t.Context(), c, nil)
		if who != "" || err != nil || v.Before == nil || v.Before.Counter != ByUser ||
			v.Before.Reader == "somebody" || len(v.Before.Users) != 1 {
			t.Errorf("%s: %q, %v, then %+v", name, who, err, v.Before)
		}
	}
	before := &Counted{Counter: ByUser, Reader: c.Reached().User}
	v := Visitors{Before: before}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if who, err := v.Look(ctx, c, nil); who != "" || !errors.Is(err, context.DeadlineExceeded) || v.Before != before {
		t.Errorf("a look that was ended: %q, %v, then %+v", who, err, v.Before)
	}
}
