// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/topology"
	"overcloud.backup/internal/traffic"
)

const (
	netIPv6 = "fd00:fd00:fd00:2000::"
	vipIPv6 = netIPv6 + "10"
)

// The line of a server in haproxy.cfg, with its controller's number twice.
const (
	serverByName = "server controller-%d.internalapi.localdomain fd00:fd00:fd00:2000::1%d:3306 backup check port" +
		" 9200"
	serverByAddress = "server db%d [fd00:fd00:fd00:2000::1%d]:3306 backup check port 9200"
	serverIsAddress = "server fd00:fd00:fd00:2000::1%[2]d fd00:fd00:fd00:2000::1%[2]d:3306 backup check port 9200"
)

// ipv6 is a healthy cluster in which every address is an IPv6 address, in the form that its source uses.
func ipv6(t *testing.T, bind, server string) *world {
	t.Helper()
	w := named(3, testUUID, "controller-", netIPv6, vipIPv6)
	for i := range w.hosts {
		proxyIPv6(&w.hosts[i], t, bind, server)
		databaseIPv6(&w.hosts[i], t, i)
	}
	w.managers(func(p *pacemaker.Facts) { p.VIPs[0].Resource = "ip-fd00.fd00.fd00.2000..10" })
	return w
}

// proxyIPv6 sets HAProxy's facts to what haproxy.cfg says.
func proxyIPv6(h *topology.Host, t *testing.T, bind, server string) {
	t.Helper()
	config := "listen mysql\n  bind " + bind + "\n  stick on dst\n  stick-table type ip size 1000\n"
	for i := range 3 {
		config += "  " + fmt.Sprintf(server, i, i+1) + "\n"
	}
	parsed, wrong := cfg.Parse([]cfg.File{{Name: "haproxy.cfg", Content: []byte(config)}})
	mysql := &h.HAProxy.Proxies[0]
	database, err := haproxy.FindDatabase(h.HAProxy.Proxies, parsed, "")
	if err != nil || len(wrong) > 0 || len(parsed.Sections[0].Servers) != 3 {
		t.Fatalf("%v, %v", err, wrong)
	}
	h.HAProxy.Database = database
	for i, s := range parsed.Sections[0].Servers {
		mysql.Servers[i].Name, mysql.Servers[i].Address, mysql.Servers[i].Port = s.Name, s.Address, s.Port
	}
}

// databaseIPv6 sets Galera's facts to what a server reports: brackets wherever a port may follow, but not in the
// processlist.
func databaseIPv6(h *topology.Host, t *testing.T, i int) {
	t.Helper()
	g := h.Galera
	g.Wsrep.ClusterAddress = "gcomm://[" + netIPv6 + "11]:4567,[" + netIPv6 + "12]:4567,[" + netIPv6 + "13]:4567"
	g.Wsrep.NodeAddress = fmt.Sprintf("[%s%d]", netIPv6, 11+i)
	g.Wsrep.IncomingAddresses = []string{"[" + netIPv6 + "11]:3306", "[" + netIPv6 + "12]:3306",
		"[" + netIPv6 + "13]:3306"}
	if i == 0 {
		g.Sessions, _ = galera.CountSessions([]galera.Process{{ID: 5, User: "nova", Host: netIPv6 + "12:41522",
			Command: "Query"}}, 1, "root", nil)
	}
}

func TestAClusterOfIPv6AddressesAlone(t *testing.T) {
	for bindName, bind := range map[string]string{"as puppet writes it": vipIPv6 + ":3306 transparent",
		"in brackets": "[" + vipIPv6 + "]:3306"} {
		for serverName, server := range map[string]string{"named": serverByName, "known by address": serverByAddress,
			"called by address": serverIsAddress} {
			t.Run("the VIP "+bindName+", servers "+serverName, func(t *testing.T) {
				w := ipv6(t, bind, server)
				d := decide(t, w.hosts, options())
				wants{"controller-2", []string{"controller-0"}, serving("controller-0")}.check(t, d)
				if v := d.Clusters[0].VIP; v.Address != vipIPv6 || v.Holder != "controller-1" {
					t.Errorf("VIP %+v", v)
				}
				if text := strings.Join(strings.Fields(d.Text), " "); !strings.Contains(text,
					"VIP "+vipIPv6+" on controller-1") {
					t.Errorf("%s", d.Text)
				}
			})
		}
	}
}

