// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab && matrix

package integration

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// taskResult is the result of one task on one host, as tests/matrix/callbacks writes it.
type taskResult struct {
	Task    string         `json:"task"`
	Action  string         `json:"action"`
	Host    string         `json:"host"`
	Status  string         `json:"status"`
	Ignored bool           `json:"ignored"`
	Result  map[string]any `json:"result"`
}

// playbookRun is one run of ansible-playbook.
type playbookRun struct {
	told []taskResult
	out  string
	err  error
}

func tasks(t testing.TB, file string) []taskResult {
	t.Helper()
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var all []taskResult
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var one taskResult
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one.items()...)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// items returns the iterations of a loop, each as a task.
func (k taskResult) items() []taskResult {
	rounds, _ := k.Result["results"].([]any)
	if !k.ours() || len(rounds) == 0 {
		return []taskResult{k}
	}
	var all []taskResult
	for _, round := range rounds {
		item := k
		item.Result, _ = round.(map[string]any)
		all = append(all, item)
	}
	return all
}

// ours reports whether this is the result of a module of the collection.
func (k taskResult) ours() bool { return strings.HasPrefix(k.Action, "overcloud.backup.") }

func (k taskResult) message() string {
	text, _ := k.Result["msg"].(string)
	return text
}

// of returns the results of one module.
func (p playbookRun) of(module string) []taskResult {
	return slices.DeleteFunc(slices.Clone(p.told), func(k taskResult) bool {
		return k.Action != "overcloud.backup."+module
	})
}

// refusal returns the text of the last failure.
func (p playbookRun) refusal() string {
	for _, k := range slices.Backward(p.told) {
		if k.Status == "failed" && !k.Ignored {
			return k.message()
		}
	}
	return ""
}

// into decodes a result, as far as the type has fields for it.
func (k taskResult) into(t testing.TB, v any) {
	t.Helper()
	raw, err := json.Marshal(k.Result)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lines returns, for each result of the collection and each failure, what may not depend on the version of Ansible.
func (p playbookRun) lines() []string {
	var all []string
	for _, k := range p.told {
		if !k.ours() && k.Status != "failed" && k.Status != "unreachable" {
			continue
		}
		line := fmt.Sprintf("%s: %s on %s, changed=%v, %s", k.Task, k.Status, k.Host, k.Result["changed"],
			keys(k.Result))
		if k.Status == "failed" {
			line += ": " + k.message()
		}
		all = append(all, same(line))
	}
	slices.Sort(all)
	return all
}

// itsOwn are keys that Ansible itself adds to results; the last ones are for async.
var itsOwn = strings.Fields(`changed warnings deprecations exception invocation item ansible_loop_var failed
	failed_when_result failed_when_suppressed_exception ansible_job_id results_file started finished stdout stdout_lines
	stderr stderr_lines`)

// keys returns those of a result that the collection sets, and of the facts in it.
func keys(result map[string]any) string {
	var all []string
	for k, v := range result {
		if k == "ansible_facts" {
			facts, _ := v.(map[string]any)
			for name, fact := range facts {
				inner, _ := fact.(map[string]any)
				all = append(all, name+"("+keys(inner)+")")
			}
		} else if !slices.Contains(itsOwn, k) && !strings.HasPrefix(k, "_ansible_") {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Values that differ from run to run, even between equal versions.
var differing = []struct {
	what *regexp.Regexp
	word string
}{
	{regexp.MustCompile(`controller-\d`), "controller"},
	{regexp.MustCompile(`\s+`), " "},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{8}T\d{6}Z(-[0-9a-f]{6})?`), "TIME"},
	{regexp.MustCompile(`\d+(\.\d+)*`), "N"},
}

func same(line string) string {
	for _, d := range differing {
		line = d.what.ReplaceAllString(line, d.word)
	}
	return strings.TrimSpace(line)
}

// reached is the account that galera_facts logged in with, and where it came from.
func (k taskResult) reached(t testing.TB) string {
	var facts struct {
		Facts struct {
			Galera struct {
				Reached struct{ User, Credentials string }
			} `json:"ansible_galera"`
		} `json:"ansible_facts"`
	}
	k.into(t, &facts)
	r := facts.Facts.Galera.Reached
	return r.User + ", " + r.Credentials
}
