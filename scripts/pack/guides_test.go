// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGuidesBecomeReStructuredText(t *testing.T) {
	const top = ".. _ansible_collections.overcloud.backup.docsite.page:\n\n"
	for name, c := range map[string]struct{ markdown, want string }{
		"a title":              {"# How `it` works\n", "How it works\n============\n\n"},
		"a paragraph":          {"One\ntwo.\n\nThree.\n", "One two.\n\nThree.\n\n"},
		"a comment":            {"<!-- Generated\n -->\nText.\n", "Text.\n\n"},
		"text that means more": {"a*b a_b |c| \\*d\\* e\\\n", "a\\*b a\\_b \\|c\\| \\*d\\* e\\\\\n\n"},
		"references":           {"a &lt;b&gt; &amp;c `&lt;`\n", "a <b> &c ``&lt;``\n\n"},
		"code in words":        {"`x`s, (`y`) and ``a`b``\n", "``x``\\ s, (``y``) and ``a`b``\n\n"},
		"bold and slanted":     {"**Stop `it`.** It *is* so.\n", "**Stop it.** It *is* so.\n\n"},
		"a list": {"Text:\n- one\n  more\n- two\n\n  Second.\n\n      code\n1. last\n",
			"Text:\n\n- one more\n\n- two\n\n  Second.\n\n  .. code-block:: text\n\n     code\n\n1. last\n\n"},
		"a list in a list":   {"- one\n  - two\n- three\n", "- one\n\n  - two\n\n- three\n\n"},
		"a number in a text": {"There were\n10. No list.\n", "There were 10. No list.\n\n"},
		"code": {"Run:\n\n    a *b*\n\n      c\n\nText.\n",
			"Run:\n\n.. code-block:: text\n\n   a *b*\n\n     c\n\nText.\n\n"},
		"fenced code": {"```yaml\na: \"{{ b }}\"\n```\nText.\n",
			".. code-block:: yaml+jinja\n\n   a: \"{{ b }}\"\n\nText.\n\n"},
		"other code":  {"```go\na := 1\n```\n", ".. code-block:: text\n\n   a := 1\n\n"},
		"a quotation": {"> One\n> two.\n", "   One two.\n\n"},
		"a table": {"| a | b |\n|---|---|\n| `x \\| y` | |\n| 1 | 2 |\n", ".. list-table::\n   :header-rows: 1\n" +
			"   :widths: auto\n   :class: longtable\n\n   * - a\n     - b\n\n" +
			"   * - ``x | y``\n     -\n\n   * - 1\n     - 2\n\n"},
		"a table of signs": {"| a |\n|---|\n| - |\n| --limit x |\n| 1. b |\n| - c |\n| `-` |\n", ".. list-table::\n" +
			"   :header-rows: 1\n   :widths: auto\n   :class: longtable\n\n   * - a\n\n   * - \\-\n\n" +
			"   * - \\-\\-limit x\n\n   * - \\1. b\n\n   * - \\- c\n\n   * - ``-``\n\n"},
		"an option in a text": {"Use a --limit or -1 of it.\n", "Use a -\\-limit or -1 of it.\n\n"},
		"a text like a list":  {"A. Foo and\n", "\\A. Foo and\n\n"},
		"a diagram": {"```mermaid\na --> b\n```\n",
			"`Diagram, in the repository" +
				" <https://github.com/overcloud-backup/overcloud.backup/blob/main/docs/page.md>`__\n\n"},
		"a guide": {"See [how](restore.md), [there](restore.md#the-steps) and [here](#b).\n",
			"See :ref:`how <ansible_collections.overcloud.backup.docsite.restore>`," +
				" :ref:`there <ansible_collections.overcloud.backup.docsite.restore.the-steps>` and" +
				" :ref:`here <ansible_collections.overcloud.backup.docsite.page.b>`.\n\n"},
		"a reference in a link": {"[a &lt;b&gt;](#c)\n",
			":ref:`a \\<b> <ansible_collections.overcloud.backup.docsite.page.c>`\n\n"},
		"a page that is named": {"`docs/faults-bundle.md` and `docs/modules/NAME.md`\n",
			":ref:`faults-bundle <ansible_collections.overcloud.backup.docsite.faults-bundle>`" +
				" and ``docs/modules/NAME.md``\n\n"},
		"a module": {"[`galera_facts`](modules/galera_facts.md)\n",
			":ansplugin:`overcloud.backup.galera_facts#module`\n\n"},
		"a role": {"[it](../roles/controller_verify/README.md)\n",
			":ansplugin:`overcloud.backup.controller_verify#role`\n\n"},
		"a file": {"[`x`](../playbooks/x_y.yml)\n",
			"`x <https://github.com/overcloud-backup/overcloud.backup/blob/main/playbooks/x_y.yml>`__\n\n"},
		"a picture": {"![Latency](latency.svg)\n",
			"`Latency <https://github.com/overcloud-backup/overcloud.backup/blob/main/docs/latency.svg>`__\n\n"},
		"an address": {"[semver](https://semver.org) or <https://example.org/a_b>\n",
			"`semver <https://semver.org>`__ or https://example.org/a_b\n\n"},
		"headings": {"# T\n\n## The end\n\n## The end\n", "T\n=\n\n" +
			".. _ansible_collections.overcloud.backup.docsite.page.the-end:\n\nThe end\n-------\n\n" +
			".. _ansible_collections.overcloud.backup.docsite.page.the-end-1:\n\nThe end\n-------\n\n"},
	} {
		g := guide{path: "docs/page.md"}
		if got := g.convert(c.markdown); got != top+c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.TrimPrefix(got, top), c.want)
		}
	}
}

// The folder of a page decides where its links lead.
func TestTheIntroductionIsREADME(t *testing.T) {
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"README.md": "# A\n\n[b](docs/b.md) [c](LICENSE)\n",
		"docs/b.md": "# B\n\n[a](../README.md)\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{"guides", folder}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"introduction": ":ref:`b <ansible_collections.overcloud.backup.docsite.b>`" +
			" `c <https://github.com/overcloud-backup/overcloud.backup/blob/main/LICENSE>`__\n",
		"b": ":ref:`a <ansible_collections.overcloud.backup.docsite.introduction>`\n",
	} {
		got, err := os.ReadFile(filepath.Join(folder, "docs/docsite/rst", name+".rst"))
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

// A site lists the pages by their titles alone.
func TestEachGuideHasItsOwnTitle(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d guides, %v", len(files), err)
	}
	of := map[string]string{}
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(comment.ReplaceAll(text, nil)), "\n")
		if !strings.HasPrefix(first, "# ") {
			t.Errorf("%s begins with %q and not with its title", file, first)
		}
		if other := of[first]; other != "" {
			t.Errorf("%s and %s have the title %q", other, file, first)
		}
		of[first] = file
	}
}
