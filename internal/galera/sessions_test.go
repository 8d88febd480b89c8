// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestCountSessionsOfARecordedProcesslist(t *testing.T) {
	data, err := os.ReadFile("testdata/processlist.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []Process
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[2:] {
		f := strings.Split(line, "\t")
		id, err := strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Process{ID: id, User: f[1], Host: f[2], Command: f[4]})
	}
	sessions, administrative := CountSessions(list, 1002, "root", nil)
	if len(sessions) != 1 || sessions[0].User != "openstack" || sessions[0].Source != "10.99.0.10" ||
		sessions[0].Count != 4 || administrative != 1 {
		t.Errorf("%+v %d", sessions, administrative)
	}
}

func TestCountSessionsSeparatesClientsFromOthers(t *testing.T) {
	client := func(user, source string, active int) *Session { return &Session{user, source, 1, active} }
	for name, c := range map[string]struct {
		p     Process
		want  *Session
		admin int
	}{
		"a client over TCP": {Process{5, "nova", "10.0.0.1:4444", "Sleep"},
			client("nova", "10.0.0.1", 0), 0},
		"one that executes": {Process{5, "nova", "10.0.0.1:4444", "Query"},
			client("nova", "10.0.0.1", 1), 0},
		"over IPv6": {Process{5, "nova", "fd00::12:4444", "Sleep"},
			client("nova", "fd00::12", 0), 0},
		"over IPv6 without an empty group": {Process{5, "nova", "fd00:fd00:fd00:2000:1:2:3:10:41522", "Sleep"},
			client("nova", "fd00:fd00:fd00:2000:1:2:3:10", 0), 0},
		"with a resolved name": {Process{5, "nova", "controller-0.internalapi:4444", "Sleep"},
			client("nova", "controller-0.internalapi", 0), 0},
		"a local one is a client too": {Process{5, "nova", "localhost", "Sleep"}, client("nova", "localhost", 0),
			0},
		"root over TCP is a client": {Process{5, "root", "10.0.0.1:4444", "Sleep"},
			client("root", "10.0.0.1", 0), 0},
		"root over loopback TCP is one": {Process{5, "root", "localhost:4444", "Sleep"},
			client("root", "localhost", 0), 0},
		"a replica is a client": {Process{5, "repl", "10.0.0.9:4444", "Binlog Dump"},
			client("repl", "10.0.0.9", 1), 0},
		"root over the socket is not":  {Process{5, "root", "localhost", "Sleep"}, nil, 1},
		"mysql over the socket is not": {Process{5, "mysql", "localhost", "Sleep"}, nil, 1},
		"our own connection is not":    {Process{7, "backup", "10.0.0.1:4444", "Query"}, nil, 1},
		"our own user over the socket": {Process{5, "backup", "localhost", "Query"}, nil, 1},
		"our own user from elsewhere is": {Process{5, "backup", "10.0.0.1:4444", "Query"},
			client("backup", "10.0.0.1", 1), 0},
		"a health check is not":            {Process{5, "clustercheck", "10.0.0.1:4444", "Query"}, nil, 1},
		"an applier is no client":          {Process{5, "system user", "", "Sleep"}, nil, 0},
		"the event scheduler is no client": {Process{5, "event_scheduler", "localhost", "Daemon"}, nil, 0},
		"a session before login":           {Process{5, "unauthenticated user", "10.0.0.1:4444", "Connect"}, nil, 0},
		"an account of the name of a daemon": {Process{5, "event_scheduler", "10.0.0.1:4444", "Query"},
			client("event_scheduler", "10.0.0.1", 1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			sessions, administrative := CountSessions([]Process{c.p}, 7, "backup", []string{"clustercheck"})
			var got *Session
			if len(sessions) == 1 {
				got = &sessions[0]
			}
			if (got == nil) != (c.want == nil) || got != nil && *got != *c.want || administrative != c.admin {
				t.Errorf("got %+v and %d, want %+v and %d", got, administrative, c.want, c.admin)
			}
		})
	}
}

func TestSessionsNeedProcess(t *testing.T) {
	s := mariadbtest.Start(t)
	root := s.Root(t)
	mariadbtest.Exec(t, root, "CREATE USER few@localhost IDENTIFIED BY 'p'",
		"CREATE USER some@localhost IDENTIFIED BY 'p'",
		"GRANT PROCESS ON *.* TO some@localhost")
	defer mariadbtest.Exec(t, root, "DROP USER few@localhost, some@localhost")
	client := s.Open(t, mariadb.Login{User: "few", Password: "p", Host: "127.0.0.1", Port: s.Port})
	if _, _, err := Sessions(t.Context(), client, nil); err == nil || !strings.Contains(err.Error(), "lacks PROCESS") {
		t.Errorf("without PROCESS: %v", err)
	}
	seer := s.Open(t, mariadb.Login{User: "some", Password: "p", Socket: s.Socket})
	sessions, administrative, err := Sessions(t.Context(), seer, nil)
	want := Session{User: "few", Source: "localhost", Count: 1}
	if err != nil || !slices.Contains(sessions, want) &&
		!slices.Contains(sessions, Session{"few", "127.0.0.1", 1, 0}) || administrative < 2 {
		t.Errorf("%+v %d %v", sessions, administrative, err)
	}
	if _, err := Sizes(t.Context(), seer, time.Second); err == nil || !strings.Contains(err.Error(), "lacks SELECT") {
		t.Errorf("sizes without SELECT: %v", err)
	}
}
