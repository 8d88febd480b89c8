// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/internal/pacemaker/xmldoc"
	"overcloud.backup/tests/pacemakertest"
)

var notManaged = pacemakertest.Meta("m", "", "is-managed=false")

// managedCases say whether the primitive d is managed, as crm_mon 2.1.5 prints it.
var managedCases = []struct {
	name, resources string
	want            bool
}{
	{"nothing said", pacemakertest.Dummy("d", ""), true},
	{"its own false", pacemakertest.Dummy("d", "", pacemakertest.Meta("m", "", "is-managed=false")), false},
	{"what is no boolean", pacemakertest.Dummy("d", "", pacemakertest.Meta("m", "", "is-managed=maybe")), false},
	{"nothing at all", pacemakertest.Dummy("d", "", pacemakertest.Meta("m", "", "is-managed=")), false},
	{
		"the word default",
		fmt.Sprintf(inClone, pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=default")),
			pacemakertest.Meta("m", "", "is-managed=false")),
		true,
	},
	{
		"true in a clone of false",
		fmt.Sprintf(inClone, pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=true")),
			pacemakertest.Meta("m", "", "is-managed=false")),
		true,
	},
	{
		"false in a clone of true",
		fmt.Sprintf(inClone, pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=false")),
			pacemakertest.Meta("m", "", "is-managed=true")),
		false,
	},
	{"a clone of false", fmt.Sprintf(inClone, pacemakertest.Dummy("d", ""),
		pacemakertest.Meta("m", "", "is-managed=false")), false},
	{
		"true in a group of false",
		`<group id="g">` + pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=true")) +
			pacemakertest.Meta("m", "", "is-managed=false") +
			"</group>",
		true,
	},
	{
		"maintenance of a clone",
		fmt.Sprintf(inClone, pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=true")),
			pacemakertest.Meta("m", "", "maintenance=true")),
		false,
	},
	{
		"no maintenance in a clone with",
		fmt.Sprintf(inClone, pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "maintenance=false")),
			pacemakertest.Meta("m", "", "maintenance=true")),
		true,
	},
	{"of a template", fmt.Sprintf(template, pacemakertest.Meta("m", "", "is-managed=false")) +
		pacemakertest.Dummy("d", ofTemplate), false},
	{
		"true of a template of false",
		fmt.Sprintf(template, pacemakertest.Meta("m", "", "is-managed=false")) +
			pacemakertest.Dummy("d", ofTemplate, pacemakertest.Meta("n", "", "is-managed=true")),
		true,
	},
	{
		"the defaults",
		pacemakertest.Dummy("d", "") + fmt.Sprintf(withDefaults, notManaged),
		false,
	},
	{
		"its own before the defaults",
		pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=true")) +
			fmt.Sprintf(withDefaults, notManaged),
		true,
	},
}

func TestManagedIsTheResourcesOwnWordFirst(t *testing.T) {
	for _, c := range managedCases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(string(pacemakertest.CIBWith("", c.resources)),
				"<resources></resources><constraints/>", "", 1)
			root, err := xmldoc.Parse([]byte(text), "cib")
			if err != nil {
				t.Fatal(err)
			}
			d := root.FindElement("//primitive[@id='d']")
			if got := referTo(root).managed(d, enclosing(d)); got != c.want {
				t.Errorf("the configuration says %t", got)
			}
			status := judge(t, []byte(text), "crm_mon", "-1", "--output-as=xml", "--inactive")
			shown, err := xmldoc.Parse([]byte(status), "pacemaker-result")
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range shown.FindElements("//resource[@id='d']") {
				if managed := r.SelectAttrValue("managed", ""); managed != strconv.FormatBool(c.want) {
					t.Errorf("crm_mon says %s", managed)
				}
			}
		})
	}
}

// A bundle runs containers, which may be unmanaged although the resource inside sets a value of its own.
func TestABundlesContainersCountToo(t *testing.T) {
	bundle := `<bundle id="b"><podman image="i" replicas="1"/>` +
		pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=true")) +
		pacemakertest.Meta("m", "", "is-managed=false") + `</bundle>`
	root, err := xmldoc.Parse(pacemakertest.CIBWith("", bundle), "cib")
	if err != nil {
		t.Fatal(err)
	}
	if d := root.FindElement("//primitive"); referTo(root).managed(d, enclosing(d)) {
		t.Error("its containers are unmanaged")
	}
}
