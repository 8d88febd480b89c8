// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"overcloud.backup/tests/messages"
	"overcloud.backup/tests/pacemakertest"
)

func TestQuorum(t *testing.T) {
	for file, want := range map[string]Corosync{
		"lab-quorum.txt": {Quorate: true, Expected: 3, Total: 3, Needed: 2, Members: []CorosyncMember{
			{ID: "1", Name: "10.99.0.10", Votes: 1}, {ID: "2", Name: "10.99.0.11", Votes: 1},
			{ID: "3", Name: "10.99.0.12", Votes: 1}}},
		"quorum-qdevice.txt": {Expected: 5, Total: 2, Needed: 3, Members: []CorosyncMember{
			{ID: "1", Name: "fd00::10", Votes: 1}, {ID: "3", Name: "fd00::12", Votes: 1}}},
	} {
		got, err := ParseQuorum(pacemakertest.Recorded(t, file))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\nwant %+v", file, got, err, want)
		}
	}
}

func TestQuorumWithoutVotes(t *testing.T) {
	got, err := ParseQuorum([]byte("Quorate: No\n\nMembership information\n----\n    Nodeid Name\n 7 (local)\n"))
	if want := (Corosync{Members: []CorosyncMember{{ID: "7", Votes: -1}}}); err != nil ||
		!reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRefusedQuorum(t *testing.T) {
	whole := string(pacemakertest.Recorded(t, "lab-quorum.txt"))
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "not a quorum status"},
		{"an error page", "<html>Quorate: Yes</html>", "not a quorum status"},
		{"no verdict", strings.Replace(whole, "Quorate:  ", "Quaint:", 1), "no line"},
		{"an unknown verdict", strings.Replace(whole, "Yes", "Maybe", 1), `Quorate: "Maybe", expected Yes or No`},
		{"no members", whole[:strings.Index(whole, "         1    ")], "no member"},
		{"no table", whole[:strings.Index(whole, "Membership")], "no member"},
		{"bad votes", strings.Replace(whole, "2          1", "2         -1", 1), `votes of node 2: "-1"`},
		{"a bad id", strings.Replace(whole, "         2    ", "       two    ", 1), `node id "two"`},
		{"a bad total", strings.Replace(whole, "Total votes:      3", "Total votes: many", 1), `Total votes: "many"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := ParseQuorum([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want an error with %q", got, err, c.want)
			}
		})
	}
}

// FuzzParseQuorum checks that accepted output has members with ids, and no negative votes.
func FuzzParseQuorum(f *testing.F) {
	pacemakertest.Seed(f, "lab-quorum.txt", "quorum-qdevice.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseQuorum(b)
		if err != nil {
			messages.Check(t, err)
			return
		}
		if len(c.Members) == 0 || c.Expected < 0 || c.Total < 0 || c.Needed < 0 {
			t.Fatalf("accepted: %+v", c)
		}
		for _, m := range c.Members {
			if m.ID == "" || m.ID == "0" || m.Votes < -1 {
				t.Fatalf("member: %+v", m)
			}
		}
	})
}

func TestHostileQuorumIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"100 MB":         strings.Repeat("Quorate: Yes\n", 8<<20),
		"NULs":           "Quorate:\x00Yes\n",
		"a line of 7 MB": "Quorate: " + strings.Repeat("x", 7<<20),
		"no members":     "Quorate: Yes\nExpected votes: 3\nTotal votes: 3\nQuorum: 2\n",
		"too many votes": "Quorate: Yes\nExpected votes: 99999999999999999999\nTotal votes: 3\nQuorum: 2\n\n   " +
			" Nodeid      Votes Name\n         1          1 a\n",
	} {
		begun := time.Now()
		if c, err := ParseQuorum([]byte(text)); err == nil || len(err.Error()) > 1000 ||
			time.Since(begun) > 5*time.Second {
			t.Errorf("%s: %+v, %.200v after %s", name, c, err, time.Since(begun))
		}
	}
}

// Any text may replace a word: the message about it is short.
func TestErrorsOfAQuorumRepeatLittle(t *testing.T) {
	messages.Everywhere(t, string(pacemakertest.Recorded(t, "quorum-qdevice.txt")), func(b []byte) error {
		_, err := ParseQuorum(b)
		return err
	})
}
