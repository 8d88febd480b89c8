// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/pacemaker/xmldoc"
	"overcloud.backup/tests/pacemakertest"
)

const (
	template     = `<template id="t" class="ocf" provider="heartbeat" type="Dummy">%s</template>`
	ofTemplate   = `template="t"`
	withDefaults = `</resources><constraints/><rsc_defaults>%s</rsc_defaults><resources>`
	inClone      = `<clone id="c">%s%s</clone>`
	dateInPast   = `<rule id="%s" score="0"><date_expression id="%[1]s-d" operation="gt" start="2001-01-01"/></rule>`
	ruledState   = `<instance_attributes id="%s" score="9">` + dateInPast +
		`<nvpair id="%[1]s-0" name="state" value="%s"/></instance_attributes>`
)

// effective has the effective options of the primitive d, as Pacemaker 2.1.5 reports them: crm_resource -g.
var effective = []struct{ name, resources, kind, pair, want string }{
	{"its own", pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "", "state=x")), instanceAttributes, "state", "x"},
	{"the first of two in a set", pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "", "state=x", "state=y")),
		instanceAttributes, "state", "x"},
	{
		"the later of two sets",
		pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "", "state=x"), pacemakertest.Inst("j", "", "state=y")),
		instanceAttributes,
		"state",
		"y",
	},
	{
		"the set with the higher score",
		pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "3", "state=x"), pacemakertest.Inst("j", "", "state=y")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"a score below zero",
		pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "", "state=x"), pacemakertest.Inst("j", "-1", "state=y")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"INFINITY",
		pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "INFINITY", "state=x"),
			pacemakertest.Inst("j", "2000", "state=y")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"a set by id-ref",
		pacemakertest.Dummy("d", "", `<instance_attributes id-ref="i"/>`) +
			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"a set by id-ref has its own score",
		pacemakertest.Dummy("d", "", `<instance_attributes id-ref="i"/>`, pacemakertest.Inst("j", "", "state=y")) +
			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "1", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"a pair by id-ref",
		pacemakertest.Dummy("d", "", `<instance_attributes id="j"><nvpair id-ref="i-0"/></instance_attributes>`) +
			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"a pair by id-ref under another name",
		pacemakertest.Dummy("d", "",
			`<instance_attributes id="j"><nvpair id-ref="i-0" name="state"/></instance_attributes>`) +
			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", "fake=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"an id-ref of another kind",
		pacemakertest.Dummy("d", "", pacemakertest.Meta("m", "", "state=y"), pacemakertest.Inst("i", "", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"of its template",
		fmt.Sprintf(template, pacemakertest.Inst("i", "", "state=x")) + pacemakertest.Dummy("d", ofTemplate),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"of a template that follows",
		pacemakertest.Dummy("d", ofTemplate) + fmt.Sprintf(template, pacemakertest.Inst("i", "", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"its own before its template's",
		fmt.Sprintf(template, pacemakertest.Inst("i", "", "state=y")) +
			pacemakertest.Dummy("d", ofTemplate, pacemakertest.Inst("j", "", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"a template's with a higher score",
		fmt.Sprintf(template, pacemakertest.Inst("i", "9", "state=x")) +
			pacemakertest.Dummy("d", ofTemplate, pacemakertest.Inst("j", "", "state=y")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"a template's id-ref",
		fmt.Sprintf(template, `<instance_attributes id-ref="i"/>`) + pacemakertest.Dummy("d", ofTemplate) +
			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"of its group",
		`<group id="g">` + pacemakertest.Dummy("d", "") + pacemakertest.Inst("i", "", "state=x") + "</group>",
		instanceAttributes,
		"state",
		"x",
	},
	{
		"its own before its group's",
		`<group id="g">` + pacemakertest.Dummy("d", "", pacemakertest.Inst("j", "", "state=x")) +
			pacemakertest.Inst("i", "9", "state=y") + "</group>",
		instanceAttributes,
		"state",
		"x",
	},
	{
		"#default with a lower score",
		pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "3", "state=x"),
			pacemakertest.Inst("j", "", "state=#default")),
		instanceAttributes,
		"state",
		"",
	},
	{
		"#default with a higher score",
		pacemakertest.Dummy("d", "", pacemakertest.Inst("i", "", "state=#default"),
			pacemakertest.Inst("j", "-3", "state=x")),
		instanceAttributes,
		"state",
		"x",
	},
	{
		"is-managed of its clone",
		fmt.Sprintf(inClone, pacemakertest.Dummy("d", ""), pacemakertest.Meta("m", "", "is-managed=false")),
		metaAttributes,
		"is-managed",
		"false",
	},
	{
		"its own is-managed before its clone's",
		fmt.Sprintf(inClone, pacemakertest.Dummy("d", "", pacemakertest.Meta("n", "", "is-managed=true")),
			pacemakertest.Meta("m", "", "is-managed=false")),
		metaAttributes,
		"is-managed",
		"true",
	},
	{
		"is-managed of the group in a clone",
		fmt.Sprintf(
			inClone,
			`<group id="g">`+pacemakertest.Dummy("d", "")+pacemakertest.Meta("n", "", "is-managed=true")+"</group>",
			pacemakertest.Meta("m", "", "is-managed=false"),
		),
		metaAttributes,
		"is-managed",
		"true",
	},
}

func TestReferencedDefinitionsBelongToTheResource(t *testing.T) {
	for _, c := range effective {
		t.Run(c.name, func(t *testing.T) {
			root, err := xmldoc.Parse(pacemakertest.CIBWith("", c.resources), "cib")
			if err != nil {
				t.Fatal(err)
			}
			d := root.FindElement("//primitive[@id='d']")
			v := referTo(root).settings(d, enclosing(d), c.kind)
			if got, err := v.certain(c.pair); got != c.want || err != nil || v.err != nil {
				t.Errorf("%q, %v, %v, want %q", got, err, v.err, c.want)
			}
		})
	}
}

// judge runs one of Pacemaker's own commands on a CIB in a file. If it is missing, or older than 2.1, the test is
// skipped.
func judge(t *testing.T, cib []byte, tool string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skipf("no judge: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	version, err := exec.CommandContext(ctx, path, "--version").Output()
	if old := regexp.MustCompile(`^Pacemaker (1|2\.0)\.`); err != nil || old.Match(version) {
		t.Skipf("no judge: %.20s, %v", version, err)
	}
	file := filepath.Join(t.TempDir(), "cib.xml")
	text := strings.NewReplacer(
		`<cib `,
		`<cib crm_feature_set="3.0.10" validate-with="pacemaker-3.0" epoch="1" num_updates="0" admin_epoch="0" `,
		"<nodes/>", `<nodes><node id="1" uname="c0"/></nodes>`,
		"<status/>", `<status><node_state id="1" uname="c0" in_ccm="true" crmd="online" join="member"/></status>`,
	).Replace(string(cib))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(ctx, path, args...)
	c.Env = append(os.Environ(), "CIB_file="+file)
	out, err := c.Output()
	if err != nil && !strings.Contains(fmt.Sprint(string(err.(*exec.ExitError).Stderr)), "not found") {
		t.Fatalf("%v: %s\n%s", err, err.(*exec.ExitError).Stderr, text)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// Pacemaker itself confirms the cases above.
func TestPacemakerReadsReferencesAsWeDo(t *testing.T) {
	for _, c := range effective {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"--resource", "d", "--get-parameter", c.pair}
			if c.kind == metaAttributes {
				args = append(args, "--meta")
			}
			if got := judge(t, pacemakertest.CIBWith("", c.resources), "crm_resource", args...); got != c.want {
				t.Errorf("Pacemaker reads %q, the table says %q", got, c.want)
			}
		})
	}
}

func TestGaleraByReference(t *testing.T) {
	const hosts = "cluster_host_map=controller-0:c0;controller-1:c1"
	for name, resources := range map[string]string{
		"by template": pacemakertest.Agent("template", "t", "galera", pacemakertest.Inst("i", "", hosts, "socket=/s")) +
			`<primitive id="galera" template="t"/>`,
		"with attributes": pacemakertest.Agent("template", "t", "galera",
			pacemakertest.Inst("i", "", "socket=/x", hosts)) +
			`<primitive id="galera" template="t">` +
			pacemakertest.Inst("j", "", "socket=/s") + `</primitive>`,
		"attributes by id-ref": `<primitive id="galera" class="ocf" provider="heartbeat" type="galera">` +
			`<instance_attributes id-ref="i"/></primitive>` +
			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", hosts, "socket=/s")),
		"both, in a group": `<template id="t" class="ocf" provider="heartbeat" type="galera"/><group id="g">` +
			`<primitive id="galera" template="t"><instance_attributes id-ref="i"/></primitive></group>` +
			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", hosts, "socket=/s")),
		"a pair of it by itself": pacemakertest.Agent("primitive", "galera", "galera",
			`<instance_attributes id="j"><nvpair id-ref="i-0"/><nvpair id-ref="i-1"/></instance_attributes>`) +

			pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", hosts, "socket=/s")),
	} {
		t.Run(name, func(t *testing.T) {
			doc := pacemakertest.CIBWith("", resources)
			cib, err := Parse(doc)
			if err != nil || cib.Galera == nil {
				t.Fatalf("%+v, %v", cib, err)
			}
			g := cib.Galera
			want := map[string]string{"controller-0": "c0", "controller-1": "c1"}
			if !maps.Equal(g.HostMap, want) || g.Socket != "/s" || g.Resource != "galera" {
				t.Errorf("%+v", g)
			}
			a, err := ParseAgent(doc)
			members := strings.Join(a.Members, " ")
			if err != nil || a.Resource != "galera" || members != "controller-0 controller-1" || !a.Managed {
				t.Errorf("as a restore steers it: %+v, %v", a, err)
			}
		})
	}
}

func TestOperationsOfATemplate(t *testing.T) {
	const of = `<template id="t" class="ocf" provider="heartbeat" type="galera"><operations>` +
		`<op id="tp" name="promote" interval="0s" timeout="300s"/></operations></template>`
	for own, want := range map[string]time.Duration{
		"": 5 * time.Minute,
		`<operations><op id="p" name="promote" interval="0s" timeout="90s"/></operations>`: 90 * time.Second,
		`<operations><op id="p" name="monitor" interval="9s" timeout="90s"/></operations>`: 5 * time.Minute,
		`<operations id-ref="elsewhere"/>`:                                                 time.Hour,
	} {
		other := pacemakertest.Dummy("e", "",
			`<operations id="elsewhere"><op id="q" name="promote" interval="0s" timeout="1h"/></operations>`)
		a, err := ParseAgent(pacemakertest.CIBWith("",
			of+`<primitive id="galera" template="t">`+own+`</primitive>`+other))
		if err != nil || a.Promote != want {
			t.Errorf("%s: %s, %v", own, a.Promote, err)
		}
	}
}

// Nested references that multiply the size take neither long nor much memory.
func TestReferencesThatMultiplyAreRefused(t *testing.T) {
	pairs := make([]string, 4000)
	for i := range pairs {
		pairs[i] = fmt.Sprintf("n%d=v", i)
	}
	for name, doc := range map[string][]byte{
		"a set of many pairs": pacemakertest.CIBWith(
			"",
			strings.Repeat(
				`<primitive class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id-ref="i"/>`+
					`</primitive>`,
				1000,
			)+
				pacemakertest.Dummy("e", "", pacemakertest.Inst("i", "", pairs...)),
		),
		"a template of it": pacemakertest.CIBWith(
			"",
			strings.Repeat(`<primitive template="t"/>`, 1000)+
				`<template id="t" class="ocf" provider="heartbeat" type="IPaddr2">`+
				pacemakertest.Inst("i", "", pairs...)+`</template>`,
		),
		"a template of sets": pacemakertest.CIBWith(
			"",
			strings.Repeat(`<primitive template="t"/>`, 1000)+
				`<template id="t" class="ocf" provider="heartbeat" type="IPaddr2">`+
				strings.Repeat("<instance_attributes/>", 9000)+`</template>`,
		),
		"a set of properties": pacemakertest.CIBWith(
			strings.Repeat(`<cluster_property_set id-ref="a"/>`, 1000)+
				pacemakertest.Set(propertySet, "a", "", pairs...), ""),
		"a set of clones": pacemakertest.CIBWith(
			"",
			strings.Repeat(`<clone><meta_attributes id-ref="m"/></clone>`, 1000)+
				pacemakertest.Dummy("e", "", pacemakertest.Meta("m", "", pairs...)),
		),
	} {
		before := allocated()
		_, err := Parse(doc)
		// A pair takes some 200 bytes, so that the four million of these documents would take 800 MB.
		if took := allocated() - before; err == nil || !strings.Contains(err.Error(), "1048576 name-value pairs") ||
			took > 400<<20 {
			t.Errorf("%s: %v after %d bytes", name, err, took)
		}
	}
}

// allocated returns how many bytes this process has allocated. Unlike a time it is the same on a slow or busy machine.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
