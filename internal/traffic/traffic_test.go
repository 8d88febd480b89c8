// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"strings"
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/stats"
)

func TestActivityIsUnknownUnlessAllSourcesSpeak(t *testing.T) {
	idle, active, unknown := Statement{Says: decision.Idle}, Statement{Says: decision.Active},
		Statement{Says: decision.Unknown}
	for name, tt := range map[string]struct {
		statements []Statement
		want       decision.Activity
	}{
		"all are idle":              {[]Statement{idle, idle}, decision.Idle},
		"one saw clients":           {[]Statement{idle, unknown, active}, decision.Active},
		"one is silent":             {[]Statement{idle, unknown}, decision.Unknown},
		"one says nothing readable": {[]Statement{idle, {}}, decision.Unknown},
	} {
		if got := activityOf(tt.statements); got != tt.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestTheAddressOfABind(t *testing.T) {
	for bind, want := range map[string]string{
		"10.0.0.5:3306": "10.0.0.5", "[fd00::10]:3306": "fd00::10", "*:3306": "", ":3306": "", "0.0.0.0:3306": "",
		"[::]:3306": "", "db.example:3306": "",
	} {
		if got, ok := bindAddress(bind); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", bind, got, ok)
		}
	}
}

// up is a server that accepts clients.
func up(id int, backup bool) stats.Server {
	return stats.Server{ID: id, Name: string(rune('a' + id - 1)), Weight: 1, Status: stats.StatusUp, Backup: backup,
		Raw: "UP"}
}

func TestTheOrderOfServers(t *testing.T) {
	down := up(1, false)
	down.Status = stats.StatusDown
	limited := up(2, false)
	limited.Limit = 10
	for name, tt := range map[string]struct {
		d       haproxy.Database
		servers []stats.Server
		want    string
	}{
		"no backups: any of them": {haproxy.Database{}, []stats.Server{up(1, false), up(2, false)}, "a b"},
		"backups wait":            {haproxy.Database{}, []stats.Server{up(1, false), up(2, true)}, "a"},
		"the first backup":        {haproxy.Database{}, []stats.Server{down, up(2, true), up(3, true)}, "b"},
		"all backups": {haproxy.Database{AllBackups: true},
			[]stats.Server{down, up(2, true), up(3, true)}, "b c"},
		"balance first, without a limit": {haproxy.Database{Balance: "first"},
			[]stats.Server{up(3, false), up(1, false)}, "a"},
		"balance first, the first may fill": {haproxy.Database{Balance: "first"}, []stats.Server{up(3, false), limited},
			"b c"},
		"none is up": {haproxy.Database{}, []stats.Server{down}, ""},
	} {
		var got []string
		for _, c := range byOrder(&tt.d, tt.servers) {
			got = append(got, c.server.Name)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
