// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// laughs are ten to the power of nine entities in less than a kilobyte.
func laughs() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE cib [<!ENTITY l0 "lol">`)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, `<!ENTITY l%d "%s">`, i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	return b.String() + "]>"
}

// hostile are documents, of root and content, that cost memory or time, or reach for files.
func hostile(root string) map[string]string {
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

func TestHostileXMLIsRefusedInLittleTimeAndMemory(t *testing.T) {
	for _, parser := range []struct {
		root  string
		parse func([]byte) error
	}{
		{"pacemaker-result", func(b []byte) error { _, err := ParseStatus(b); return err }},
		{"cib", func(b []byte) error { _, err := ParseCIB(b); return err }},
	} {
		for name, doc := range hostile(parser.root) {
			t.Run(parser.root+" "+name, func(t *testing.T) {
				b, begun := []byte(doc), time.Now()
				var err error
				allocated := allocatedBy(func() { err = parser.parse(b) })
				if took := time.Since(begun); took > 5*time.Second || allocated > 96<<20 {
					t.Errorf("%s and %d bytes", took, allocated)
				}
				if err == nil {
					t.Fatal("it was taken")
				}
				if said := err.Error(); len(said) > 1000 || strings.ContainsAny(said, "\n\x00") || strings.Contains(said, "root:") {
					t.Errorf("it is told as %.1200q", said)
				}
			})
		}
	}
}

func TestHostileQuorumIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"100 MB":         strings.Repeat("Quorate: Yes\n", 8<<20),
		"NULs":           "Quorate:\x00Yes\n",
		"a line of 7 MB": "Quorate: " + strings.Repeat("x", 7<<20),
		"no members":     "Quorate: Yes\nExpected votes: 3\nTotal votes: 3\nQuorum: 2\n",
		"votes too many": "Quorate: Yes\nExpected votes: 99999999999999999999\nTotal votes: 3\nQuorum: 2\n\n    Nodeid      Votes Name\n         1          1 a\n",
	} {
		begun := time.Now()
		if c, err := ParseQuorum([]byte(text)); err == nil || len(err.Error()) > 1000 || time.Since(begun) > 5*time.Second {
			t.Errorf("%s: %+v, %.200v after %s", name, c, err, time.Since(begun))
		}
	}
}
