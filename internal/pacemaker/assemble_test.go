// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/tests/pacemakertest"
)

func TestOptionsInForce(t *testing.T) {
	status := func(options map[string]string) *crmmon.Status { return &crmmon.Status{Options: options} }
	cib := func(properties map[string]string) *cib.CIB { return &cib.CIB{Properties: properties} }
	type flags struct {
		maintenance, stop, symmetric, stonith bool
		policy                                string
	}
	for _, c := range []struct {
		name string
		in   sources
		want flags
	}{
		{"nothing is known", sources{}, flags{}},
		{"a CIB without properties has the defaults", sources{cib: cib(nil)},
			flags{symmetric: true, stonith: true, policy: "stop"}},
		{"the CIB's words for true", sources{cib: cib(map[string]string{"maintenance-mode": "YES",
			"stop-all-resources": "1", "no-quorum-policy": "freeze"})},
			flags{maintenance: true, stop: true, symmetric: true, stonith: true, policy: "freeze"}},
		{"crm_mon's word goes first", sources{cib: cib(nil),
			status: status(map[string]string{"symmetric-cluster": "false", "maintenance-mode": "true",
				"no-quorum-policy": "ignore"})},
			flags{maintenance: true, stonith: true, policy: "ignore"}},
		{"what old crm_mon does not print comes from the CIB",
			sources{cib: cib(map[string]string{"stop-all-resources": "true"}),
				status: status(map[string]string{"maintenance-mode": "false"})},
			flags{stop: true, symmetric: true, stonith: true, policy: "stop"}},
	} {
		f := assemble(c.in)
		if got := (flags{f.MaintenanceMode, f.StopAll, f.Symmetric, f.Stonith, f.NoQuorumPolicy}); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestHolders(t *testing.T) {
	ip := func(id, node string) crmmon.Resource {
		return crmmon.Resource{ID: id, Agent: cib.AgentIPaddr2, Node: node, Active: node != ""}
	}
	configured := &cib.CIB{Addresses: map[string]string{"vip": "10.0.0.9"}}
	got := holders([]crmmon.Resource{
		ip("vip", "a"), ip("ip-10.0.0.5", ""), ip("ip-fd00.fd00..5", "b"), ip("nameless", "a"),
		ip("shared", ""), ip("shared", "a"), ip("shared", "b"), ip("shared", ""),
		{ID: "galera", Agent: "ocf:heartbeat:galera", Node: "a", Active: true},
		{ID: "ip-10.0.0.6", Agent: cib.AgentIPaddr2, Node: "a", Active: false},
	}, configured)
	want := []VIP{
		{"vip", "10.0.0.9", "a"}, {"ip-10.0.0.5", "10.0.0.5", ""}, {"ip-fd00.fd00..5", "fd00:fd00::5", "b"},
		{"nameless", "", "a"},
		{"shared", "", "a"}, {"shared", "", "b"}, {"ip-10.0.0.6", "10.0.0.6", ""},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// puppet-pacemaker replaces the colons of an IPv6 address with dots: without a CIB the name still gives the address.
func TestAnIPv6VIPIsOneAddressWithAndWithoutACIB(t *testing.T) {
	resources := []crmmon.Resource{{ID: "ip-fd00.fd00.fd00.2000..10", Agent: cib.AgentIPaddr2, Node: "controller-1",
		Active: true}}
	want := []VIP{{"ip-fd00.fd00.fd00.2000..10", "fd00:fd00:fd00:2000::10", "controller-1"}}
	if got := holders(resources, nil); !reflect.DeepEqual(got, want) {
		t.Errorf("without a CIB: %+v", got)
	}
	for _, written := range []string{"fd00:fd00:fd00:2000::10", "FD00:FD00:FD00:2000:0:0:0:0010",
		"fd00:fd00:fd00:2000::10/64"} {
		cib, err := cib.Parse(pacemakertest.CIBWith("",
			`<primitive id="ip-fd00.fd00.fd00.2000..10" class="ocf" provider="heartbeat" type="IPaddr2">`+
				`<instance_attributes id="a">`+
				`<nvpair id="b" name="ip" value="`+written+
				`"/><nvpair id="c" name="lvs_ipv6_addrlabel" value="true"/></instance_attributes></primitive>`))
		if err != nil {
			t.Fatal(err)
		}
		if got := holders(resources, cib); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", written, got)
		}
	}
	without := crmmon.Resource{ID: "ip-fd00.fd00.fd00.2000.1.2.3.10", Agent: cib.AgentIPaddr2}
	if got := holders([]crmmon.Resource{without}, &cib.CIB{}); got[0].Address != "fd00:fd00:fd00:2000:1:2:3:10" {
		t.Errorf("one that the CIB does not know: %+v", got)
	}
}

func TestGaleraMembersBecomeNodes(t *testing.T) {
	nodes := []crmmon.Node{{Name: "controller-0", Type: crmmon.NodeMember},
		{Name: "controller-1", Type: crmmon.NodeMember},
		{Name: "twin.a"}, {Name: "twin.b"}}
	running := []crmmon.Resource{{ID: "galera", Node: "controller-1", Managed: true},
		{ID: "galera", Node: "controller-0", Managed: true}, {ID: "galera", Node: "", Managed: true}}
	for _, c := range []struct{ address, want string }{
		{"CONTROLLER-0.internalapi.localdomain,controller-1", "controller-0 controller-1"},
		{"twin.c,10.0.0.1,controller-9.x", "twin.c 10.0.0.1 controller-9.x"},
		{"", "controller-1 controller-0"},
	} {
		members := strings.FieldsFunc(c.address, func(r rune) bool { return r == ',' })
		g := &cib.Galera{Resource: "galera", Managed: true, ClusterAddress: members,
			Nodes: append([]string{}, members...)}
		placeGalera(g, nodes, running)
		if got := strings.Join(g.Nodes, " "); got != c.want || !g.Managed {
			t.Errorf("%q: %s, want %s", c.address, got, c.want)
		}
	}
	g := &cib.Galera{Resource: "galera", Managed: true}
	running[1].Managed = false // like a blocked instance
	if placeGalera(g, nodes, running); !g.Managed {
		t.Error("one unmanaged instance does not speak for the others")
	}
	running[0].Managed, running[2].Managed = false, false
	if placeGalera(g, nodes, running); g.Managed {
		t.Error("without a managed instance the resource is unmanaged")
	}
}

// OSP 12 maps the replicas of the bundle to names. A replica's number is not its controller's.
func TestReplicasInTheHostMapAreTheirHosts(t *testing.T) {
	nodes := []crmmon.Node{
		{Name: "controller-0", Type: crmmon.NodeMember}, {Name: "controller-1", Type: crmmon.NodeMember},
		{Name: "controller-2", Type: crmmon.NodeMember},
		{Name: "galera-bundle-0", Type: crmmon.NodeGuest, ContainerOn: "controller-1"},
		{Name: "galera-bundle-1", Type: crmmon.NodeGuest, ContainerOn: "controller-2"},
		{Name: "galera-bundle-2", Type: crmmon.NodeGuest},
	}
	for _, c := range []struct{ hostMap, want string }{
		{
			"galera-bundle-0:controller-0;galera-bundle-1:controller-1;galera-bundle-2:controller-0.x",
			"controller-1 controller-2 controller-0",
		},
		{"galera-bundle-7:controller-0;galera-bundle-8:10.0.0.1", "controller-0 10.0.0.1"}, // nothing has started
		{"controller-0:c0;controller-9:c9;galera-bundle-x:c1", "controller-0 controller-9 galera-bundle-x"},
	} {
		g := &cib.Galera{Resource: "galera", Parent: "galera-bundle", HostMap: map[string]string{}}
		for entry := range strings.SplitSeq(c.hostMap, ";") {
			node, name, _ := strings.Cut(entry, ":")
			g.HostMap[node], g.Nodes = name, append(g.Nodes, node)
		}
		placeGalera(g, nodes, nil)
		if got := strings.Join(g.Nodes, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.hostMap, got, c.want)
		}
	}
	// Nodes may have the same names as the replicas of a resource.
	named := []crmmon.Node{{Name: "galera-0", Type: crmmon.NodeMember}, {Name: "galera-1", Type: crmmon.NodeMember}}
	aliases := map[string]string{"galera-0": "db0", "galera-1": "db1"}
	g := &cib.Galera{Parent: "galera", HostMap: aliases, Nodes: []string{"galera-0", "galera-1"}}
	if placeGalera(g, named, nil); strings.Join(g.Nodes, " ") != "galera-0 galera-1" {
		t.Errorf("nodes that are called like replicas: %s", g.Nodes)
	}
	const bundle = `<bundle id="galera-bundle"><docker image="i" replicas="2"/>` +
		`<primitive id="galera" class="ocf" provider="heartbeat" type="galera"><instance_attributes id="a"><nvpair` +
		` id="b" ` +
		`name="cluster_host_map" value="galera-bundle-0:c0;galera-bundle-1:c1.x"/></instance_attributes></primitive>` +
		`</bundle>`
	const two = `<nodes><node id="1" uname="c0"/><node id="2" uname="c1"/></nodes>`
	text := strings.Replace(string(pacemakertest.CIBWith("", bundle)), "<nodes/>", two, 1)
	if a, err := cib.ParseAgent([]byte(text)); err != nil || strings.Join(a.Members, " ") != "c0 c1" {
		t.Errorf("as a restore steers it: %+v, %v", a, err)
	}
	text = strings.ReplaceAll(text, `uname="c`, `uname="galera-bundle-`)
	a, err := cib.ParseAgent([]byte(text))
	if err != nil || strings.Join(a.Members, " ") != "galera-bundle-0 galera-bundle-1" {
		t.Errorf("nodes that are called like replicas: %+v, %v", a, err)
	}
}

func TestASurvivingGaleraIsNoSingleton(t *testing.T) {
	all := []crmmon.Resource{{ID: "galera", Parent: "galera-master", ParentKind: crmmon.KindPromotable,
		Role: crmmon.RolePromoted,
		Node: "a"}}
	s := &crmmon.Status{Resources: all}
	s.Resources[0].Singleton = true // according to crm_mon
	f := assemble(sources{status: s, cib: &cib.CIB{PromotedMax: map[string]int{"galera-master": 3}}})
	if f.Resources[0].Singleton {
		t.Error("three may be promoted")
	}
}

func TestLocalNode(t *testing.T) {
	nodes := []crmmon.Node{{Name: "controller-0", Type: crmmon.NodeMember},
		{Name: "galera-bundle-0", Type: crmmon.NodeGuest}}
	for _, c := range []struct{ said, host, want string }{
		{"controller-7", "controller-0", "controller-7"},
		{"", "Controller-0.example.com", "controller-0"},
		{"", "galera-bundle-0", ""},
		{"", "elsewhere", ""},
		{"", "", ""},
	} {
		if got := localNode(c.said, c.host, nodes); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// FuzzFactsOfAStatus checks that accepted documents yield addresses in canonical form.
func FuzzFactsOfAStatus(f *testing.F) {
	pacemakertest.Seed(f, pacemakertest.StatusSeeds...)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := crmmon.Parse(b)
		if err != nil {
			return
		}
		for _, v := range assemble(sources{status: s}).VIPs {
			if v.Address != "" {
				pacemakertest.CheckAddress(t, v.Address)
			}
		}
	})
}

// FuzzFactsOfACIB checks that accepted documents yield facts.
func FuzzFactsOfACIB(f *testing.F) {
	pacemakertest.Seed(f, pacemakertest.CIBSeeds...)
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := cib.Parse(b); err == nil && assemble(sources{cib: c}).Locks == nil {
			t.Error("no list of locks")
		}
	})
}

