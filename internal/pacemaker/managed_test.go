// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"fmt"
	"strings"
	"testing"
)

var notManaged = meta("m", "", "is-managed=false")

// managedCases are what the primitive d is, as crm_mon 2.1.5 prints it.
var managedCases = []struct {
	name, resources string
	want            bool
}{
	{"nothing said", dummy("d", ""), true},
	{"its own false", dummy("d", "", meta("m", "", "is-managed=false")), false},
	{"what is no boolean", dummy("d", "", meta("m", "", "is-managed=maybe")), false},
	{"nothing at all", dummy("d", "", meta("m", "", "is-managed=")), false},
	{
		"the word default",
		fmt.Sprintf(inClone, dummy("d", "", meta("n", "", "is-managed=default")), meta("m", "", "is-managed=false")),
		true,
	},
	{
		"true in a clone of false",
		fmt.Sprintf(inClone, dummy("d", "", meta("n", "", "is-managed=true")), meta("m", "", "is-managed=false")),
		true,
	},
	{
		"false in a clone of true",
		fmt.Sprintf(inClone, dummy("d", "", meta("n", "", "is-managed=false")), meta("m", "", "is-managed=true")),
		false,
	},
	{"a clone of false", fmt.Sprintf(inClone, dummy("d", ""), meta("m", "", "is-managed=false")), false},
	{
		"true in a group of false",
		`<group id="g">` + dummy("d", "", meta("n", "", "is-managed=true")) + meta("m", "", "is-managed=false") +
			"</group>",
		true,
	},
	{
		"maintenance of a clone",
		fmt.Sprintf(inClone, dummy("d", "", meta("n", "", "is-managed=true")), meta("m", "", "maintenance=true")),
		false,
	},
	{
		"no maintenance in a clone with",
		fmt.Sprintf(inClone, dummy("d", "", meta("n", "", "maintenance=false")), meta("m", "", "maintenance=true")),
		true,
	},
	{"of a template", fmt.Sprintf(template, meta("m", "", "is-managed=false")) + dummy("d", ofTemplate), false},
	{
		"true of a template of false",
		fmt.Sprintf(template, meta("m", "", "is-managed=false")) + dummy("d", ofTemplate, meta("n", "", "is-managed=true")),
		true,
	},
	{
		"the defaults",
		dummy("d", "") + fmt.Sprintf(withDefaults, notManaged),
		false,
	},
	{
		"its own before the defaults",
		dummy("d", "", meta("n", "", "is-managed=true")) + fmt.Sprintf(withDefaults, notManaged),
		true,
	},
}

func TestManagedIsTheResourcesOwnWordFirst(t *testing.T) {
	for _, c := range managedCases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(string(cibWith("", c.resources)), "<resources></resources><constraints/>", "", 1)
			root, err := document([]byte(text), "cib")
			if err != nil {
				t.Fatal(err)
			}
			d := root.FindElement("//primitive[@id='d']")
			if got := referTo(root).managed(d, around(d)); got != c.want {
				t.Errorf("the configuration says %t", got)
			}
			s, err := ParseStatus([]byte(judge(t, []byte(text), "crm_mon", "-1", "--output-as=xml", "--inactive")))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range s.Resources {
				if r.ID == "d" && r.Managed != c.want {
					t.Errorf("crm_mon says %t", r.Managed)
				}
			}
		})
	}
}

// A bundle runs containers, which it may leave alone though what is in them has a word of its own.
func TestABundlesContainersCountToo(t *testing.T) {
	bundle := `<bundle id="b"><podman image="i" replicas="1"/>` + dummy("d", "", meta("n", "", "is-managed=true")) +
		meta("m", "", "is-managed=false") + `</bundle>`
	root, err := document(cibWith("", bundle), "cib")
	if err != nil {
		t.Fatal(err)
	}
	if d := root.FindElement("//primitive"); referTo(root).managed(d, around(d)) {
		t.Error("its containers are unmanaged")
	}
	doc := strings.Replace(good, "<resources>", `<resources>`+
		`<bundle id="b" type="podman" image="i" unique="false" managed="false" failed="false"><replica id="0">`+
		`<resource id="d" resource_agent="ocf:heartbeat:Dummy" role="Started" active="true" managed="true" failed="false"/>`+
		`</replica></bundle>`, 1)
	if s, err := ParseStatus([]byte(doc)); err != nil || len(s.Resources) != 2 || s.Resources[0].Managed {
		t.Errorf("%+v, %v", s, err)
	}
}
