// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"overcloud.backup/tests/pacemakertest"
)

// properties are pairs of property sets, with the resulting maintenance-mode.
var properties = []struct{ name, config, want string }{
	{
		"the later of two",
		pacemakertest.Set(propertySet, "a", "", "maintenance-mode=true") +
			pacemakertest.Set(propertySet, "b", "", "maintenance-mode=false"),
		"false",
	},
	{
		"the later of two, on",
		pacemakertest.Set(propertySet, "a", "", "maintenance-mode=false") +
			pacemakertest.Set(propertySet, "b", "", "maintenance-mode=true"),
		"true",
	},
	{
		"the higher score",
		pacemakertest.Set(propertySet, "a", "10", "maintenance-mode=true") +
			pacemakertest.Set(propertySet, "b", "", "maintenance-mode=false"),
		"true",
	},
	{
		"the bootstrap options first",
		pacemakertest.Set(propertySet, bootstrapOptions, "", "maintenance-mode=true") +
			pacemakertest.Set(propertySet, "b", "100", "maintenance-mode=false"),
		"true",
	},
	{
		"the bootstrap options last in the document",
		pacemakertest.Set(propertySet, "b", "100", "maintenance-mode=false") +
			pacemakertest.Set(propertySet, bootstrapOptions, "", "maintenance-mode=true"),
		"true",
	},
	{
		"the bootstrap options in capitals",
		pacemakertest.Set(propertySet, "b", "100", "maintenance-mode=false") +
			pacemakertest.Set(propertySet, "CIB-Bootstrap-Options", "", "maintenance-mode=true"),
		"true",
	},
	{
		"a pair by id-ref",
		pacemakertest.Set(propertySet, "a", "-5", "maintenance-mode=true") +
			`<cluster_property_set id="b"><nvpair id-ref="a-0"/></cluster_property_set>`,
		"true",
	},
	{"the first in a set", pacemakertest.Set(propertySet, "a", "", "maintenance-mode=true", "maintenance-mode=false"),
		"true"},
	{"none", "", "false"},
}

func TestPropertiesOfSeveralSets(t *testing.T) {
	for _, c := range properties {
		t.Run(c.name, func(t *testing.T) {
			doc := pacemakertest.CIBWith(c.config+pacemakertest.Lock, "")
			cib, err := Parse(doc)
			if err != nil {
				t.Fatal(err)
			}
			if got := IsTrue(cib.Properties["maintenance-mode"]); fmt.Sprint(got) != c.want || len(cib.Locks) != 1 {
				t.Errorf("%t, want %s: %+v", got, c.want, cib)
			}
			printed := judge(t, doc, "crm_mon", "-1", "--output-as=xml", "--inactive")
			if !strings.Contains(printed, ` maintenance-mode="`+c.want+`"`) {
				t.Errorf("crm_mon does not say %s:\n%.2000s", c.want, printed)
			}
		})
	}
}

// Rules are not evaluated. One that may stop everything counts; any other property is left out, with a note.
func TestPropertiesUnderARule(t *testing.T) {
	ruled := func(pairs ...string) string {
		return strings.Replace(pacemakertest.Set(propertySet, "r", "9", pairs...), ">",
			">"+fmt.Sprintf(dateInPast, "ru"), 1)
	}
	plain := pacemakertest.Set(propertySet, bootstrapOptions, "-1", "stop-all-resources=false", "x=y")
	cib, err := Parse(pacemakertest.CIBWith(ruled("maintenance-mode=true", "cluster-name=a")+plain+
		strings.ReplaceAll(ruled("stop-all-resources=true", "x=y"), `"r`, `"s`), ""))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"maintenance-mode": "true", "stop-all-resources": "false", "x": "y"}
	if !maps.Equal(cib.Properties, want) {
		t.Errorf("%v, want %v", cib.Properties, want)
	}
	if word := cib.Odd["property cluster-name"]; word != "cluster-name depends on a rule, which is not evaluated here" {
		t.Errorf("%q of %q", word, cib.Odd)
	}
}
