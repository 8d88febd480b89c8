// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"reflect"
	"strings"
	"testing"

	"overcloud.backup/tests/pacemakertest"
)

func TestCIBPropertiesAndLocks(t *testing.T) {
	c, err := Parse(pacemakertest.CIBWith(`<cluster_property_set id="cib-bootstrap-options"><nvpair id="1"`+
		` name="maintenance-mode" value="true"/></cluster_property_set>`+
		pacemakertest.Lock+
		`<cluster_property_set id="late"><nvpair id="2" name="maintenance-mode" value="false"/><nvpair id="3"`+
		` name="x" value="y"/></cluster_property_set>`, ""))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"maintenance-mode": "true", "x": "y"}; !reflect.DeepEqual(c.Properties, want) {
		t.Errorf("properties: %v, want %v without the lock's", c.Properties, want)
	}
	if want := []Lock{{Cluster: "6b1f", Holder: "controller-1", Job: "j1", Since: 1795374000,
		Expires: 1795377600.5}}; !reflect.DeepEqual(c.Locks, want) {
		t.Errorf("locks: %+v, want %+v", c.Locks, want)
	}
	if c.Galera != nil || len(c.Addresses) != 0 {
		t.Errorf("an empty cluster has %+v", c)
	}
}

func TestCIBOfOSP10(t *testing.T) {
	c, err := Parse(pacemakertest.CIBWith("",
		`<master id="galera-master"><primitive id="galera" class="ocf" provider="heartbeat" type="galera">
	  <instance_attributes id="a"><nvpair id="1" name="wsrep_cluster_address"
	    value="gcomm://overcloud-controller-0,overcloud-controller-1:4567,[fd00::12]:4567?pc.wait=no"/>
	  <nvpair id="2" name="check_user" value="clustercheck"/><nvpair id="2b" name="check_passwd" value="hush"/>
	    </instance_attributes>
	  <meta_attributes id="b"><nvpair id="3" name="is-managed" value="off"/></meta_attributes></primitive>
	  <meta_attributes id="c"><nvpair id="4" name="master-max" value="3"/></meta_attributes></master>
	  <group id="g"><primitive id="ip-v6" class="ocf" provider="heartbeat" type="IPaddr2">
	    <instance_attributes id="d"><nvpair id="5" name="ip" value="FD00:0:0::0010/64"/></instance_attributes>
	      </primitive></group>`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Galera{Resource: "galera", Parent: "galera-master",
		ClusterAddress: []string{"overcloud-controller-0", "overcloud-controller-1", "fd00::12"},
		HostMap:        map[string]string{}, Nodes: []string{"overcloud-controller-0", "overcloud-controller-1",
			"fd00::12"}, PromotedMax: 3, CheckUser: "clustercheck"}
	if !reflect.DeepEqual(c.Galera, want) {
		t.Errorf("galera: %+v\nwant    %+v", c.Galera, want)
	}
	if c.Addresses["ip-v6"] != "fd00::10" {
		t.Errorf("addresses: %v", c.Addresses)
	}
}

func TestAnyCollectiveCanUnmanageAResource(t *testing.T) {
	meta := func(name, value string) string {
		return `<meta_attributes id="m"><nvpair id="n" name="` + name + `" value="` + value + `"/></meta_attributes>`
	}
	for _, c := range []struct {
		on, in string
		want   bool
	}{
		{"", "", true}, {meta("is-managed", "true"), "", true}, {meta("is-managed", "no"), "", false},
		{"", meta("is-managed", "false"), false},
		{meta("maintenance", "true"), "", false}, {meta("maintenance", "false"), meta("is-managed", "1"), true},
	} {
		b := pacemakertest.CIBWith("",
			`<bundle id="galera-bundle"><podman image="i" replicas="3" promoted-max="2"/><primitive id="galera"`+
				` class="ocf" provider="heartbeat" type="galera">`+c.in+`</primitive>`+c.on+`</bundle>`)
		got, err := Parse(b)
		if err != nil || got.Galera.Managed != c.want || got.Galera.PromotedMax != 2 {
			t.Errorf("%s %s: %+v, %v, want %v", c.on, c.in, got, err, c.want)
		}
	}
}

func TestRefusedCIBs(t *testing.T) {
	galera := func(attributes string) string {
		return `<primitive id="galera" class="ocf" provider="heartbeat" type="galera"><instance_attributes id="a">` +
			attributes + `</instance_attributes></primitive>`
	}
	lock := func(old, new string) string { return strings.Replace(pacemakertest.Lock, old, new, 1) }
	for _, c := range []struct {
		name string
		doc  []byte
		want string
	}{
		{"nothing", nil, "empty"},
		{"crm_mon's", []byte(pacemakertest.SmallStatus), "the root is <pacemaker-result>"},
		{"no configuration", []byte("<cib/>"), "no <configuration>"},
		{"no resources", []byte("<configuration><crm_config/></configuration>"), "no <resources>"},
		{"a bad host map", pacemakertest.CIBWith("", galera(`<nvpair id="1" name="cluster_host_map" value="a:b;c"/>`)),
			`cluster_host_map: "c", expected node:name`},
		{"a host map with a node twice", pacemakertest.CIBWith("",
			galera(`<nvpair id="1" name="cluster_host_map" value="a:b;a:c"/>`)), `"a" is listed twice`},
		{"two galera", pacemakertest.CIBWith("", galera("")+galera("")), "two galera resources"},
		{"a host map that a rule chooses", pacemakertest.CIBWith("",
			`<primitive id="galera" class="ocf" provider="heartbeat" type="galera"><instance_attributes id="a">`+
				`<rule id="r"/><nvpair id="1" name="cluster_host_map" value="a:b"/></instance_attributes></primitive>`),
			"cluster_host_map depends on a rule"},
		{"a host map that is elsewhere and not there",
			pacemakertest.CIBWith("",
				`<primitive id="galera" class="ocf" provider="heartbeat" type="galera"><instance_attributes`+
					` id-ref="gone"/></primitive>`),
			`primitive "galera": its instance_attributes refers to "gone", which does not exist`},
		{"a lock without holder", pacemakertest.CIBWith(lock("overcloud-backup-holder", "x"), ""),
			"overcloud-backup-holder or overcloud-backup-job is missing"},
		{"a lock without cluster", pacemakertest.CIBWith(lock("lock-6b1f", "lock-"), ""), "cluster"},
		{"a lock with a bad time", pacemakertest.CIBWith(lock("1795377600.5", "NaN"), ""),
			`overcloud-backup-expires is "NaN"`},
		{"a lock without a time", pacemakertest.CIBWith(lock("1795374000", ""), ""), `overcloud-backup-since is ""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.doc)
			if err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want an error with %q", got, err, c.want)
			}
		})
	}
}
