// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/tests/pacemakertest"
)

// turned returns the lab's status with each replica of galera on the host after its own: 0 on controller-1, 1 on
// controller-2, 2 on controller-0.
func turned(t *testing.T) string {
	t.Helper()
	text := string(pacemakertest.Recorded(t, "lab-bundle-status.xml"))
	from := strings.Index(text, `<bundle id="galera-bundle"`)
	to := from + strings.Index(text[from:], "</bundle>")
	next := strings.NewReplacer(`"controller-0" id="1"`, `"controller-1" id="2"`, `"controller-1" id="2"`,
		`"controller-2" id="3"`, `"controller-2" id="3"`, `"controller-0" id="1"`)
	return text[:from] + next.Replace(text[from:to]) + text[to:]
}

// rotations returns clusters in which no replica has its controller's number.
func rotations(t *testing.T) []rotation {
	return []rotation{
		{"podman, as the lab prints it", turned(t), "podman", "controller-"},
		{"docker, as OSP 13 prints it", string(pacemakertest.Recorded(t, "osp13-status.xml")), "docker",
			"overcloud-controller-"},
	}
}

func instanceOn(t *testing.T, all []crmmon.Resource, id, node string) crmmon.Resource {
	t.Helper()
	for _, r := range all {
		if r.ID == id && r.Node == node {
			return r
		}
	}
	t.Fatalf("no %s on %q in %+v", id, node, all)
	return crmmon.Resource{}
}

type rotation struct{ name, status, engine, prefix string }

// host returns the host on which a replica runs.
func (r rotation) host(replica int) string { return fmt.Sprintf("%s%d", r.prefix, (replica+1)%3) }

func (r rotation) parse(t *testing.T, status string) *crmmon.Status {
	t.Helper()
	s, err := crmmon.Parse([]byte(status))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAReplicaIsWherePacemakerHasItsContainer(t *testing.T) {
	for _, c := range rotations(t) {
		t.Run(c.name, func(t *testing.T) {
			s := c.parse(t, c.status)
			guests := map[string]string{}
			for replica := range 3 {
				host, guest := c.host(replica), fmt.Sprintf("galera-bundle-%d", replica)
				guests[host] = guest
				r := instanceOn(t, s.Resources, "galera", host)
				if r.Guest != guest || r.Container != fmt.Sprintf("galera-bundle-%s-%d", c.engine, replica) ||
					r.Role != crmmon.RolePromoted || r.Singleton {
					t.Errorf("on %s: %+v", host, r)
				}
				if n := s.Node(guest); n.Type != crmmon.NodeGuest || n.ContainerOn != host ||
					n.ContainerID != r.Container {
					t.Errorf("%s: %+v", guest, n)
				}
			}
			i := instances(s)
			if !reflect.DeepEqual(i.Guests, guests) ||
				!slices.Equal(i.Promoted, []string{c.prefix + "0", c.prefix + "1", c.prefix + "2"}) ||
				len(i.Failed) > 0 {
				t.Errorf("%+v", i)
			}
		})
	}
}

// befallen changes a document about one replica: its instance, or its guest node.
func befallen(t *testing.T, status string, replica int, change *strings.Replacer) string {
	t.Helper()
	guest := fmt.Sprintf(`<node name="galera-bundle-%d" `, replica)
	lines := strings.Split(status, "\n")
	for i, line := range lines {
		if strings.Contains(line, guest) || strings.Contains(line, `<resource id="galera" `) &&
			strings.Contains(lines[i+1], guest) {
			lines[i] = change.Replace(line)
		}
	}
	after := strings.Join(lines, "\n")
	if after == status {
		t.Fatal("nothing has changed")
	}
	return after
}

// A change to a replica affects the host that it is on, and no other host.
func TestTheStateOfAReplicaIsThatOfItsHost(t *testing.T) {
	for _, c := range rotations(t) {
		for what, change := range map[string]*strings.Replacer{
			"demoted": strings.NewReplacer(`role="Promoted"`, `role="Unpromoted"`, `role="Master"`,
				`role="Slave"`),
			"failed":        strings.NewReplacer(` failed="false"`, ` failed="true"`),
			"guest unclean": strings.NewReplacer(` unclean="false"`, ` unclean="true"`),
		} {
			for replica := range 3 {
				s := c.parse(t, befallen(t, c.status, replica, change))
				host := c.host(replica)
				v, err := view(s, c.host(replica+1))
				if want := []string{c.host(replica + 2)}; err != nil || !slices.Equal(v.Promoted, want) ||
					!v.GaleraHere {
					t.Errorf("%s: %s on %s: %s sees promoted %q, want %q, %v", c.name, what, host, v.Self.Name,
						v.Promoted, want, err)
				}
				if v, err := view(s, host); err != nil || v.GaleraHere != (what != "demoted") || len(v.Promoted) != 2 {
					t.Errorf("%s: %s on %s, as it sees itself: %t, %q, %v", c.name, what, host, v.GaleraHere,
						v.Promoted, err)
				}
			}
		}
	}
}

// A failure inside of a container is reported with its guest node.
func TestAFailureOfOSP13IsOfTheGuestsHost(t *testing.T) {
	s := mustStatus(t, "osp13-status.xml")
	if f := s.Failures; len(f) != 1 || f[0].Resource != "galera" || f[0].Node != "galera-bundle-1" ||
		f[0].Host != "overcloud-controller-2" {
		t.Errorf("failures: %+v", f)
	}
	if f := s.FailCounts; len(f) != 1 || f[0].Count != 1 || f[0].Host != "overcloud-controller-2" {
		t.Errorf("fail counts: %+v", f)
	}
}

// Pacemaker 1.1 does not know --output-as: crm_mon prints its help and exits.
func TestAHostOfOSP13IsReadWhole(t *testing.T) {
	f := newFakes(t, map[string]string{
		"crm_mon": `[ "$2" = --as-xml ] || { echo "crm_mon: unrecognized option '$2'" >&2; exit 64; }; cat` +
			` "$here/osp13-status.xml"`,
		"cibadmin": `cat "$here/osp13-cib.xml"`, "crm_node": "echo overcloud-controller-1",
	})
	got := f.facts(0)
	g := got.Galera
	if len(got.Errors) != 0 || !got.Connected || !got.Quorum || got.LocalNode != "overcloud-controller-1" || g == nil ||
		g.Parent != "galera-bundle" || g.PromotedMax != 3 || !g.Managed {
		t.Errorf("%+v, galera %+v", got, g)
	}
	for _, vip := range got.VIPs {
		if vip.Address == "172.17.1.14" && vip.Node != "overcloud-controller-1" || vip.Node == "" {
			t.Errorf("%+v", vip)
		}
	}
	if len(got.VIPs) != 6 {
		t.Errorf("%d VIPs", len(got.VIPs))
	}
}
