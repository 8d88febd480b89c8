// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/topology"
)

// A client that comes and goes, and a HAProxy that has just started, are worth waiting for. The next client is not.
func TestWhatIsSaidOnlyForAWhile(t *testing.T) {
	direct := func(h []topology.Host) {
		h[2].Galera.Sessions = []galera.Session{{User: "admin", Source: "10.0.0.9", Count: 1}}
	}
	young := proxies(func(p *haproxy.Facts) { p.Uptime = 2 })
	learning := both(young, databases(func(d *haproxy.Database) { d.StickPeers = 2 }))
	strange := both(learning, databases(func(d *haproxy.Database) { d.Unmodelled = []string{"hash-type"} }))
	for name, c := range map[string]struct {
		change func([]topology.Host)
		rules  Rules
		says   decision.Activity
		member int
		want   bool
	}{
		"the one that serves": {unchanged, Rules{}, decision.Active, 0, false},
		"nothing is unknown":  {unchanged, Rules{}, decision.Unknown, 2, false},
		"clients, and who serves is unknown": {both(direct, func(h []topology.Host) { h[0].HAProxy = nil }), Rules{},
			decision.Active, 2, false},
		"a client past HAProxy":            {direct, Rules{}, decision.Active, 2, true},
		"HAProxy is young":                 {young, Rules{MinProxyUptime: 5}, decision.Unknown, 2, true},
		"it may still learn":               {learning, Rules{}, decision.Unknown, 2, true},
		"it learns, and is not understood": {strange, Rules{}, decision.Unknown, 2, false},
		"it is young, and a source is mute": {both(young, func(h []topology.Host) { h[2].Galera = nil }),
			Rules{MinProxyUptime: 5}, decision.Unknown, 2, false},
	} {
		seen := observed(t, c.change, c.rules)
		if got := seen.Passes(seen.Members[c.member], c.says); got != c.want {
			t.Errorf("%s: not %t; %q", name, c.want, seen.Evidence(seen.Members[c.member], c.says))
		}
	}
}
