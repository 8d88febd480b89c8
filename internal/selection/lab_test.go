// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/topology"
)

// recorded returns the output of the three facts modules on the lab, and the time of the decision after it.
func recorded(t *testing.T, pattern string) ([]topology.Host, Options) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) != 3 {
		t.Fatalf("%v %v", files, err)
	}
	var hosts []topology.Host
	o := options()
	o.Now = 0
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h, err := topology.DecodeHost(raw)
		if err != nil {
			t.Fatal(err)
		}
		o.Now = max(o.Now, h.Galera.GatheredAt, h.Pacemaker.GatheredAt, h.HAProxy.GatheredAt)
		hosts = append(hosts, h)
	}
	return hosts, o
}

// The lab under load: HAProxy 2.6.12, Pacemaker 2.1.5, MariaDB 10.11.18; a client that connected through the VIP
// reached controller-0.
func TestTheLabUnderLoad(t *testing.T) {
	hosts, o := recorded(t, "lab-[0-9].json")
	d := decide(t, hosts, o)
	wants{"controller-1", []string{"controller-0"}, serving("controller-0")}.check(t, d)
	golden(t, "lab", d.Text)
	for _, k := range d.Clusters[0].Controllers {
		if k.PacemakerNode != k.Name || k.HAProxyServer != k.Name+".internalapi.localdomain" || k.GaleraNode != k.Name {
			t.Errorf("%s is %s, %s, %s", k.Name, k.PacemakerNode, k.HAProxyServer, k.GaleraNode)
		}
	}
}

// The same after MariaDB of controller-2 was killed and Pacemaker gave up starting it.
func TestTheLabWithOneServerKilled(t *testing.T) {
	hosts, o := recorded(t, "lab-killed-[0-9].json")
	o.Limits["max_age"] = 3600
	d := decide(t, hosts, o)
	wants{"controller-1", []string{"controller-0"}, map[string][]condition.Code{"controller-0": {condition.Serves},
		"controller-2": {condition.ResourceFailed}}}.check(t, d)
	golden(t, "lab-killed", d.Text)
}
