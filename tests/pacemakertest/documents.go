// SPDX-License-Identifier: GPL-3.0-or-later

// Package pacemakertest gives tests recorded clusters, small and hostile documents, and fake commands of Pacemaker and
// Corosync.
package pacemakertest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// folder is the path of the recordings from internal/pacemaker, from the packages below it, and from here.
func folder(t testing.TB) string {
	t.Helper()
	for _, path := range []string{"testdata", "../testdata", "../../internal/pacemaker/testdata"} {
		if _, err := os.Stat(filepath.Join(path, "lab-cib.xml")); err == nil {
			at, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
	}
	t.Fatal("there are no recordings of Pacemaker")
	return ""
}

// Recorded returns a recording.
func Recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Configuration returns what cibadmin --query --scope configuration prints of a recorded CIB.
func Configuration(t *testing.T, name string) []byte {
	t.Helper()
	text := string(Recorded(t, name))
	from, to := strings.Index(text, "<configuration"), strings.Index(text, "</configuration>")
	if from < 0 || to < 0 {
		t.Fatalf("%s holds no configuration", name)
	}
	return []byte(text[from : to+len("</configuration>")])
}

// CIBWith returns a small CIB with the given content in crm_config and resources.
func CIBWith(config, resources string) []byte {
	return []byte(`<cib have-quorum="1"><configuration><crm_config>` + config + `</crm_config><nodes/><resources>` +
		resources + `</resources><constraints/></configuration><status/></cib>`)
}

// Lock returns a lock of a backup in crm_config.
const Lock = `<cluster_property_set id="overcloud-backup-lock-6b1f"><nvpair id="h" name="overcloud-backup-holder"` +
	` value="controller-1"/>` +
	`<nvpair id="j" name="overcloud-backup-job" value="j1"/><nvpair id="s" name="overcloud-backup-since"` +
	` value="1795374000"/>` +
	`<nvpair id="e" name="overcloud-backup-expires" value="1795377600.5"/></cluster_property_set>`

// Set returns a set of pairs in short: Set("meta_attributes", "m", "", "is-managed=false").
func Set(kind, id, score string, pairs ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, `<%s id="%s"`, kind, id)
	if score != "" {
		text.WriteString(` score="` + score + `"`)
	}
	text.WriteString(">")
	for n, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		fmt.Fprintf(&text, `<nvpair id="%s-%d" name="%s" value="%s"/>`, id, n, name, value)
	}
	return text.String() + "</" + kind + ">"
}

// Meta returns a set of meta attributes.
func Meta(id, score string, pairs ...string) string {
	return Set("meta_attributes", id, score, pairs...)
}

// Inst returns a set of instance attributes.
func Inst(id, score string, pairs ...string) string {
	return Set("instance_attributes", id, score, pairs...)
}

// Dummy returns a primitive with this id, of the template in "template=t" if attributes have that.
func Dummy(id, attributes string, inside ...string) string {
	if attributes == "" {
		attributes = `class="ocf" provider="heartbeat" type="Dummy"`
	}
	return fmt.Sprintf(`<primitive id="%s" %s>%s</primitive>`, id, attributes, strings.Join(inside, ""))
}

// Agent returns a primitive or template of one of heartbeat's agents.
func Agent(tag, id, kind string, inside ...string) string {
	return fmt.Sprintf(`<%s id="%s" class="ocf" provider="heartbeat" type="%s">%s</%[1]s>`, tag, id, kind,
		strings.Join(inside, ""))
}

// SmallStatus returns a small document of crm_mon.
const SmallStatus = `<pacemaker-result><summary><current_dc present="true" name="a" with_quorum="true"/></summary>` +
	`<nodes><node name="a" id="1" online="true" standby="false" pending="false" unclean="false" shutdown="false"` +
	` is_dc="true" type="member"/></nodes>` +
	`<resources><resource id="r" resource_agent="systemd:r" role="Started" active="true" managed="true"` +
	` failed="false"/></resources>` +
	`<status code="0" message="OK"/></pacemaker-result>`

// laughs returns ten to the power of nine entities in less than a kilobyte.
func laughs() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE cib [<!ENTITY l0 "lol">`)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	return b.String() + "]>"
}

// Hostile returns documents, with root and content, that cost memory or time, or read files.
func Hostile(root string) map[string]string {
	around := func(s string) string { return "<" + root + ">" + s + "</" + root + ">" }
	return map[string]string{
		"billion laughs":             laughs() + around("&l9;"),
		"laughs in an attribute":     laughs() + "<" + root + ` a="&l9;"/>`,
		"a file":                     `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/shadow">]>` + around("&e;"),
		"a file as a DTD":            `<!DOCTYPE x SYSTEM "file:///etc/shadow">` + around(""),
		"an address":                 `<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/"> %e;]>` + around(""),
		"an undeclared entity":       around("&nbsp;"),
		"deep":                       around(strings.Repeat("<a>", 100000)),
		"deep and closed":            around(strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000)),
		"100 MB of text":             around(strings.Repeat("x", 100<<20)),
		"100 MB of elements":         around(strings.Repeat("<a/>", 25<<20)),
		"100 MB of one attribute":    "<" + root + ` a="` + strings.Repeat("x", 100<<20) + `"/>`,
		"100 MB of one name":         "<" + strings.Repeat("x", 100<<20) + "/>",
		"a million attributes":       "<" + root + " " + strings.Repeat(`a="" `, 1000000) + "/>",
		"attributes of one name":     around(`<nodes><node name="a" name="b"/></nodes>`),
		"NULs":                       around("\x00"),
		"a NUL as a character":       around("&#0;"),
		"UTF-16":                     "\xff\xfe<\x00c\x00i\x00b\x00/\x00>\x00",
		"another encoding":           `<?xml version="1.0" encoding="UTF-7"?>` + around(""),
		"bytes that are no text":     around("\xff\xfe\xfd"),
		"a comment without end":      around("<!-- "),
		"CDATA without end":          around("<![CDATA["),
		"an instruction without end": around("<?x "),
		"namespaces":                 `<x:` + root + ` xmlns:x="urn:x"></x:` + root + `>`,
	}
}

