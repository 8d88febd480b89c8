// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"
)

const description = `# SPDX
DOCUMENTATION:
  module: probe
  short_description: Probe
  extends: [shared]
  description:
    - A long text that is certainly longer than the width at which lines are broken, so that it has to be folded somewhere in the middle of it all.
    - 'quoted: text'
    - C(marked) and C(a=b)
  options:
    # a comment
    token: {type: str, no_log: true, description: "It's \"secret\""}
    target:
      type: dict
      suboptions:
        password: {type: str, no_log: true}
    list: {type: list, elements: str, default: []}
    count: {type: int, default: 3}
    mode: {type: str, choices: ["on", never]}
    text: {type: str, default: "a\nb"}
  x_constraints:
    required_together: [[token, target]]
  nested: [[a, b], [{c: d, e: [f]}]]
EXAMPLES: |
  - name: Probe
    overcloud.backup.probe:
      token: \d
RETURN:
  seen: {type: dict, sample: {a: 1}}
`

const shared = `
DOCUMENTATION:
  options:
    password: {type: str, no_log: true}
    count: {type: str}
`

func generate(t *testing.T, text string) (string, error) {
	t.Helper()
	out, err := Generate(fstest.MapFS{"probe.yml": {Data: []byte(text)}, "_shared.yml": {Data: []byte(shared)}})
	if len(out) > 1 {
		t.Errorf("a fragment became a module: %v", out)
	}
	return string(out["probe"]), err
}

// python cuts the string NAME out of the stub and parses it as YAML.
func python(t *testing.T, stub, name string) map[string]any {
	t.Helper()
	_, rest, ok := strings.Cut(stub, "\n"+name+" = r\"\"\"\n")
	text, _, ok2 := strings.Cut(rest, `"""`)
	if !ok || !ok2 {
		t.Fatalf("no %s in %s", name, stub)
	}
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func TestNothingButTheExtraKeysIsLost(t *testing.T) {
	stub, err := generate(t, strings.NewReplacer("C(marked)", "O(marked)", "C(a=b)", "RV(a=b)").Replace(description))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]any
	if err := yaml.Unmarshal([]byte(strings.NewReplacer(
		", no_log: true", "", "  extends: [shared]\n", "",
		"  x_constraints:\n    required_together: [[token, target]]\n", "",
		"  nested:", "    password: {type: str}\n  nested:",
		"EXAMPLES: |", "EXAMPLES: {}\nX:", "  - name: Probe\n    overcloud.backup.probe:\n      token: \\d\n", "",
	).Replace(description)), &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"DOCUMENTATION", "RETURN"} {
		if got := python(t, stub, name); !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s\ngot  %v\nwant %v", name, got, want[name])
		}
	}
	if !strings.Contains(stub, "\nEXAMPLES = r\"\"\"\n- name: Probe\n  overcloud.backup.probe:\n    token:"+
		" \\d\n\"\"\"\n") {
		t.Error(stub)
	}
	for line := range strings.Lines(stub) {
		if len(line) > 160 || strings.Contains(line, "no_log") || strings.TrimRight(line, " \n")+"\n" != line {
			t.Errorf("line %q", line)
		}
	}
}

func TestUnpublishableDescriptionsAreRefused(t *testing.T) {
	for _, c := range []struct{ old, new, msg string }{
		{"module: probe", "module: prob", "module is not probe"},
		{"extends: [shared]", "extends: [gone]", "_gone.yml"},
		{"choices: [\"on\"", "choices: [on", `quote "on"`},
		{`\d`, `"""`, "three quotes"},
		{"EXAMPLES", "EXAMPLE", "EXAMPLES: is missing"},
		{"DOCUMENTATION", "DOC", "no DOCUMENTATION"},
		{"nested: ", "<<: ", "plain keys"},
	} {
		_, err := generate(t, strings.Replace(description, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s: %v", c.new, err)
		}
	}
}

func TestWriteRemovesStubsWithoutDescription(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "old.py"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := Write(fstest.MapFS{"probe.yml": {Data: []byte(description)}, "_shared.yml": {Data: []byte(shared)}}, folder)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	if len(files) != 1 || filepath.Base(files[0]) != "probe.py" {
		t.Error(files)
	}
}
