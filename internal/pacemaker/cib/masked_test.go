// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"overcloud.backup/tests/pacemakertest"
)

func parsed(t *testing.T, text string) Configuration {
	t.Helper()
	c, err := ParseConfiguration([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// secretPlaces lists where a CIB can hold a secret, SECRET, under any name.
const secretPlaces = `<configuration>
  <crm_config><cluster_property_set id="p"><nvpair id="p-1" name="ipmi_passwd" value="SECRET"/>
    <nvpair id="p-2" name="community" value="SECRET"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="controller-0" description="SECRET"><instance_attributes id="n">
    <nvpair id="n-1" name="bmc" value="SECRET"/></instance_attributes></node></nodes>
  <resources>
    <primitive id="f" class="stonith" type="fence_ipmilan"><instance_attributes id="fi">
      <nvpair id="fi-1" name="passwd" value="SECRET"/><nvpair id="fi-2" name="snmp_auth" value="SECRET"/>
        <nvpair id="fi-3" name="passwd_script" value="SECRET"/>
      <nvpair id="fi-4" name="ip" value="user:SECRET@10.0.0.1"/><nvpair id="fi-5" name="config"
        value="--login x --with SECRET"/>
    </instance_attributes><meta_attributes id="fm"><nvpair id="fm-1" name="note" value="SECRET"/>
      </meta_attributes></primitive>
    <primitive id="a" class="ocf" provider="heartbeat" type="anything"><instance_attributes id="ai">
      <nvpair id="ai-1" name="cmdline_options" value="SECRET"/></instance_attributes>
      <operations><op id="o" name="monitor" interval="1s"><instance_attributes id="oi"><nvpair id="oi-1"
        name="check" value="SECRET"/></instance_attributes></op></operations></primitive>
    <bundle id="b"><podman image="i" options="--user=root --env=X=SECRET -e SECRET"
      run-command="/bin/sh -c SECRET"/><storage><storage-mapping id="s" options="ro,password=SECRET"/>
      </storage></bundle>
    <!-- SECRET --><group id="g">SECRET<![CDATA[SECRET]]></group><?pi SECRET?>
    <primitive id="u" class="ocf" type="x" unheard-of="SECRET"/>
  </resources>
  <constraints><rsc_location id="l" rsc="f"><rule id="r"><expression id="e" attribute="bmc"
    operation="eq" value="SECRET"/></rule></rsc_location></constraints>
  <alerts><alert id="al" path="/a"><recipient id="ar" value="https://hook/SECRET"/></alert></alerts>
</configuration>`

// No list of names that look like secrets is complete: a value is hidden unless it is known to be harmless.
func TestNoSecretOfACIBIsShownWhateverItIsCalled(t *testing.T) {
	c, none := parsed(t, secretPlaces), parsed(t, "<configuration/>")
	for name, of := range map[string][2]Configuration{"the same": {c, c}, "the set's": {c, none},
		"the cluster's": {none, c}} {
		d, err := of[0].Diff(of[1])
		before, after := d.Before, d.After
		if err != nil || strings.Contains(before+after, "SECRET") {
			t.Errorf("%s: %v\n%s\n%s", name, err, before, after)
		}
		if name == "the same" && (before != after || strings.Contains(after, otherHidden)) {
			t.Errorf("a difference to itself:\n%s\n%s", before, after)
		}
	}
}

// Whoever pushes a configuration sees each hidden value that it would change or add.
func TestAHiddenValueThatAPushWouldChangeIsReported(t *testing.T) {
	places := strings.Count(secretPlaces, "SECRET")
	live := parsed(t, secretPlaces)
	for n := range places {
		at := -1
		for range n + 1 {
			at += 1 + strings.Index(secretPlaces[at+1:], "SECRET")
		}
		other := secretPlaces[:at] + "PAYLOAD" + secretPlaces[at+len("SECRET"):]
		d, err := parsed(t, other).Diff(live)
		before, after := d.Before, d.After
		if err != nil || before == after || len(d.Hidden) != 1 || strings.Contains(d.Hidden[0], "PAYLOAD") ||
			strings.Count(after, "not what the cluster has") != 1 || strings.Contains(after, "PAYLOAD") {
			t.Errorf("place %d, at %q: %v\n%s", n, secretPlaces[max(0, at-60):at], err, after)
		}
	}
	moved := strings.Replace(secretPlaces, `id="fi-1" name="passwd"`, `id="fi-9" name="passwd"`, 1)
	if d, err := parsed(t, moved).Diff(live); err != nil || strings.Count(d.After, "not what the cluster has") != 1 ||
		!slices.Equal(d.Hidden, []string{`"passwd" of nvpair "fi-9"`}) {
		t.Errorf("the value of another place: %v %q\n%s", err, d.Hidden, d.After)
	}
}

// Values that operators compare stay readable.
func TestHarmlessValuesOfACIBAreShown(t *testing.T) {
	for file, want := range map[string][]string{
		"lab-cib.xml": {`value="gcomm://controller-0.internalapi`, `name="cluster_host_map" value="controller-0:`,
			`value="10.99.0.100"`, `value="INFINITY"`, `timeout="300s"`},
		"bundle-cib.xml": {`options="--user=root --log-driver=k8s-file"`,
			`run-command="/bin/bash /usr/local/bin/kolla_start"`, `name="haproxy-role"`},
		"osp13-cib.xml": {`name="ipport" value="`, `name="ipaddr" value="`, `name="pcmk_host_list" value="`},
	} {
		d, err := parsed(t, string(pacemakertest.Recorded(t, file))).Diff(parsed(t, "<configuration/>"))
		if err != nil {
			t.Fatal(err)
		}
		text := d.After
		for _, part := range want {
			if !strings.Contains(text, part) || strings.Contains(text, part+hidden[:1]) {
				t.Errorf("%s: %s is not shown", file, part)
			}
		}
		var hiddenNames []string
		doc := etree.NewDocument()
		if err := doc.ReadFromString(text); err != nil {
			t.Fatal(err)
		}
		for _, pair := range doc.FindElements("//nvpair") {
			if strings.HasPrefix(pair.SelectAttrValue("value", ""), "(hidden") {
				hiddenNames = append(hiddenNames, pair.SelectAttrValue("name", ""))
			}
		}
		slices.Sort(hiddenNames)
		t.Logf("%s hides %v", file, slices.Compact(hiddenNames))
	}
}

func TestFactsHideValuesNotKnownToBeHarmless(t *testing.T) {
	got := ShownValues(map[string]string{"cluster-name": "tripleo_cluster", "ipmi_passwd": "SECRET",
		"community": "SECRET", "my-flag": "true", "master-galera": "100"})
	for name, want := range map[string]string{"cluster-name": "tripleo_cluster", "ipmi_passwd": hidden,
		"community": hidden, "my-flag": "true", "master-galera": "100"} {
		if got[name] != want {
			t.Errorf("%s: %q", name, got[name])
		}
	}
}