// AllocatedBy returns how many bytes a function allocates.
func AllocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Seed adds documents and their halves. Of recordings it adds the thinned form: the fuzzer's time depends on the length
// of its seeds, and the complete ones have tests of their own.
func Seed(f *testing.F, names ...string) {
	for _, name := range names {
		b := Recorded(f, name)
		if strings.HasSuffix(name, ".xml") {
			b = Thinned(f, b)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(nil))
	f.Add([]byte("<html></html>"))
}

// Thinned returns a document without the elements that add nothing new: no place, no attribute, and no word that a
// parser distinguishes.
func Thinned(t testing.TB, b []byte) []byte {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(b); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	thin(doc.Root(), "", seen)
	for _, token := range slices.Clone(doc.Child) {
		if token != etree.Token(doc.Root()) {
			doc.RemoveChild(token) // the time of the recording
		}
	}
	doc.Indent(etree.NoIndent)
	small, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return small
}

// thin removes what is not new below e, and reports whether anything in e is new.
func thin(e *etree.Element, place string, seen map[string]bool) (fresh bool) {
	place += "/" + e.Tag
	for _, what := range features(e) {
		if key := place + " " + what; !seen[key] {
			seen[key], fresh = true, true
		}
	}
	for _, child := range e.ChildElements() {
		if thin(child, place, seen) {
			fresh = true
		} else {
			e.RemoveChild(child)
		}
	}
	return fresh
}

// features returns an element's attributes, with their values if there are few of them: Pacemaker's words for roles,
// types and flags, and the options that are read by name.
func features(e *etree.Element) []string {
	all := []string{""}
	words := []string{"role", "target_role", "type", "class", "resource_agent", "name", "multi_state", "is_dc",
		"online",
		"blocked", "failed", "orphaned", "managed"}
	for _, a := range e.Attr {
		all = append(all, a.Key)
		if slices.Contains(words, a.Key) && !(a.Key == "name" && e.Tag == "node") {
			all = append(all, a.Key+"="+a.Value)
		}
	}
	return all
}

// StatusSeeds and CIBSeeds name the recordings that have every feature.
var (
	StatusSeeds = []string{"lab-status.xml", "lab-status-as-xml.xml", "lab-blocked.xml", "lab-banned.xml",
		"bundle-status.xml", "status-1.1.xml"}
	CIBSeeds = []string{"lab-cib.xml", "lab-locked-cib.xml", "bundle-cib.xml"}
)

// LargeStatus returns crm_mon's document of a large cluster: 64 nodes and 1000 instances are 0.7 MB, like the real one.
func LargeStatus(nodes, resources int) []byte {
	var b strings.Builder
	b.WriteString(`<pacemaker-result api-version="2.25" request="crm_mon -1 --output-as=xml"><summary><current_dc` +
		` present="true" version="2.1.5" name="node-0" id="0" with_quorum="true"/></summary><nodes>`)
	for i := range nodes {
		fmt.Fprintf(&b,
			`<node name="node-%d" id="%d" online="true" standby="false" standby_onfail="false" maintenance="false"`+
				` pending="false" unclean="false" health="green" feature_set="3.16.1" shutdown="false"`+
				` expected_up="true" is_dc="%t" resources_running="16" type="member"/>`+"\n", i, i, i == 0)
	}
	b.WriteString("</nodes><resources>")
	for i := range resources {
		fmt.Fprintf(&b,
			`<resource id="ip-10.%d.%d.%d" resource_agent="ocf:heartbeat:IPaddr2" role="Started" active="true"`+
				` orphaned="false" blocked="false" managed="true" failed="false" failure_ignored="false"`+
				` nodes_running_on="1"><node name="node-%d" id="%d" cached="true"/></resource>`+"\n",
			i>>16, i>>8&255, i&255, i%nodes, i%nodes)
	}
	b.WriteString("</resources><node_history>")
	for n := range nodes {
		fmt.Fprintf(&b, `<node name="node-%d">`, n)
		for i := n; i < resources; i += nodes {
			fmt.Fprintf(&b,
				`<resource_history id="ip-%d" orphan="false" migration-threshold="1000000" fail-count="1">`+
					`<operation_history call="12" task="start" rc="0" rc_text="ok" last-rc-change="Fri May  8`+
					` 15:21:03 2020" exec-time="2044ms" queue-time="0ms"/><operation_history call="13" task="monitor"`+
					` rc="0" rc_text="ok" interval="10000ms" last-rc-change="Fri May  8 15:21:05 2020"`+
					` exec-time="2031ms" queue-time="0ms"/></resource_history>`+"\n", i)
		}
		b.WriteString("</node>")
	}
	b.WriteString(`</node_history><status code="0" message="OK"/></pacemaker-result>`)
	return []byte(b.String())
}
