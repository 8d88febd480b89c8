// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"errors"
	"strings"
	"testing"
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
	for _, c := range []struct{ file, resource, parent, members string }{
		{"lab-cib.xml", "galera", "galera-master", "controller-0 controller-1 controller-2"},
		{"bundle-cib.xml", "galera", "galera-bundle", ""},
	} {
		a, err := parseAgent(configuration(t, c.file))
		if err != nil || a.Resource != c.resource || a.Parent != c.parent || a.Bundle != (c.parent == "galera-bundle") {
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

func TestInstances(t *testing.T) {
	for _, c := range []struct{ file, promoted, failed string }{
		{"lab-status.xml", "controller-0 controller-1 controller-2", ""},
		{"lab-blocked.xml", "", "any"},
	} {
		s, err := ParseStatus(recorded(t, c.file))
		if err != nil {
			t.Fatal(err)
		}
		i := s.instances()
		if got := strings.Join(i.Promoted, " "); c.promoted != "" && got != c.promoted || (len(i.Failed) > 0) != (c.failed != "") {
			t.Errorf("%s: %+v", c.file, i)
		}
		if len(i.Failed) > 0 && len(i.Failures) == 0 {
			t.Errorf("%s: nobody knows what failed: %+v", c.file, i)
		}
	}
}
