// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"io/fs"

	"gopkg.in/yaml.v3"
)

// documentation is the part of NAME.yml that describes the options. Examples and return values are the larger part
// of the file, and parsing them would take longer than many a module runs.
func documentation(content []byte) []byte {
	start := section(content, "DOCUMENTATION")
	if start < 0 {
		return content
	}
	end := len(content)
	for _, other := range []string{"EXAMPLES", "RETURN"} {
		if at := section(content, other); at > start && at < end {
			end = at
		}
	}
	return content[start:end]
}

// section is where the top-level key begins, or -1.
func section(content []byte, key string) int {
	if bytes.HasPrefix(content, []byte(key+":")) {
		return 0
	}
	if at := bytes.Index(content, []byte("\n"+key+":")); at >= 0 {
		return at + 1
	}
	return -1
}

// publicNames are the names that anybody can read in the documentation: options and documented results, and those
// of the protocol itself. content is NAME.yml.
func publicNames(content []byte, fragments fs.FS) map[string]bool {
	names := map[string]bool{"changed": true, "failed": true, "msg": true, "exception": true, "skipped": true,
		"ansible_facts": true, "warnings": true, "diff": true, "before": true, "after": true,
		"invocation": true, "module_args": true, "progress": true, "ansible_job_id": true, "started": true, "finished": true}
	var doc struct {
		Return map[string]returned `yaml:"RETURN"`
	}
	if yaml.Unmarshal(content, &doc) == nil {
		addReturned(names, doc.Return)
	}
	if s, err := parseSpec(content, fragments); err == nil {
		addOptions(names, s.Options)
	}
	return names
}

type returned struct {
	Contains map[string]returned `yaml:"contains"`
}

func addReturned(names map[string]bool, values map[string]returned) {
	for name, r := range values {
		names[name] = true
		addReturned(names, r.Contains)
	}
}

func addOptions(names map[string]bool, options map[string]option) {
	for name, o := range options {
		names[name] = true
		addOptions(names, o.Suboptions)
	}
}
