// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"overcloud.backup/internal/ansible/value"
)

// ownKeys lists the keys that this package writes itself.
var ownKeys = []string{"changed", "failed", "skipped", "msg", "exception", "ansible_facts", "warnings", "diff",
	"invocation"}

// reserved lists keys to which Ansible or async_status gives another meaning: a non-zero rc fails the task, a job
// file with "started" counts as unfinished, "results" belongs to loops.
var reserved = []string{
	"started", "finished", "ansible_job_id", "results_file", "results", "rc", "stdout", "stderr", "deprecations",
	"unreachable",
}

// object returns the top level of the document for Ansible.
func (r *Result) object() (map[string]any, error) {
	out := map[string]any{"changed": r.Changed}
	if r.Skipped {
		out["skipped"] = true
	}
	if r.Msg != "" {
		out["msg"] = r.Msg
	}
	if r.Facts != nil {
		out["ansible_facts"] = r.Facts
	}
	if len(r.Warnings) > 0 {
		out["warnings"] = r.Warnings
	}
	if r.Diff != nil {
		out["diff"] = r.Diff
	}
	values, err := plain(r.Values)
	if err != nil {
		return out, err
	}
	for _, key := range append(slices.Clone(ownKeys), reserved...) {
		if _, ok := values[key]; ok {
			return out, fmt.Errorf("internal error: the value %q has another meaning to Ansible", key)
		}
	}
	maps.Copy(out, values)
	return out, nil
}

// plain returns v, a struct or map, as JSON represents it.
func plain(v any) (map[string]any, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("internal error: result: %w", err)
	}
	if string(b) == "null" {
		return nil, nil
	}
	out, ok := value.Decode(b).(map[string]any)
	if !ok {
		return nil, errors.New("internal error: result: the values are not an object")
	}
	return out, nil
}

// answer combines a module's result and error in one object.
func answer(r *Result, err error) map[string]any {
	if r == nil {
		r = &Result{}
	}
	out, broken := r.object()
	if err = errors.Join(err, broken); err != nil {
		out["failed"] = true
		out["msg"] = err.Error()
	}
	return out
}

// finish adds the invocation, removes the secrets and returns the one line for Ansible.
func finish(out map[string]any, asked map[string]any, secrets []string, public func() map[string]bool) []byte {
	if asked != nil {
		out["invocation"] = map[string]any{"module_args": asked}
	}
	line, err := value.Encode(out)
	if err != nil {
		line, _ = value.Encode(map[string]any{"changed": out["changed"], "failed": true,
			"msg": "internal error: result: " + err.Error()})
	}
	if len(secrets) == 0 {
		return line
	}
	line, _ = value.Encode(newScrubber(secrets, public()).value(value.Decode(line)))
	return line
}

// maxShown is the size of the largest argument, in bytes of JSON, that "invocation" repeats.
const maxShown = 4096

// invocation returns the arguments without secrets and without bulk, such as the facts of a hundred hosts.
func invocation(options map[string]option, args map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range args {
		o, known := options[name]
		if b, err := value.Encode(v); !known {
			continue
		} else if o.NoLog {
			v = hiddenValue
		} else if err != nil || len(b) > maxShown {
			v = fmt.Sprintf("(%d bytes)", len(b))
		}
		out[name] = v
	}
	return out
}
