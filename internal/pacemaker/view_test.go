// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/tests/pacemakertest"
)

func TestTheViewOfAHealthyHost(t *testing.T) {
	ownName.Store(nil)
	f := newFakes(t, nil)
	for range 2 {
		v, err := View(t.Context())
		if err != nil || !v.Present || v.Reason != "" || !v.Quorum || v.Maintenance || !v.GaleraHere ||
			v.Self.Name != "controller-1" || !v.Self.Online {
			t.Errorf("%+v, %v", v, err)
		}
		if !reflect.DeepEqual(v.Promoted, []string{"controller-0", "controller-2"}) ||
			!reflect.DeepEqual(v.Online, []string{"controller-0", "controller-1", "controller-2"}) {
			t.Errorf("promoted %q, online %q", v.Promoted, v.Online)
		}
	}
	for name, want := range map[string]string{"crm_mon": "-1 --output-as=xml\n-1 --output-as=xml\n", "crm_node": "-n\n",
		"cibadmin": "", "corosync-quorumtool": ""} {
		if f.Used(name) != want {
			t.Errorf("%s was called as %q, want %q", name, f.Used(name), want)
		}
	}
}

func TestTheViewOfRecordedClusters(t *testing.T) {
	for _, c := range []struct {
		file, self                    string
		quorum, maintenance, here     bool
		promoted, online, selfFlagged string
	}{
		{"lab-status.xml", "controller-0", true, false, true, "controller-1 controller-2",
			"controller-0 controller-1 controller-2", ""},
		{"lab-status-as-xml.xml", "controller-0", true, false, true, "controller-1 controller-2",
			"controller-0 controller-1 controller-2", ""},
		{"lab-standby.xml", "controller-0", true, false, true, "controller-1", "controller-0 controller-1 controller-2",
			""},
		{"lab-standby.xml", "controller-2", true, false, false, "controller-0 controller-1",
			"controller-0 controller-1 controller-2", "standby"},
		{"lab-maintenance.xml", "controller-1", true, true, true, "controller-0",
			"controller-0 controller-1 controller-2", ""},
		// The node is cut off, and Pacemaker has stopped its resources.
		{"lab-no-quorum.xml", "controller-2", false, false, false, "", "controller-2", ""},
		// In bundles it is promoted on guest nodes; the one of controller-2 has failed.
		{"bundle-status.xml", "controller-1", true, false, true, "controller-0",
			"controller-0 controller-1 controller-2", ""},
		{"bundle-status.xml", "controller-2", true, false, true, "controller-0 controller-1",
			"controller-0 controller-1 controller-2", ""},
		// A remote node belongs to the cluster, a guest node of a bundle does not.
		{"status-1.1.xml", "overcloud-controller-1", true, false, false, "overcloud-controller-0",
			"compute-remote-0 overcloud-controller-0 overcloud-controller-1 overcloud-controller-2",
			"standby maintenance"},
		{"status-1.1.xml", "overcloud-controller-3", true, false, false, "overcloud-controller-0",
			"compute-remote-0 overcloud-controller-0 overcloud-controller-1 overcloud-controller-2",
			"standby_onfail pending unclean shutdown offline"},
	} {
		t.Run(c.file+" "+c.self, func(t *testing.T) {
			v, err := view(mustStatus(t, c.file), c.self)
			if err != nil || !v.Present || v.Quorum != c.quorum || v.Maintenance != c.maintenance ||
				v.GaleraHere != c.here || v.Self.Name != c.self {
				t.Errorf("%+v, %v", v, err)
			}
			if promoted, online := strings.Join(v.Promoted, " "), strings.Join(v.Online, " "); promoted != c.promoted ||
				online != c.online {
				t.Errorf("promoted %q, want %q; online %q, want %q", promoted, c.promoted, online, c.online)
			}
			if got := flags(v.Self); got != c.selfFlagged {
				t.Errorf("flags of this node: %q, want %q", got, c.selfFlagged)
			}
		})
	}
}

func flags(n crmmon.Node) string {
	var all []string
	for _, f := range []struct {
		set  bool
		name string
	}{
		{n.Standby, "standby"}, {n.StandbyFail, "standby_onfail"}, {n.Maintenance, "maintenance"},
		{n.Pending, "pending"},
		{n.Unclean, "unclean"}, {n.Shutdown, "shutdown"}, {!n.Online, "offline"},
	} {
		if f.set {
			all = append(all, f.name)
		}
	}
	return strings.Join(all, " ")
}

