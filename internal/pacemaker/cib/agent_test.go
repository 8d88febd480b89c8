// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"errors"
	"strings"
	"testing"
	"time"

	"overcloud.backup/tests/pacemakertest"
)

func TestTheGaleraResourceOfACIB(t *testing.T) {
	const image = "cluster.common.tag/mariadb:pcmklatest"
	for _, c := range []struct{ file, resource, parent, members, engine, image string }{
		{"lab-cib.xml", "galera", "galera-master", "controller-0 controller-1 controller-2", "", ""},
		{"bundle-cib.xml", "galera", "galera-bundle", "", "podman", "cluster.common.tag/galera:pcmklatest"},
		{"lab-bundle-cib.xml", "galera", "galera-bundle", "controller-0 controller-1 controller-2", "podman", image},
		{"docker-cib.xml", "galera", "galera-bundle", "controller-0 controller-1 controller-2", "docker", image},
		{"osp13-cib.xml", "galera", "galera-bundle",
			"overcloud-controller-0 overcloud-controller-1 overcloud-controller-2", "docker",
			"192.168.24.1:8787/rhosp13/openstack-mariadb:pcmklatest"},
	} {
		a, err := ParseAgent(pacemakertest.Configuration(t, c.file))
		if err != nil || a.Resource != c.resource || a.Parent != c.parent ||
			a.Bundle != (c.parent == "galera-bundle") || a.Engine != c.engine || a.Image != c.image {
			t.Errorf("%s: %+v, %v", c.file, a, err)
		}
		if got := strings.Join(a.Members, " "); c.members != "" && got != c.members {
			t.Errorf("%s: members %s", c.file, got)
		}
	}
	stopped := strings.Replace(string(pacemakertest.Configuration(t, "lab-cib.xml")),
		`<meta_attributes id="galera-master-meta`,
		`<meta_attributes id="x"><nvpair id="y" name="target-role" value="Stopped"/></meta_attributes>`+
			`<meta_attributes id="galera-master-meta`, 1)
	if a, err := ParseAgent([]byte(stopped)); err != nil || a.TargetRole != "Stopped" {
		t.Errorf("a stopped one: %+v, %v", a, err)
	}
	if _, err := ParseAgent([]byte("<configuration><resources/></configuration>")); !errors.Is(err, ErrNoGalera) {
		t.Errorf("no resource: %v", err)
	}
}

func TestTheTimeLimitOfAPromotion(t *testing.T) {
	cib := string(pacemakertest.Configuration(t, "lab-cib.xml"))
	const op = `name="promote" interval="0s" timeout="300s"`
	for with, want := range map[string]time.Duration{
		op: 5 * time.Minute, `name="promote" interval="0s" timeout="3600"`: time.Hour,
		`name="promote" interval="0s" timeout="90 min"`:   90 * time.Minute,
		`name="promote" interval="0s" timeout="500000ms"`: 500 * time.Second,
		`name="promote" interval="0s" timeout="PT1H"`:     0,
		`name="promote" interval="0s"`:                    20 * time.Second,
		`name="demote" interval="0s" timeout="300s"`:      20 * time.Second,
	} {
		a, err := ParseAgent([]byte(strings.Replace(cib, op, with, 1)))
		if err != nil || a.Promote != want {
			t.Errorf("%s: %s, %v", with, a.Promote, err)
		}
	}
	unset := strings.Replace(cib, op, `name="promote" interval="0s"`, 1)
	defaults := `<op_defaults><meta_attributes id="op-defaults"><nvpair id="o-t" name="timeout" value="120s"/>` +
		`</meta_attributes></op_defaults></configuration>`
	if a, err := ParseAgent([]byte(strings.Replace(unset, "</configuration>", defaults, 1))); err != nil ||
		a.Promote != 2*time.Minute {
		t.Errorf("the operations' default: %s, %v", a.Promote, err)
	}
}

func TestAnUnmanagedResourceIsSeenAtAnyLevel(t *testing.T) {
	cib := string(pacemakertest.Configuration(t, "lab-cib.xml"))
	for _, at := range []string{`<meta_attributes id="galera-master-meta`, `<instance_attributes id="galera-instance`} {
		text := strings.Replace(cib, at,
			`<meta_attributes id="x"><nvpair id="y" name="is-managed" value="false"/></meta_attributes>`+at, 1)
		if a, err := ParseAgent([]byte(text)); err != nil || a.Managed {
			t.Errorf("%s: %+v, %v", at, a, err)
		}
	}
}
