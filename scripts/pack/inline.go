// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// markup is what a line of Markdown can contain: code, an image or a link, bold and slanted text, an address, and an
// escaped character.
var markup = regexp.MustCompile("``.+?``|`[^`]+`" +
	`|!?\[(?:[^\[\]]|\\.)*\]\([^()\s]*\)` +
	`|\*\*[^*]+\*\*` +
	`|\*[^*\s\\](?:[^*\\]*[^*\s\\])?\*` +
	`|<https?://[^>\s]+>` +
	`|\\[!-/:-@\[-\x60{-~]`)

var image = regexp.MustCompile(`^(!?)\[(.*)\]\(([^()\s]*)\)$`)

// inline converts text of one line.
func (g *guide) inline(text string) string {
	var out strings.Builder
	for {
		at := markup.FindStringIndex(text)
		if at == nil {
			out.WriteString(escaped(text))
			return out.String()
		}
		out.WriteString(escaped(text[:at[0]]))
		before, found := out.String(), text[at[0]:at[1]]
		text = text[at[1]:]
		if found[0] == '\\' {
			out.WriteString(escaped(found[1:]))
			continue
		}
		// reStructuredText sees markup only where no letter touches it.
		if r, _ := utf8.DecodeLastRuneInString(before); touches(r, "([{<-/:") {
			out.WriteString(`\ `)
		}
		out.WriteString(g.marked(found))
		if r, _ := utf8.DecodeRuneInString(text); touches(r, ")]}>-/:.,;!?") {
			out.WriteString(`\ `)
		}
	}
}

// touches says whether a character beside markup hides it. A space, the end of the text and those allowed do not.
func touches(r rune, allowed string) bool {
	return r != utf8.RuneError && !unicode.IsSpace(r) && !strings.ContainsRune(allowed, r)
}

// marked converts a match of markup.
func (g *guide) marked(found string) string {
	switch {
	case found[0] == '`':
		return literal(strings.TrimSpace(strings.Trim(found, "`")))
	case found[0] == '<':
		return strings.Trim(found, "<>")
	case strings.HasPrefix(found, "**"):
		return "**" + escaped(plain(found[2:len(found)-2])) + "**"
	case found[0] == '*':
		return "*" + escaped(plain(found[1:len(found)-1])) + "*"
	}
	m := image.FindStringSubmatch(found)
	return g.link(m[2], m[3])
}

// page is a name of another page in code style, as README.md and the guides name them.
var page = regexp.MustCompile(`^docs/(?:modules/)?[a-z_-]+\.md$`)

// literal returns code, or the link that the name of a page is.
func literal(code string) string {
	if page.MatchString(code) {
		g := guide{path: "README.md"}
		return g.link(strings.TrimSuffix(strings.TrimPrefix(code, "docs/"), ".md"), code)
	}
	return "``" + code + "``"
}

// plain removes code style, which cannot be within other markup.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }
