// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/tests/mariadbd"
)

// since compares two readings as they arrive after they went through facts and a decision.
func since(t *testing.T, before, after Totals, restarted bool) []Increase {
	t.Helper()
	ignore := []string{"clustercheck"}
	b, a := before.ofClients("own", ignore), after.ofClients("own", ignore)
	if b.Uptime, a.Uptime = 1000, 1060; restarted {
		a.Uptime = 5
	}
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var read Counted
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	return a.Since(read)
}

func TestLoginsThatAreKeptAreComparedByUser(t *testing.T) {
	login := func(user string, n int64) Increase { return Increase{Account{User: user}, n} }
	for name, tt := range map[string]struct {
		before, after Totals
		restarted     bool
		want          []Increase
	}{
		"nobody": {byAccount(counts{"nova@10.0.0.1": 7}), byAccount(counts{"nova@10.0.0.1": 7}), false, nil},
		"by account": {byAccount(counts{"nova@10.0.0.1": 7}), byAccount(counts{"nova@10.0.0.1": 9, "nova@fd00::1": 1,
			"root@10.0.0.1": 1}), false, []Increase{login("nova", 3), login("root", 1)}},
		"ours, the health check's and those through the socket": {byAccount(nil), byAccount(counts{"own@10.0.0.1": 5,
			"agent@localhost": 3, "clustercheck@10.0.0.1": 60, "system user@": 1}), false, nil},
		"by user": {byUser(counts{"nova": 7, "@10.0.0.1": 9}),
			byUser(counts{"nova": 9, "@10.0.0.1": 10, "@10.0.0.2": 1}), false, []Increase{login("nova", 2)}},
		"by user, of which some may be local": {byUser(counts{"nova": 7}),
			byUser(counts{"nova": 12, "@10.0.0.1": 1, "@localhost": 4}), false, []Increase{login("nova", 1)}},
		"by user, ours, health checks and threads": {byUser(nil), byUser(counts{"own": 5, "root": 4, "mysql": 1,
			"clustercheck": 60, "#mysql_system_user#": 1, "": 1, "@10.0.0.1": 60}), false, nil},
		"counted anew": {byUser(counts{"nova": 70, "@10.0.0.1": 90}), byUser(counts{"nova": 3, "@10.0.0.1": 3}), false,
			nil},
		"started again": {byUser(counts{"nova": 7}), byUser(counts{"nova": 9, "@10.0.0.1": 20}), true, nil},
		"switched on": {Totals{Counter: NotCounted}, byUser(counts{"nova": 9, "@10.0.0.1": 20}), false,
			nil},
		"another counter": {byUser(nil), byAccount(counts{"nova@10.0.0.1": 7}), false, nil},
	} {
		if got := since(t, tt.before, tt.after, tt.restarted); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// Facts and decisions stay small, and a part of very many users is not taken for all.
func TestLoginsOfVeryManyUsersAreNotKept(t *testing.T) {
	many := func(n int) Totals {
		all := counts{"@10.0.0.1": 9}
		for i := range n {
			all[fmt.Sprintf("u%d", i)] = 1
		}
		return byUser(all)
	}
	if l := many(MaxUsers).ofClients("", nil); len(l.Users) != MaxUsers || l.TooMany || l.Kept() == nil {
		t.Errorf("%d users, too many: %t", len(l.Users), l.TooMany)
	}
	if l := many(MaxUsers+1).ofClients("", nil); len(l.Users) != 0 || !l.TooMany || l.Kept() != nil {
		t.Errorf("%d users, too many: %t", len(l.Users), l.TooMany)
	}
	if got := since(t, many(MaxUsers+1), many(3), false); got != nil {
		t.Error(got)
	}
}

// What a host or a decision says may be anything.
func TestLoginsThatNoServerReportsAreNotKept(t *testing.T) {
	one := []User{{"nova", 1}}
	sound := Counted{Counter: ByUser, Users: one}
	for name, l := range map[string]Counted{
		"no counter": {Users: one}, "another counter": {Counter: "x\x1b[2J", Users: one},
		"more users":       {Counter: ByUser, Users: make([]User, MaxUsers+1)},
		"a long name":      {Counter: ByUser, Users: []User{{strings.Repeat("x", maxUserName+1), 1}}},
		"fewer than none":  {Counter: ByUser, Users: []User{{"nova", -1 << 63}}},
		"none from remote": {Counter: ByUser, Sums: Sums{Remote: -1 << 63}},
		"none from here":   {Counter: ByUser, Sums: Sums{Local: -1}},
		"a long reader":    {Counter: ByUser, Reader: strings.Repeat("x", maxUserName+1)},
		"before its start": {Counter: ByUser, Uptime: -1},
	} {
		if l.Kept() != nil || len(sound.Since(l)) > 0 || len(l.Since(sound)) > 0 {
			t.Errorf("%s: kept", name)
		}
	}
	if sound.Kept() == nil {
		t.Error("not kept")
	}
}

// The one who reads is left out, so another one would find all of its logins new.
func TestLoginsThatSomebodyElseHasReadAreNotComparedWith(t *testing.T) {
	totals := byAccount(counts{"nova@10.0.0.1": 7, "backup@10.0.0.1": 50})
	before, after := totals.ofClients("backup", nil), totals.ofClients("nova", nil)
	if got := after.Since(before); len(got) > 0 || after.Follows(before) || !after.Follows(after) {
		t.Errorf("%v", got)
	}
}

func TestARealServersLoginsAreKept(t *testing.T) {
	mariadbd.Need(t)
	for counter, option := range map[Counter]string{
		ByUser: "--userstat=ON", ByAccount: "--performance-schema=ON", NotCounted: "--userstat=OFF",
	} {
		s, err := mariadbd.Start(func(string) []string { return []string{option, "--skip-name-resolve"} })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Remove)
		sqlOf(t, s)("CREATE USER nova@`127.0.0.1`; CREATE USER monitor@`127.0.0.1`")
		c, err := mariadb.Open(t.Context(), mariadb.Login{Socket: s.Socket})
		if err != nil {
			t.Fatal(err)
		}
		read := func() Counted {
			t.Helper()
			l, err := OfClients(t.Context(), c, []string{"monitor"})
			if err != nil || l.Counter != counter {
				t.Fatalf("%+v, %v", l, err)
			}
			return l
		}
		time.Sleep(1100 * time.Millisecond)
		before := read()
		logIn(t, s, "nova", "", true)
		logIn(t, s, "monitor", "", true)
		want := []Increase{{Account{User: "nova"}, 1}}
		if counter == NotCounted {
			want = nil
		}
		after := read()
		if got := after.Since(before); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", counter, got, want)
		}
		if counter != NotCounted && (before.Uptime <= 0 || after.Uptime < before.Uptime) {
			t.Errorf("uptime %d, then %d", before.Uptime, after.Uptime)
		}
		_ = c.Close()
		if _, err := OfClients(t.Context(), c, nil); err == nil {
			t.Error("a connection that is closed counts nothing, without an error")
		}
	}
}
