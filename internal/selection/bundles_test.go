// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/reading"
)

// documents holds the output of crm_mon and cibadmin for one cluster.
type documents struct{ status, cib string }

func printed(t *testing.T, status, cib string) documents {
	t.Helper()
	d := documents{}
	for file, text := range map[string]*string{status: &d.status, cib: &d.cib} {
		content, err := os.ReadFile(filepath.Join("..", "pacemaker", "testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		*text = string(content)
	}
	return d
}

// change replaces a text that must occur once in the status.
func (d *documents) change(t *testing.T, old, new string) {
	t.Helper()
	if n := strings.Count(d.status, old); n != 1 {
		t.Fatalf("%d times: %s", n, old)
	}
	d.status = strings.Replace(d.status, old, new, 1)
}

// read makes Pacemaker's reader read the documents on every host of a world, with fake commands.
func (d documents) read(t *testing.T, w *world) {
	t.Helper()
	recorded, err := os.ReadFile(filepath.Join("..", "pacemaker", "testdata", "lab-quorum.txt"))
	if err != nil {
		t.Fatal(err)
	}
	quorum := string(recorded)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"status.xml": d.status, "cib.xml": d.cib, "crm_mon": "#!/bin/sh\ncat " + dir + "/status.xml\n",
		"cibadmin":            "#!/bin/sh\ncat " + dir + "/cib.xml\n",
		"crm_node":            "#!/bin/sh\ncat " + dir + "/node\n",
		"corosync-quorumtool": "#!/bin/sh\ncat " + dir + "/quorum.txt\n", "quorum.txt": quorum,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for i := range w.hosts {
		old := w.hosts[i].Pacemaker
		if err := os.WriteFile(filepath.Join(dir, "node"), []byte(old.LocalNode+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := pacemaker.Read(t.Context(), pacemaker.Options{Clock: reading.StartClock(testNow)})
		if !f.Connected || f.Galera == nil || f.LocalNode != old.LocalNode {
			t.Fatalf("%s: %+v", old.LocalNode, f.Errors)
		}
		f.Header = old.Header
		w.hosts[i].Pacemaker = &f
	}
}

const labVIP = "10.98.0.100"

// labBundles is the lab with its services in bundles, as recorded: the VIP on controller-1, redis' master on
// controller-2; controller-0 serves.
func labBundles(t *testing.T) (*world, documents) {
	d := printed(t, "lab-bundle-status.xml", "lab-bundle-cib.xml")
	d.change(t, vipOn(labVIP, 0), vipOn(labVIP, 1))
	return named(3, testUUID, "controller-", "10.98.0.", labVIP), d
}

// vipOn returns a VIP as crm_mon prints it.
func vipOn(address string, controller int) string {
	return fmt.Sprintf(`<resource id="ip-%s" resource_agent="ocf:heartbeat:IPaddr2" role="Started" active="true"`+
		` orphaned="false" blocked="false" `+
		`managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
      <node name="controller-%d" id="%d" cached="true"/>`, address, controller, controller+1)
}

func (d *documents) addVIP(t *testing.T, address string, controller int) {
	t.Helper()
	d.change(t, vipOn(labVIP, 1), vipOn(address, controller)+"\n    </resource>\n    "+vipOn(labVIP, 1))
}

func TestAStandbyWithRedisMasterAndAVIPRanksBehind(t *testing.T) {
	for _, c := range []struct {
		name        string
		redis, vip  int
		chosen, why string
	}{
		{"each holds one thing: the name decides", 2, -1, "controller-1", "comes first by name"},
		{"both on the last", 2, 2, "controller-1", "holds fewer VIPs and singletons (next: controller-2)"},
		{"both on the first", 1, 1, "controller-2", "holds fewer VIPs and singletons (next: controller-1)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, d := labBundles(t)
			if c.vip >= 0 {
				d.addVIP(t, "10.98.0.101", c.vip)
			}
			if c.redis == 1 {
				d.moveRedis(t)
			}
			d.read(t, w)
			got := decide(t, w.hosts, options())
			wants{c.chosen, []string{"controller-0"}, serving("controller-0")}.check(t, got)
			if !strings.Contains(got.Text, c.why) {
				t.Errorf("not for %q:\n%s", c.why, got.Text)
			}
		})
	}
}

// moveRedis promotes the replica on controller-1 instead of the one on controller-2.
func (d *documents) moveRedis(t *testing.T) {
	t.Helper()
	const redis = `<resource id="redis" resource_agent="ocf:heartbeat:redis" role="`
	d.change(t, redis+`Promoted"`, redis+`Demoted"`)
	d.status = strings.Replace(d.status, redis+`Unpromoted"`, redis+`Promoted"`, 1)
	d.change(t, redis+`Demoted"`, redis+`Unpromoted"`)
}

// osp13 is OSP 13 with Pacemaker 1.1 and docker: overcloud-controller-0 serves, overcloud-controller-1 has the
// database's VIP, and each replica of galera is on the controller after its own number.
func osp13(t *testing.T) (*world, documents) {
	return named(3, testUUID, "overcloud-controller-", "172.17.1.", "172.17.1.14"),
		printed(t, "osp13-status.xml", "osp13-cib.xml")
}

func TestADecisionOverOSP13(t *testing.T) {
	w, d := osp13(t)
	d.read(t, w)
	got := decide(t, w.hosts, options())
	wants{"overcloud-controller-1", []string{"overcloud-controller-0"}, serving("overcloud-controller-0")}.check(t, got)
	golden(t, "osp13", got.Text)
}

// byReplicas makes cluster_host_map use the replicas of the bundle, as in OSP 12.
func (d *documents) byReplicas(replicas int) {
	var hosts []string
	for i := range replicas {
		hosts = append(hosts, fmt.Sprintf("galera-bundle-%d:overcloud-controller-%d", i, i))
	}
	byHosts := regexp.MustCompile(`name="cluster_host_map" value="[^"]*"`)
	d.cib = byHosts.ReplaceAllString(d.cib, `name="cluster_host_map" value="`+strings.Join(hosts, ";")+`"`)
}

// The replicas run on the controllers after their own numbers.
func TestADecisionOverAHostMapOfReplicas(t *testing.T) {
	w, d := osp13(t)
	d.byReplicas(3)
	d.read(t, w)
	if nodes := w.hosts[0].Pacemaker.Galera.HostMap; nodes["galera-bundle-2"] != "overcloud-controller-2" {
		t.Fatalf("%v", nodes)
	}
	wants{"overcloud-controller-1", []string{"overcloud-controller-0"}, serving("overcloud-controller-0")}.
		check(t, decide(t, w.hosts, options()))
}

// A fourth replica, wherever it would run, is a controller without facts.
func TestAReplicaWithoutAHostDidNotAnswer(t *testing.T) {
	w, d := osp13(t)
	d.byReplicas(4)
	d.read(t, w)
	got := decide(t, w.hosts, options())
	text := strings.Join(strings.Fields(got.Text), " ")
	if got.Chosen != "" || !strings.Contains(text,
		"overcloud-controller-3 (cluster_host_map) is not one of the hosts") {
		t.Errorf("%s\n%s", got.Chosen, got.Text)
	}
}

// failReplica makes Pacemaker report a failed instance in a guest.
func (d *documents) failReplica(t *testing.T, replica int) {
	t.Helper()
	guest := fmt.Sprintf(`<node name="galera-bundle-%d" `, replica)
	lines := strings.Split(d.status, "\n")
	for i, line := range lines {
		if strings.Contains(line, `<resource id="galera" `) && strings.Contains(lines[i+1], guest) {
			d.change(t, line+"\n"+lines[i+1], strings.Replace(line, ` failed="false"`, ` failed="true"`, 1)+"\n"+
				lines[i+1])
			return
		}
	}
	t.Fatalf("no replica %d", replica)
}

// turn puts each replica of galera on the controller after its own number, as in OSP 13's documents.
func (d *documents) turn() {
	from := strings.Index(d.status, `<bundle id="galera-bundle"`)
	to := from + strings.Index(d.status[from:], "</bundle>")
	next := strings.NewReplacer(`"controller-0" id="1"`, `"controller-1" id="2"`, `"controller-1" id="2"`,
		`"controller-2" id="3"`, `"controller-2" id="3"`, `"controller-0" id="1"`)
	d.status = d.status[:from] + next.Replace(d.status[from:to]) + d.status[to:]
}

// Replica 1 is not on controller 1: its defects count against the host on which Pacemaker runs it.
func TestAFailedReplicaSpeaksAgainstItsHost(t *testing.T) {
	for engine, made := range map[string]func(*testing.T) (*world, documents){"docker": osp13,
		"podman": func(t *testing.T) (*world, documents) {
			w, d := labBundles(t)
			d.turn()
			return w, d
		}} {
		t.Run(engine, func(t *testing.T) {
			w, d := made(t)
			d.failReplica(t, 1)
			d.read(t, w)
			names := []string{w.hosts[0].Name, w.hosts[1].Name, w.hosts[2].Name}
			wants{names[1], names[:1], map[string][]condition.Code{names[0]: {condition.Serves},
				names[2]: {condition.ResourceFailed}}}.check(t, decide(t, w.hosts, options()))
		})
	}
}
