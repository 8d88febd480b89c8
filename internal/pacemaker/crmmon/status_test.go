// SPDX-License-Identifier: GPL-3.0-or-later

package crmmon

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker/xmldoc"
	"overcloud.backup/tests/pacemakertest"
)

func recordedStatus(t testing.TB, name string) *Status {
	t.Helper()
	s, err := Parse(pacemakertest.Recorded(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// find returns the instance of a resource on a node; node is "" for an instance that runs nowhere.
func find(t *testing.T, all []Resource, id, node string) Resource {
	t.Helper()
	for _, r := range all {
		if r.ID == id && r.Node == node {
			return r
		}
	}
	t.Fatalf("no %s on %q in %+v", id, node, all)
	return Resource{}
}

func TestStatusOfPacemaker11(t *testing.T) {
	s := recordedStatus(t, "status-1.1.xml")
	if s.DC != "overcloud-controller-2" || !s.Quorum || s.Version != "1.1.18-11.el7_5.3-2b07d5c5a9" {
		t.Errorf("summary: %+v", s)
	}
	for _, c := range []struct {
		id, node string
		role     Role
	}{
		{"galera", "overcloud-controller-0", RolePromoted},
		{"galera", "overcloud-controller-1", RoleUnpromoted},
		{"galera", "overcloud-controller-2", RolePromoting},
		{"galera", "", RoleStopped},
		{"redis", "overcloud-controller-0", RoleUnpromoted}, // printed as Started
		{"haproxy", "overcloud-controller-0", RoleStarted},
		{"rabbitmq", "overcloud-controller-0", RoleStarted},
	} {
		if r := find(t, s.Resources, c.id, c.node); r.Role != c.role || strings.Contains(r.Agent, "::") {
			t.Errorf("%s on %s: %+v, want role %s", c.id, c.node, r, c.role)
		}
	}
	blocked := find(t, s.Resources, "galera", "overcloud-controller-1")
	if !blocked.Blocked || blocked.Managed || !blocked.Failed {
		t.Errorf("blocked instance: %+v", blocked)
	}
	wantFailures := []string{"galera", "my_vm_job"}
	for i, f := range s.Failures {
		if f.Resource != wantFailures[i] || f.Host != f.Node {
			t.Errorf("failure %d: %+v", i, f)
		}
	}
	if want := []FailCount{{Resource: "galera", Node: "overcloud-controller-1", Host: "overcloud-controller-1",
		Count: 1000000, Threshold: 1000000}}; !reflect.DeepEqual(s.FailCounts, want) {
		t.Errorf("fail counts: %+v", s.FailCounts)
	}
}

// TestStatesSeenInTheLab compares the facts with the text that crm_mon printed in the same second.
func TestStatesSeenInTheLab(t *testing.T) {
	for _, c := range []struct {
		file        string
		standby     string
		maintenance string // its text output
		galera      string
		bans        int
		failed      string
	}{
		{"lab-status.xml", "", "false", "controller-0 Promoted, controller-1 Promoted, controller-2 Promoted", 0, ""},
		{"lab-standby.xml", "controller-2", "false", "controller-0 Promoted, controller-1 Promoted,  Stopped", 0, ""},
		{"lab-maintenance.xml", "controller-2", "true",
			"controller-0 Promoted unmanaged, controller-1 Promoted unmanaged,  Stopped unmanaged", 0, ""},
		{"lab-banned.xml", "", "false", "controller-0 Promoted, controller-2 Promoted,  Stopped", 1, ""},
		{"lab-blocked.xml", "", "false", "controller-0 Promoted, controller-1 Promoted, controller-2 Promoted" +
			" unmanaged failed blocked", 0,
			"galera galera_promote_0 on controller-2: error, Failed initial monitor action"},
	} {
		t.Run(c.file, func(t *testing.T) {
			s := recordedStatus(t, c.file)
			standby, failed := "", ""
			for _, n := range s.Nodes {
				if n.Standby {
					standby += n.Name
				}
			}
			for _, f := range s.Failures {
				failed += f.Resource + " " + f.Action + " on " + f.Host + ": " + f.Exit + ", " + f.Reason
			}
			if standby != c.standby || s.Options["maintenance-mode"] != c.maintenance || len(s.Bans) != c.bans ||
				failed != c.failed {
				t.Errorf("standby %q, options %v, bans %v, failed %q", standby, s.Options, s.Bans, failed)
			}
			if got := instances(s.Resources, "galera"); got != c.galera {
				t.Errorf("galera: %s\nwant    %s", got, c.galera)
			}
		})
	}
}

// instances returns node, role and bad flags of each instance, ordered by node, the stopped ones last.
func instances(all []Resource, id string) string {
	var lines []string
	for _, r := range all {
		if r.ID != id {
			continue
		}
		line := r.Node + " " + string(r.Role)
		if !r.Managed {
			line += " unmanaged"
		}
		if r.Failed {
			line += " failed"
		}
		if r.Blocked {
			line += " blocked"
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b string) int {
		return strings.Compare(strings.Replace(a, " ", "~", 1), strings.Replace(b, " ", "~", 1))
	})
	return strings.Join(lines, ", ")
}

func TestBothFormatsOfOneClusterSayTheSame(t *testing.T) {
	a, b := recordedStatus(t, "lab-status.xml"), recordedStatus(t, "lab-status-as-xml.xml")
	if !reflect.DeepEqual(a, b) {
		t.Errorf("--output-as=xml: %+v\n--as-xml: %+v", a, b)
	}
}

func TestNodeFlags(t *testing.T) {
	s := recordedStatus(t, "status-1.1.xml")
	broken := *s.Node("overcloud-controller-3")
	if broken.Online || !broken.StandbyFail || !broken.Pending || !broken.Unclean || !broken.Shutdown ||
		broken.ExpectedUp {
		t.Errorf("broken node: %+v", broken)
	}
	if n := s.Node("overcloud-controller-1"); !n.Standby || !n.Maintenance {
		t.Errorf("standby and maintenance: %+v", n)
	}
	for name, want := range map[string]NodeType{"overcloud-controller-0": NodeMember, "compute-remote-0": NodeRemote,
		"rabbitmq-bundle-0": NodeGuest} {
		if n := s.Node(name); n.Type != want {
			t.Errorf("%s is %q, want %q", name, n.Type, want)
		}
	}
	if n := s.Node("rabbitmq-bundle-0"); n.ContainerOn != "overcloud-controller-0" ||
		n.ContainerID != "rabbitmq-bundle-docker-0" {
		t.Errorf("guest: %+v", n)
	}
}

func TestBundlesRunOnRealNodes(t *testing.T) {
	s := recordedStatus(t, "bundle-status.xml")
	for guest, host := range map[string]string{"galera-bundle-0": "controller-1", "galera-bundle-1": "controller-2",
		"galera-bundle-2": "controller-0"} {
		r := find(t, s.Resources, "galera", host)
		if r.Guest != guest || r.Container != "galera-bundle-podman-"+guest[len(guest)-1:] || r.Role != RolePromoted ||
			r.Parent != "galera-bundle" || r.ParentKind != KindBundle {
			t.Errorf("on %s: %+v", host, r)
		}
	}
	if r := find(t, s.Resources, "redis", ""); r.Role != RoleStopped || r.Container != "redis-bundle-podman-2" ||
		r.Guest != "" {
		t.Errorf("stopped replica: %+v", r)
	}
	if f := s.Failures; len(f) != 1 || f[0].Node != "galera-bundle-1" || f[0].Host != "controller-2" {
		t.Errorf("failures: %+v", f)
	}
	if f := s.FailCounts; len(f) != 1 || f[0].Count != 2 || f[0].Host != "controller-2" {
		t.Errorf("fail counts: %+v", f)
	}
}

func TestSingletonsAreCountedOnce(t *testing.T) {
	for file, want := range map[string][]string{
		"bundle-status.xml": {"redis", "openstack-cinder-volume-bundle-podman-0", "ip-172.17.0.100",
			"ip-fd00.fd00.fd00.2000..5"},
		"status-1.1.xml": {"ip-172.16.2.5", "ip-fd00.fd00.fd00.2000..10", "galera", "redis", "openstack-cinder-volume",
			"rabbitmq", "my_vm_job",
			"my_vm_job"},
		"osp13-status.xml": {"redis", "ip-192.168.24.7", "ip-10.0.0.109", "ip-172.17.1.14", "ip-172.17.1.19",
			"ip-172.17.3.19", "ip-172.17.4.11",
			"openstack-cinder-volume-docker-0", "stonith-fence_ipmilan-525400000000",
			"stonith-fence_ipmilan-525400000001", "stonith-fence_ipmilan-525400000002"},
	} {
		var got []string
		for _, r := range recordedStatus(t, file).Resources {
			if r.Singleton {
				got = append(got, r.ID)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", file, got, want)
		}
	}
}

const (
	good = `<pacemaker-result><summary><current_dc present="true" name="a" with_quorum="true"/></summary>` +
		`<nodes><node name="a" id="1" online="true" standby="false" pending="false" unclean="false" shutdown="false"` +
		` is_dc="true" type="member"/></nodes>` +
		`<resources><resource id="r" resource_agent="systemd:r" role="Started" active="true" managed="true"` +
		` failed="false"/></resources>` +
		`<status code="0" message="OK"/></pacemaker-result>`
	noDC = `<current_dc present="false"/>`
)

func TestTheSmallestDocument(t *testing.T) {
	s, err := Parse([]byte(pacemakertest.SmallStatus))
	if err != nil || len(s.Nodes) != 1 || len(s.Resources) != 1 || s.DC != "a" {
		t.Fatalf("%+v, %v", s, err)
	}
	s, err = Parse([]byte(strings.Replace(pacemakertest.SmallStatus,
		`<current_dc present="true" name="a" with_quorum="true"/>`, noDC, 1)))
	if err != nil || s.DC != "" || s.Quorum {
		t.Errorf("without a DC: %+v, %v", s, err)
	}
	s, err = Parse([]byte(strings.Replace(pacemakertest.SmallStatus, `role="Started"`, `role="Levitating"`, 1)))
	if err != nil || s.Resources[0].Role != RoleUnknown {
		t.Errorf("a role of the future: %+v, %v", s, err)
	}
}

func TestRefusedDocuments(t *testing.T) {
	change := func(old, new string) string {
		if !strings.Contains(pacemakertest.SmallStatus, old) {
			t.Fatalf("%q is not in the good document", old)
		}
		return strings.Replace(pacemakertest.SmallStatus, old, new, 1)
	}
	for _, c := range []struct{ name, doc, want string }{
		{"nothing", "", "empty"},
		{"white space", " \n\t", "empty"},
		{"text", "Cluster Summary: fine", "text outside"},
		{"text before the root", "warning: x\n" + pacemakertest.SmallStatus, `text outside of the root: "warning: x"`},
		{"text after the root", good + "Killed", "text outside"},
		{"two roots", good + pacemakertest.SmallStatus, "two roots"},
		{"an HTML page", "<!DOCTYPE html><html><body>login</body></html>", "directive"},
		{"HTML without doctype", "<html><body><p>login</p></body></html>", "the root is <html>"},
		{"an entity bomb", `<!DOCTYPE a [<!ENTITY x "xx">]><pacemaker-result>&x;</pacemaker-result>`,
			"not well-formed"},
		{"another root", "<cib/>", "the root is <cib>"},
		{"a cut", good[:len(pacemakertest.SmallStatus)-40], "not well-formed"},
		{"no status", change(`<status code="0" message="OK"/>`, ""), "no <status>"},
		{"not connected", change(`code="0" message="OK"`, `code="102" message="Not connected"`), "Not connected"},
		{"errors with code 0", change(`message="OK"/>`,
			`message="OK"><errors><error>Could not connect to the CIB: No such device</error></errors></status>`),
			"Could not connect to the CIB"},
		{"errors without text", change(`message="OK"/>`, `message="OK"><errors/></status>`), "errors without text"},
		{"disconnected", change("<summary>", `<crm-mon-disconnected/><summary>`), "disconnected"},
		{"no summary", change("<summary>", "<x>"), "not well-formed"},
		{"no nodes",
			`<pacemaker-result><summary><current_dc present="false"/></summary><nodes/><resources/><status code="0"/>` +
				`</pacemaker-result>`, "no <node>"},
		{"only a status", `<pacemaker-result><status code="0"/></pacemaker-result>`, "no <summary>"},
		{"an old document without nodes", `<crm_mon version="1.1.18"/>`, "no <summary>"},
		{"no DC element", change(`<current_dc present="true" name="a" with_quorum="true"/>`, ""), "no <current_dc>"},
		{"a node without name", change(`name="a" id="1"`, `id="1"`), `<node> "1": attribute name is missing`},
		{"online missing", change(`online="true"`, ""), `<node> "a": attribute online is missing`},
		{"standby unreadable", change(`standby="false"`, `standby="perhaps"`),
			`attribute standby is "perhaps", expected true or false`},
		{"managed missing", change(`managed="true"`, ""), "managed is missing"},
		{"an unknown collective", change(`<resource id="r"`, `<swarm/><resource id="r"`), "<swarm>"},
		{"too deep", strings.Repeat("<a>", 1000), "depth"},
		{"too long", good + strings.Repeat(" ", xmldoc.MaxDocument), "more than"},
		{"too many elements", strings.Repeat("<a/>", xmldoc.MaxMarkup+1), "elements and attributes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse([]byte(c.doc))
			if err == nil || s != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want an error with %q", s, err, c.want)
			}
		})
	}
}

func TestNotConnectedIsReported(t *testing.T) {
	doc := `<pacemaker-result><status code="102" message="Not connected"><errors><error>crm_mon: Connection to` +
		` cluster failed</error></errors></status></pacemaker-result>`
	_, err := Parse([]byte(doc))
	var none *NotConnectedError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "Connection to cluster failed") {
		t.Errorf("got %v", err)
	}
}

func TestActionResource(t *testing.T) {
	for _, c := range []struct{ key, task, want string }{
		{"galera_monitor_20000", "monitor", "galera"},
		{"galera_monitor_20000", "", "galera"},
		{"my_db_migrate_to_0", "migrate_to", "my_db"},
		{"my_db_migrate_from_0", "", "my_db"},
		{"ip-10.0.0.5", "", "ip-10.0.0.5"},
		{"_0", "", ""},
	} {
		if got := actionResource(c.key, c.task); got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.key, c.task, got, c.want)
		}
	}
}

