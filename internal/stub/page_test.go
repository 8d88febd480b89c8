// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const paged = `DOCUMENTATION:
  module: probe
  short_description: Probe C(it)
  version_added: 1.2.0
  extends: [shared]
  description:
    - As M(overcloud.backup.other) does.
    - Second.
  options:
    mode: {type: str, choices: [a, b], default: a, description: [How V(a | b)., Or O(level).]}
    level: {type: int, required: true, description: Deep.}
    target:
      type: dict
      description: Where.
      suboptions:
        hosts: {type: list, elements: str, default: [], description: Which.}
  attributes:
    check_mode: {support: full, description: Touches nothing.}
    diff_mode: {support: none, description: Can say.}
  notes: [A note.]
  seealso: [{module: overcloud.backup.other}]
EXAMPLES: |
  - name: Probe
    overcloud.backup.probe:
RETURN:
  sets:
    description: All.
    type: list
    elements: dict
    returned: always
    contains: &entry
      path: {description: Where., type: str, returned: always, sample: /a}
  newest:
    description: One.
    type: dict
    returned: with O(level)
    sample: {path: /a, n: [1, 2]}
    contains: *entry
`

func probePage(text string) (string, error) {
	pages, err := Pages(fstest.MapFS{"probe.yml": {Data: []byte(text)}, "_shared.yml": {Data: []byte(shared)}})
	return string(pages["probe"]), err
}

func TestAPageHasAllThatTheDescriptionHas(t *testing.T) {
	got, err := probePage(strings.ReplaceAll(paged, "extends: [shared]", "x_constraints: {}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"# probe\n", "Probe `it`. Since 1.2.0.\n", "- As [other](other.md) does.\n", "- Second.\n",
		"| `mode` | str | `a` | How `a \\| b`. Or `level`. One of `a`, `b`. |\n",
		"| `level` | int | required | Deep. |\n",
		"| `target` | dict |  | Where. |\n",
		"| `target.hosts` | list of str | `[]` | Which. |\n",
		"- Check mode: full. Touches nothing.\n- Diff mode: none.\n", "## Notes\n\n- A note.\n",
		"```yaml\n- name: Probe\n  overcloud.backup.probe:\n```\n",
		"| `sets` | list of dict | always | All. |\n",
		"| `sets.path` | str | always | Where. Sample: `/a` |\n",
		"| `newest` | dict | with `level` | One. Sample: `{path: /a, n: [1, 2]}` |\n",
		"| `newest.path` | str | always | Where. Sample: `/a` |\n",
		"## See also\n\n- [other](other.md)\n",
	} {
		if strings.Count(got, line) != 1 {
			t.Errorf("not once in the page: %s\n%s", line, got)
		}
	}
}

// A cell has the first sentence of a long description, the choices and the sample; the whole description follows below
// the table.
func TestALongDescriptionIsBelowItsTable(t *testing.T) {
	long := strings.Repeat("and more ", 20) + "words."
	text := strings.ReplaceAll(paged, "extends: [shared]", "x_constraints: {}")
	for _, c := range []struct{ description, cell, note string }{
		{"[First V(x). Second " + long + ", Third.]",
			"| `mode` | str | `a` | First `x`. See below. One of `a`, `b`. |\n",
			"\n- `mode`: First `x`. Second " + long + "\n  Third.\n\n## Modes"},
		{"[Only " + long + "]",
			"| `mode` | str | `a` | See below. One of `a`, `b`. |\n", "\n- `mode`: Only " + long + "\n\n## Modes"},
	} {
		got, err := probePage(strings.Replace(text, "[How V(a | b)., Or O(level).]", c.description, 1))
		if err != nil || strings.Count(got, c.cell) != 1 || strings.Count(got, c.note) != 1 {
			t.Errorf("%v, want %s%s\n%s", err, c.cell, c.note, got)
		}
	}
}

func TestAPageHasTheOptionsOfFragments(t *testing.T) {
	fragment := strings.ReplaceAll(shared, "no_log: true}", "no_log: true, description: Secret.}")
	pages, err := Pages(fstest.MapFS{"probe.yml": {Data: []byte(paged)},
		"_shared.yml": {Data: []byte(strings.ReplaceAll(fragment, "count: {type: str}", ""))}})
	if err != nil || !strings.Contains(string(pages["probe"]), "| `password` | str |  | Secret. |\n") {
		t.Errorf("%v\n%s", err, pages["probe"])
	}
	if len(pages) != 1 {
		t.Errorf("a fragment has a page: %d", len(pages))
	}
}

func TestInvalidPagesAreRefused(t *testing.T) {
	plain := strings.ReplaceAll(paged, "  extends: [shared]\n", "")
	for _, c := range []struct{ old, new, msg string }{
		{"description: Deep.", "x: y", "level: description or type"},
		{"type: str, returned: always, sample", "returned: always, sample", "sets.path: description or type"},
		{"RETURN:", "RETURNS:", "RETURN: is missing"},
		{"EXAMPLES:", "EXAMPLE:", "EXAMPLES: is missing"},
		{"required: true", "required: perhaps", "level: "},
	} {
		if _, err := probePage(strings.Replace(plain, c.old, c.new, 1)); err == nil ||
			!strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s: %v", c.new, err)
		}
	}
}

func TestWritePagesRemovesPagesWithoutDescription(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "modules")
	text := strings.ReplaceAll(paged, "  extends: [shared]\n", "")
	for range 2 {
		if err := WritePages(fstest.MapFS{"probe.yml": {Data: []byte(text)}}, folder); err != nil {
			t.Fatal(err)
		}
		if files, _ := filepath.Glob(folder + "/*"); len(files) != 1 || filepath.Base(files[0]) != "probe.md" {
			t.Error(files)
		}
		if err := os.WriteFile(filepath.Join(folder, "old.md"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
