// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"html"
	"path"
	"regexp"
	"strings"
)

// self is the name of the collection and of its module, and repository the address of what the site does not have.
const (
	self       = "overcloud.backup"
	repository = "https://github.com/overcloud-backup/overcloud.backup"
)

// guide is a page in Markdown; path is its place in the repository.
type guide struct {
	path  string
	slugs map[string]int // how often each was given
}

// name is that of the page on the site.
func (g *guide) name() string { return pageName(g.path) }

func pageName(file string) string {
	if file == "README.md" {
		return "introduction"
	}
	return strings.TrimSuffix(path.Base(file), ".md")
}

// label returns the target of links to a page or, with a slug, to one of its sections.
func label(page, slug string) string {
	name := "ansible_collections." + self + ".docsite." + page
	if slug != "" {
		name += "." + slug
	}
	return name
}

var notInSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// slug returns what the heading is called in links, as the repository's pages have it.
func slug(heading string) string {
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// newSlug returns the slug of a heading, with a number if the page has that one already.
func (g *guide) newSlug(heading string) string {
	if g.slugs == nil {
		g.slugs = map[string]int{}
	}
	name := slug(heading)
	g.slugs[name]++
	if n := g.slugs[name]; n > 1 {
		name = fmt.Sprintf("%s-%d", name, n-1)
	}
	return name
}

var (
	ofModule = regexp.MustCompile(`^docs/modules/(\w+)\.md$`)
	ofRole   = regexp.MustCompile(`^roles/(\w+)/README\.md$`)
	ofPage   = regexp.MustCompile(`^(?:docs/[\w-]+\.md|README\.md)$`)
	absolute = regexp.MustCompile(`^[a-z]+:`)
)

// link returns a link with this text, which is not marked up yet, to a target as the page has it.
func (g *guide) link(text, target string) string {
	text = strings.NewReplacer("`", "", "**", "").Replace(text)
	if absolute.MatchString(target) {
		return fmt.Sprintf("`%s <%s>`__", title(text), target)
	}
	file, section, _ := strings.Cut(target, "#")
	if file == "" {
		file = path.Base(g.path)
	}
	file = path.Join(path.Dir(g.path), file)
	switch m := ofModule.FindStringSubmatch(file); {
	case m != nil:
		return fmt.Sprintf(":ansplugin:`%s.%s#module`", self, m[1])
	case ofPage.MatchString(file):
		return fmt.Sprintf(":ref:`%s <%s>`", title(text), label(pageName(file), section))
	}
	if m := ofRole.FindStringSubmatch(file); m != nil {
		return fmt.Sprintf(":ansplugin:`%s.%s#role`", self, m[1])
	}
	return fmt.Sprintf("`%s <%s/blob/main/%s>`__", title(text), repository, withSection(file, section))
}

func withSection(file, section string) string {
	if section != "" {
		return file + "#" + section
	}
	return file
}

var special = strings.NewReplacer(`\`, `\\`, "*", `\*`, "`", "\\`", "_", `\_`, "|", `\|`,
	"--", `-\-`) // else it becomes a dash

// escaped returns text that means nothing else in reStructuredText, with the characters that Markdown has as &lt; and
// the like.
func escaped(text string) string { return special.Replace(html.UnescapeString(text)) }

// title returns the text of a link, which is followed by its target in angle brackets.
func title(text string) string { return strings.ReplaceAll(escaped(text), "<", `\<`) }