func TestParseRole(t *testing.T) {
	for text, want := range map[string]Role{
		"Master": RolePromoted, "Promoted": RolePromoted, "Slave": RoleUnpromoted, "unpromoted": RoleUnpromoted,
		"Started": RoleStarted, "stopped": RoleStopped, "": RoleUnknown, "Unknown": RoleUnknown,
		"Promoted ": RoleUnknown,
	} {
		if got := ParseRole(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The containers of an unmanaged bundle are not managed.
func TestTheContainersOfABundleAreManagedAsItIs(t *testing.T) {
	doc := strings.Replace(pacemakertest.SmallStatus, "<resources>", `<resources>`+
		`<bundle id="b" type="podman" image="i" unique="false" managed="false" failed="false"><replica id="0">`+
		`<resource id="d" resource_agent="ocf:heartbeat:Dummy" role="Started" active="true" managed="true"`+
		` failed="false"/>`+
		`</replica></bundle>`, 1)
	if s, err := Parse([]byte(doc)); err != nil || len(s.Resources) != 2 || s.Resources[0].Managed {
		t.Errorf("%+v, %v", s, err)
	}
}

func BenchmarkParseStatus(b *testing.B) {
	doc := pacemakertest.LargeStatus(64, 1000)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(doc); err != nil {
			b.Fatal(err)
		}
	}
}
