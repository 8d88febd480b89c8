// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// configuration is what cibadmin --query --scope configuration prints of a recorded CIB.
func configuration(t *testing.T, name string) []byte {
	t.Helper()
	text := string(recorded(t, name))
	from, to := strings.Index(text, "<configuration"), strings.Index(text, "</configuration>")
	if from < 0 || to < 0 {
		t.Fatalf("%s holds no configuration", name)
	}
	return []byte(text[from : to+len("</configuration>")])
}

func TestTheGaleraResourceOfACIB(t *testing.T) {
	const image = "cluster.common.tag/mariadb:pcmklatest"
	for _, c := range []struct{ file, resource, parent, members, engine, image string }{
		{"lab-cib.xml", "galera", "galera-master", "controller-0 controller-1 controller-2", "", ""},
		{"bundle-cib.xml", "galera", "galera-bundle", "", "podman", "cluster.common.tag/galera:pcmklatest"},
		{"lab-bundle-cib.xml", "galera", "galera-bundle", "controller-0 controller-1 controller-2", "podman", image},
		{"docker-cib.xml", "galera", "galera-bundle", "controller-0 controller-1 controller-2", "docker", image},
		{"osp13-cib.xml", "galera", "galera-bundle", "overcloud-controller-0 overcloud-controller-1 overcloud-controller-2", "docker",
			"192.168.24.1:8787/rhosp13/openstack-mariadb:pcmklatest"},
	} {
		a, err := parseAgent(configuration(t, c.file))
		if err != nil || a.Resource != c.resource || a.Parent != c.parent || a.Bundle != (c.parent == "galera-bundle") || a.Engine != c.engine || a.Image != c.image {
			t.Errorf("%s: %+v, %v", c.file, a, err)
		}
		if got := strings.Join(a.Members, " "); c.members != "" && got != c.members {
			t.Errorf("%s: members %s", c.file, got)
		}
	}
	stopped := strings.Replace(string(configuration(t, "lab-cib.xml")), `<meta_attributes id="galera-master-meta`,
		`<meta_attributes id="x"><nvpair id="y" name="target-role" value="Stopped"/></meta_attributes><meta_attributes id="galera-master-meta`, 1)
	if a, err := parseAgent([]byte(stopped)); err != nil || a.TargetRole != "Stopped" {
		t.Errorf("a stopped one: %+v, %v", a, err)
	}
	if _, err := parseAgent([]byte("<configuration><resources/></configuration>")); !errors.Is(err, ErrNoGalera) {
		t.Errorf("no resource: %v", err)
	}
}

func TestTheTimeLimitOfAPromotion(t *testing.T) {
	cib := string(configuration(t, "lab-cib.xml"))
	const op = `name="promote" interval="0s" timeout="300s"`
	for with, want := range map[string]time.Duration{
		op: 5 * time.Minute, `name="promote" interval="0s" timeout="3600"`: time.Hour, `name="promote" interval="0s" timeout="90 min"`: 90 * time.Minute,
		`name="promote" interval="0s" timeout="500000ms"`: 500 * time.Second, `name="promote" interval="0s" timeout="PT1H"`: 0,
		`name="promote" interval="0s"`: 20 * time.Second, `name="demote" interval="0s" timeout="300s"`: 20 * time.Second,
	} {
		a, err := parseAgent([]byte(strings.Replace(cib, op, with, 1)))
		if err != nil || a.Promote != want {
			t.Errorf("%s: %s, %v", with, a.Promote, err)
		}
	}
	unset := strings.Replace(cib, op, `name="promote" interval="0s"`, 1)
	defaults := `<op_defaults><meta_attributes id="op-defaults"><nvpair id="o-t" name="timeout" value="120s"/></meta_attributes></op_defaults></configuration>`
	if a, err := parseAgent([]byte(strings.Replace(unset, "</configuration>", defaults, 1))); err != nil || a.Promote != 2*time.Minute {
		t.Errorf("the operations' default: %s, %v", a.Promote, err)
	}
}

// TestGuestsOfBundles: a replica's number is not its controller's, and what fails in a container is cleaned up on its guest.
func TestGuestsOfBundles(t *testing.T) {
	for file, engine := range map[string]string{"lab-bundle-status.xml": "podman", "docker-status.xml": "docker"} {
		s, err := ParseStatus(recorded(t, file))
		if err != nil {
			t.Fatal(err)
		}
		guests := s.instances().Guests
		for _, r := range s.Resources {
			if r.Agent != agentGalera {
				continue
			}
			if want := strings.Replace(r.Guest, "bundle-", "bundle-"+engine+"-", 1); guests[r.Node] != r.Guest || r.Container != want {
				t.Errorf("%s: %s is guest %s in %s, and known as %s", file, r.Node, r.Guest, r.Container, guests[r.Node])
			}
		}
		if len(guests) != 3 || engine == "docker" && guests["controller-0"] != "galera-bundle-2" {
			t.Errorf("%s: %v", file, guests)
		}
	}
}

func TestInstances(t *testing.T) {
	const all, overcloud = "controller-0 controller-1 controller-2", "overcloud-controller-0 overcloud-controller-1 overcloud-controller-2"
	for _, c := range []struct{ file, promoted, containers, failed string }{
		{"lab-status.xml", all, "", ""},
		{"lab-bundle-status.xml", all, all, ""},
		{"docker-status.xml", all, all, ""},
		{"osp13-status.xml", overcloud, overcloud, ""},
		{"lab-blocked.xml", "", "", "any"},
	} {
		s, err := ParseStatus(recorded(t, c.file))
		if err != nil {
			t.Fatal(err)
		}
		i := s.instances()
		if got := strings.Join(i.Promoted, " "); c.promoted != "" && got != c.promoted || (len(i.Failed) > 0) != (c.failed != "") {
			t.Errorf("%s: %+v", c.file, i)
		}
		if got := strings.Join(i.Containers["galera-bundle"], " "); got != c.containers {
			t.Errorf("%s: containers on %q", c.file, got)
		}
		if len(i.Failed) > 0 && len(i.Failures) == 0 {
			t.Errorf("%s: nobody knows what failed: %+v", c.file, i)
		}
	}
}
