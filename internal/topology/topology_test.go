// SPDX-License-Identifier: GPL-3.0-or-later

package topology

import (
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/reading"
)

const now, maxAge = 1000.0, 120.0

// host returns a host with a server of a cluster, whose Pacemaker sees the given nodes.
func host(name, uuid string, nodes ...string) Host {
	head := reading.Header{Present: true, GatheredAt: now, Host: reading.Host{Name: name}}
	h := Host{Name: name, Galera: &galera.Facts{Header: head, Running: true}, Pacemaker: &pacemaker.Facts{
		Header: head, Connected: true, LocalNode: name, Quorum: true,
	}}
	h.Galera.Wsrep.ClusterStateUUID, h.Galera.Wsrep.NodeName, h.Galera.Server.Hostname = uuid, name, name
	for _, n := range nodes {
		h.Pacemaker.Nodes = append(h.Pacemaker.Nodes, crmmon.Node{Name: n, Online: true})
	}
	return h
}

func joinedOf(t *testing.T, hosts ...Host) []string {
	t.Helper()
	members, err := Members(hosts, now, maxAge)
	if err != nil {
		t.Fatal(err)
	}
	var clusters []string
	for _, c := range Join(members).Clusters {
		names := []string{}
		for _, m := range c.Members {
			names = append(names, m.Name)
		}
		clusters = append(clusters, strings.Join(names, " "))
	}
	return clusters
}

func TestHostsAreGroupedByTheirReports(t *testing.T) {
	for name, tt := range map[string]struct {
		hosts []Host
		want  []string
	}{
		"one cluster":  {[]Host{host("a", "u1", "a", "b"), host("b", "u1", "a", "b")}, []string{"a b"}},
		"two clusters": {[]Host{host("a", "u1", "a"), host("b", "u2", "b")}, []string{"a", "b"}},
		"one Pacemaker, one server without its uuid": {[]Host{host("a", "u1", "a", "b"), host("b", "", "a", "b")},
			[]string{"a b"}},
		"a host that is out of reach belongs to the cluster that knows it": {
			[]Host{host("a", "u1", "a", "b"), {Name: "b", Unreachable: true}}, []string{"a b"}},
		"a host that nobody knows makes a cluster of its own where there are several": {
			[]Host{host("a", "u1", "a"), host("b", "u2", "b"), {Name: "c", Unreachable: true}},
			[]string{"a", "b", "c"}},
		"no host": {nil, nil},
	} {
		if got := joinedOf(t, tt.hosts...); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestAHostIsGivenOnceAndHasAName(t *testing.T) {
	for want, hosts := range map[string][]Host{
		"is given twice": {host("a", "u"), host("a", "u")}, "has no name": {{}},
	} {
		if _, err := Members(hosts, now, maxAge); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestWhoIsSilent(t *testing.T) {
	old, early := host("a", "u"), host("b", "u")
	old.Galera.GatheredAt, early.Pacemaker.GatheredAt = now-maxAge-1, now+maxAge+1
	for want, h := range map[string]Host{
		"":                                      host("a", "u"),
		"has facts 121 s old (limit 120 s)":     old,
		"has facts from 121 s in the future":    early,
		"is unreachable or gave no facts":       {Name: "c"},
		"is unreachable or gave no facts ":      {Name: "d", Unreachable: true, Galera: host("d", "u").Galera},
		"the facts of e come from two hosts: e": twoHosts(),
	} {
		members, err := Members([]Host{h}, now, maxAge)
		if err != nil {
			t.Fatal(err)
		}
		m := members[0]
		if got := m.Silent + strings.Join(m.doubts, ""); !strings.HasPrefix(got+" ", want) || want == "" && got != "" {
			t.Errorf("%s: %q, want %q", h.Name, got, want)
		}
	}
}

func twoHosts() Host {
	h := host("e", "u")
	h.Pacemaker.Host.Name = "f"
	return h
}

func TestAddressesAreCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1": "10.0.0.1", " 10.0.0.1:3306": "10.0.0.1", "[FD00::1]:3306": "fd00::1", "[fd00::1]": "fd00::1",
		"::ffff:10.0.0.1": "10.0.0.1", "fe80::1%eth0": "fe80::1", "controller-0": "", "": "", "10.0.0": "",
	} {
		if got, ok := Address(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t", text, got, ok)
		}
	}
}

func TestTheMembersOfAClusterAddress(t *testing.T) {
	for url, want := range map[string]string{
		"gcomm://a,b,c": "a b c", "gcomm://a, b?pc.wait_prim=no": "a b", "gcomm://": "", "": "",
	} {
		if got := strings.Join(gcommMembers(url), " "); got != want {
			t.Errorf("%q: %q", url, got)
		}
	}
}