// Each change disqualifies controller-0, and no other controller.
func TestWhoMayNotServe(t *testing.T) {
	const node, instance = `<node name="controller-0" id="1" `, `<resource id="galera" `
	const guest, inside = `<node name="galera-bundle-2" id="galera-bundle-2" `, `<resource id="galera" `
	for _, c := range []struct{ name, file, line, old, new string }{
		{"offline", "lab-status.xml", node, `online="true"`, `online="false"`},
		{"standby", "lab-status.xml", node, `standby="false"`, `standby="true"`},
		{"standby after a failure", "lab-status.xml", node, `standby_onfail="false"`, `standby_onfail="true"`},
		{"maintenance", "lab-status.xml", node, `maintenance="false"`, `maintenance="true"`},
		{"pending", "lab-status.xml", node, `pending="false"`, `pending="true"`},
		{"unclean", "lab-status.xml", node, `unclean="false"`, `unclean="true"`},
		{"shutting down", "lab-status.xml", node, `shutdown="false"`, `shutdown="true"`},
		{"not known any more", "lab-status.xml", node, `name="controller-0"`, `name="controller-9"`},
		{"not promoted", "lab-status.xml", instance, `role="Promoted"`, `role="Unpromoted"`},
		{"being promoted", "lab-status.xml", instance, `role="Promoted"`, `role="Promoting"`},
		{"being demoted", "lab-status.xml", instance, `nodes_running_on="1"`,
			`nodes_running_on="1" pending="Demoting"`},
		{"being stopped", "lab-status.xml", instance, `nodes_running_on="1"`,
			`nodes_running_on="1" pending="Stopping"`},
		{"failed", "lab-status.xml", instance, `failed="false"`, `failed="true"`},
		{"blocked", "lab-status.xml", instance, `blocked="false"`, `blocked="true"`},
		{"orphaned", "lab-status.xml", instance, `orphaned="false"`, `orphaned="true"`},
		{"another agent", "lab-status.xml", instance, `ocf:heartbeat:galera`, `ocf:heartbeat:mysql`},
		{"offline below a bundle", "bundle-status.xml", node, `online="true"`, `online="false"`},
		{"guest offline", "bundle-status.xml", guest, `online="true"`, `online="false"`},
		{"guest unclean", "bundle-status.xml", guest, `unclean="false"`, `unclean="true"`},
		{"failed in a bundle", "bundle-status.xml", inside, `failed="false"`, `failed="true"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := mustView(t, string(pacemakertest.Recorded(t, c.file)))
			after := mustView(t, changeOf0(t, string(pacemakertest.Recorded(t, c.file)), c.line, c.old, c.new))
			if !strings.HasPrefix(strings.Join(before.Promoted, " "), "controller-0") ||
				!reflect.DeepEqual(after.Promoted, before.Promoted[1:]) || !after.GaleraHere {
				t.Errorf("promoted %q, before %q", after.Promoted, before.Promoted)
			}
		})
	}
}

func mustView(t *testing.T, xml string) ClusterView {
	t.Helper()
	s, err := crmmon.Parse([]byte(xml))
	if err != nil {
		t.Fatal(err)
	}
	v, err := view(s, "controller-1")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// changeOf0 changes the line that begins with the given text: a node, or the instance on controller-0
// (galera-bundle-2).
func changeOf0(t *testing.T, xml, begin, old, new string) string {
	t.Helper()
	lines := strings.Split(xml, "\n")
	for i, line := range lines {
		instance := strings.HasPrefix(begin, "<resource")
		here := !instance || strings.Contains(lines[i+1], `"controller-0"`) ||
			strings.Contains(lines[i+1], `"galera-bundle-2"`)
		if strings.HasPrefix(strings.TrimSpace(line), begin) && here {
			if lines[i] = strings.Replace(line, old, new, 1); lines[i] == line {
				t.Fatalf("no %s in %s", old, line)
			}
			return strings.Join(lines, "\n")
		}
	}
	t.Fatalf("no line %s", begin)
	return ""
}

// A resource whose failures are ignored continues to serve after one; a running monitor disqualifies nobody.
func TestNodesThatServeAnyway(t *testing.T) {
	for name, c := range map[string][2]string{
		"failures are ignored": {`failed="false" failure_ignored="false"`, `failed="true" failure_ignored="true"`},
		"a monitor runs":       {`nodes_running_on="1"`, `nodes_running_on="1" pending="Monitoring"`},
		"not managed":          {`managed="true"`, `managed="false"`},
	} {
		v := mustView(t, changeOf0(t, string(pacemakertest.Recorded(t, "lab-status.xml")), `<resource id="galera" `,
			c[0], c[1]))
		if !reflect.DeepEqual(v.Promoted, []string{"controller-0", "controller-2"}) {
			t.Errorf("%s: %q", name, v.Promoted)
		}
	}
}

func TestAHostWithoutPacemakerHasAViewThatSaysSo(t *testing.T) {
	ownName.Store(nil)
	f := newFakes(t, map[string]string{"crm_mon": "", "cibadmin": "", "crm_node": "", "corosync-quorumtool": ""})
	v, err := f.read.view(t.Context())
	if err != nil || !reflect.DeepEqual(v, ClusterView{Reason: "Pacemaker is neither installed nor configured here"}) {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestAViewThatIsNoneIsAnError(t *testing.T) {
	const off = `echo '<pacemaker-result><status code="102" message="Not connected"><errors><error>crm_mon:` +
		` Connection to cluster failed</error></errors></status></pacemaker-result>'; exit 102`
	stopped := "; is the cluster running on this host?"
	if os.Getuid() != 0 {
		stopped = "; ask as root"
	}
	for name, c := range map[string]struct {
		changed map[string]string
		want    []string
	}{
		"a node that crm_mon does not list": {map[string]string{"crm_node": "echo controller-7"},
			[]string{"crm_mon lists no node controller-7"}},
		"Pacemaker is stopped": {map[string]string{"crm_mon": off},
			[]string{"exit status 102: crm_mon: Connection to cluster failed", stopped}},
		"crm_mon prints half": {map[string]string{"crm_mon": `head -c 3000 "$here/lab-status.xml"`},
			[]string{"not well-formed", "; run it by hand"}},
		"crm_node fails": {map[string]string{"crm_node": "echo no >&2; exit 1"},
			[]string{"crm_node: exit status 1: no"}},
		"crm_mon is missing": {map[string]string{"crm_mon": ""}, []string{"crm_mon is not installed", "pacemaker-cli"}},
	} {
		ownName.Store(nil)
		f := newFakes(t, c.changed)
		v, err := f.read.view(t.Context())
		if err == nil || v.Present || v.Quorum || v.GaleraHere {
			t.Errorf("%s: %+v, %v", name, v, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
	ownName.Store(nil)
}