// Without Pacemaker the VIP's holder is identified by the addresses of the hosts, and the database's members by those
// of Galera.
func TestAClusterOfIPv6AddressesIsJoinedByThem(t *testing.T) {
	w := ipv6(t, vipIPv6+":3306 transparent", serverByAddress)
	w.managers(func(p *pacemaker.Facts) {
		p.VIPs = nil
		p.Galera.HostMap = nil
		p.Galera.ClusterAddress = []string{netIPv6 + "11", netIPv6 + "12", netIPv6 + "13"}
		p.Galera.Nodes = slices.Clone(p.Galera.ClusterAddress)
	})
	wants{"controller-2", []string{"controller-0"}, serving("controller-0")}.check(t, decide(t, w.hosts, options()))
	w.hosts[2] = topology.Host{Name: netIPv6 + "13", Unreachable: true}
	d := decide(t, w.hosts, options())
	if len(d.Clusters) != 1 || d.Chosen != "" || !slices.Contains(d.of(netIPv6+"13").codes(),
		condition.ClusterIncomplete) {
		t.Errorf("one that is out of reach:\n%s", d.Text)
	}
}

// A table of type ip cannot hold the IPv6 address of the VIP: the server with the last session is next only if it is
// also the first.
func TestNothingSticksToAnIPv6Address(t *testing.T) {
	for _, c := range []struct {
		name   string
		binds  []string
		kind   string
		active []string
	}{
		{"an IPv6 address in a table of IPv4 addresses", []string{"[" + vipIPv6 + "]:3306"}, "ip",
			[]string{"controller-0", "controller-2"}},
		{"an IPv6 address in a table of a type that is not known", []string{"[" + vipIPv6 + "]:3306"}, "",
			[]string{"controller-0", "controller-2"}},
		{"an IPv6 address in a table of its own kind", []string{"[" + vipIPv6 + "]:3306"}, "ipv6",
			[]string{"controller-2"}},
		{"every address in a table of IPv4 addresses", []string{"[::]:3306"}, "ip",
			[]string{"controller-0", "controller-2"}},
		{"an IPv4 address in a table of IPv4 addresses", []string{"10.99.0.10:3306"}, "ip", []string{"controller-2"}},
		{"an IPv4 address and any other", []string{"10.99.0.10:3306", "0.0.0.0:3306"}, "ip",
			[]string{"controller-0", "controller-2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, o := ipv6(t, vipIPv6+":3306", serverByName), options()
			w.quiet()
			w.line(1, 2).LastSession, o.VIP = 1648, []string{vipIPv6}
			o.Limits["min_spares"] = 0
			for i := range w.hosts {
				h := w.hosts[i].HAProxy
				h.Database.Binds = c.binds
				if h.Proxies[0].Table.Used = 1; nothingSticks(c.binds, c.kind) {
					h.Proxies[0].Table.Used = 0
				}
				if h.Proxies[0].Table.Type = c.kind; c.kind == "" {
					h.Proxies[0].Table = nil
				}
			}
			if d := decide(t, w.hosts, o); !slices.Equal(d.Active, c.active) {
				t.Errorf("active: %v, want %v\n%s", d.Active, c.active, d.Text)
			}
		})
	}
}

// nothingSticks is the message if HAProxy stores no entry, because the clients have IPv6 addresses and the table holds
// IPv4 addresses.
func nothingSticks(binds []string, kind string) bool {
	return kind == "ip" && !slices.ContainsFunc(binds, traffic.IsIPv4)
}