// Something that is left out of a CIB is an error of its source that rejects nobody.
func TestOmissionsFromACIBAreReported(t *testing.T) {
	for odd, c := range map[string]*cib.CIB{"": {},
		"ip depends on a rule": {Odd: map[string]string{"vip": "ip depends on a rule"}}} {
		f := assemble(sources{cib: c})
		e := f.Failed(sourcePart)
		if (e == nil) != (odd == "") || e != nil && e.Message != odd || f.Failed(SourceCIB) != nil {
			t.Errorf("%+v", f.Errors)
		}
	}
}

// An address that is held, but is unknown, may be the database's.
func TestAnUnknownHeldAddressIsUnknown(t *testing.T) {
	const holder = `<resources><resource id="%s" resource_agent="ocf:heartbeat:IPaddr2" role="Started" active="%s" ` +
		`managed="true" failed="false"><node name="controller-0" id="1" cached="true"/></resource>`
	const unknown = "it is active on controller-0, and its address is not known: ip is"
	for _, c := range []struct {
		id, active string
		unknown    bool
	}{{"vip", "true", true}, {"vip", "false", false}, {"ip-10.0.0.5", "true", false}} {
		s, err := crmmon.Parse([]byte(strings.Replace(pacemakertest.SmallStatus, "<resources>",
			fmt.Sprintf(holder, c.id, c.active), 1)))
		if err != nil {
			t.Fatal(err)
		}
		cib, err := cib.Parse(pacemakertest.CIBWith("", pacemakertest.Agent("primitive", c.id, "IPaddr2")))
		if err != nil {
			t.Fatal(err)
		}
		f := assemble(sources{status: s, cib: cib})
		if e := f.Failed(SourceCIB); (e != nil) != c.unknown || e != nil && !strings.Contains(e.Message, unknown) {
			t.Errorf("%+v: %+v", c, f.Errors)
		}
	}
}

func TestNoPasswordOfTheCIBIsKept(t *testing.T) {
	if !strings.Contains(string(pacemakertest.Recorded(t, "bundle-cib.xml")), "secret-in-the-cib") {
		t.Fatal("the document has lost its password")
	}
	b, err := json.Marshal(assemble(sources{cib: mustCIB(t, "bundle-cib.xml")}))
	if err != nil || strings.Contains(string(b), "secret-in-the-cib") {
		t.Errorf("%v: %s", err, b)
	}
}
