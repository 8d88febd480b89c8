// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/tests/pacemakertest"
)

// TestGuestsOfBundles: a replica's number is not its controller's, and a failure in a container is cleaned up on its
// guest node.
func TestGuestsOfBundles(t *testing.T) {
	for file, engine := range map[string]string{"lab-bundle-status.xml": "podman", "docker-status.xml": "docker"} {
		s, err := crmmon.Parse(pacemakertest.Recorded(t, file))
		if err != nil {
			t.Fatal(err)
		}
		guests := instances(s).Guests
		for _, r := range s.Resources {
			if r.Agent != cib.AgentGalera {
				continue
			}
			if want := strings.Replace(r.Guest, "bundle-", "bundle-"+engine+"-", 1); guests[r.Node] != r.Guest ||
				r.Container != want {
				t.Errorf("%s: %s is guest %s in %s, and known as %s", file, r.Node, r.Guest, r.Container,
					guests[r.Node])
			}
		}
		if len(guests) != 3 || engine == "docker" && guests["controller-0"] != "galera-bundle-2" {
			t.Errorf("%s: %v", file, guests)
		}
	}
}

func TestInstances(t *testing.T) {
	const all, overcloud = "controller-0 controller-1 controller-2",
		"overcloud-controller-0 overcloud-controller-1 overcloud-controller-2"
	for _, c := range []struct{ file, promoted, containers, failed string }{
		{"lab-status.xml", all, "", ""},
		{"lab-bundle-status.xml", all, all, ""},
		{"docker-status.xml", all, all, ""},
		{"osp13-status.xml", overcloud, overcloud, ""},
		{"lab-blocked.xml", "", "", "any"},
	} {
		s, err := crmmon.Parse(pacemakertest.Recorded(t, c.file))
		if err != nil {
			t.Fatal(err)
		}
		i := instances(s)
		if got := strings.Join(i.Promoted, " "); c.promoted != "" && got != c.promoted ||
			(len(i.Failed) > 0) != (c.failed != "") {
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
