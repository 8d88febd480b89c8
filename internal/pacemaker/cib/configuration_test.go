// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"strings"
	"testing"

	"overcloud.backup/tests/pacemakertest"
)

func TestAConfigurationIsComparedWithoutLocksAndShownWithoutSecrets(t *testing.T) {
	whole, err := ParseConfiguration(pacemakertest.Recorded(t, "lab-cib.xml"))
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ParseConfiguration(pacemakertest.Recorded(t, "lab-locked-cib.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := locked.Diff(whole); strings.Contains(d.After, LockPrefix) ||
		!strings.Contains(d.After, `id="galera-master"`) || strings.Contains(d.After, "<status") {
		t.Errorf("got\n%s", d.After)
	}
	if same, err := whole.Equal(whole); !same || err != nil {
		t.Errorf("not equal to itself: %v", err)
	}
	secret := strings.Replace(string(pacemakertest.Configuration(t, "lab-cib.xml")), "</crm_config>",
		`<cluster_property_set id="p"><nvpair id="p-1" name="ipmi_passwd" value="hunter2"/></cluster_property_set>`+
			`</crm_config>`, 1)
	with, err := ParseConfiguration([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := with.Diff(whole); strings.Contains(d.After, "hunter2") || !strings.Contains(d.After, otherHidden) {
		t.Errorf("got\n%s", d.After)
	}
	other, _ := ParseConfiguration([]byte(strings.Replace(secret, "hunter2", "hunter3", 1)))
	if same, _ := with.Equal(other); same {
		t.Error("another password counts as the same")
	}
	if _, err := ParseConfiguration([]byte("<cib/>")); err == nil {
		t.Error("a CIB without configuration was taken")
	}
}

func TestAConfigurationOfAnotherClusterIsReported(t *testing.T) {
	ours := string(pacemakertest.Configuration(t, "lab-cib.xml"))
	for _, c := range []struct{ name, old, new, live, want string }{
		{"itself", "", "", ours, ""},
		{"another property", `value="tripleo_cluster"`, `value="c"`, ours, ""},
		{"another node", `uname="controller-2"`, `uname="controller-3"`, ours, "the nodes controller-0, controller-1," +
			" controller-3, and this one has controller-0, controller-1, controller-2"},
		{"another address", `value="10.99.0.100"`, `value="10.99.0.200"`, ours,
			"the virtual IPs 10.99.0.200, and this one has 10.99.0.100"},
		{"a live one that has lost its resources", "", "",
			`<configuration><nodes><node uname="controller-2"/><node uname="controller-1"/><node` +
				` uname="controller-0"/></nodes></configuration>`, ""},
	} {
		wanted, err := ParseConfiguration([]byte(strings.Replace(ours, c.old, c.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		live, err := ParseConfiguration([]byte(c.live))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wanted.OfAnother(live); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}
