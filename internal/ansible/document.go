// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"io/fs"
)

// documentation returns the part of NAME.yml that describes the options. Examples and return values are the larger part
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

// section returns the offset of a top-level key, or -1.
func section(content []byte, key string) int {
	if bytes.HasPrefix(content, []byte(key+":")) {
		return 0
	}
	if at := bytes.Index(content, []byte("\n"+key+":")); at >= 0 {
		return at + 1
	}
	return -1
}

// publicNames returns the names that anybody can read in the documentation: options and documented results, and those
// of the protocol itself. content is NAME.yml.
func publicNames(content []byte, fragments fs.FS) map[string]bool {
	names := map[string]bool{
		"changed": true, "failed": true, "msg": true, "exception": true, "skipped": true,
		"ansible_facts": true, "warnings": true, "diff": true, "before": true, "after": true,
		"invocation": true, "module_args": true, "progress": true, "ansible_job_id": true, "started": true,
		"finished": true,
	}
	addKeys(names, content)
	files, _ := fs.Glob(fragments, "_*.yml")
	for _, file := range files {
		if fragment, err := fs.ReadFile(fragments, file); err == nil {
			addKeys(names, fragment)
		}
	}
	return names
}

// addKeys adds every key that begins a line of a YAML document: options, results, and keywords of the format.
// Parsing the document would take longer than many a module runs.
func addKeys(names map[string]bool, content []byte) {
	for line := range bytes.Lines(content) {
		key, _, found := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if found && len(bytes.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789_")) == 0 {
			names[string(key)] = true
		}
	}
}
