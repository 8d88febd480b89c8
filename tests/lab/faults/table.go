// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// Results are stored by case, so that running one case after a change does not require all others again.
func results(l lab.Lab) string { return filepath.Join(l.Root(), "tests/output", page(l)) }

// page returns the path of the table of this shape of the lab.
func page(l lab.Lab) string {
	if l.Bundle() {
		return "faults-bundle"
	}
	return "faults"
}

func save(l lab.Lab, v harness.Verdict) error {
	v.Clients.Seconds = nil
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(results(l), 0o755); err != nil {
		return err
	}
	_ = os.WriteFile(filepath.Join(results(l), v.Name+".log"), []byte(v.Output), 0o600)
	return os.WriteFile(filepath.Join(results(l), v.Name+".json"), raw, 0o600)
}

// writeTable writes docs/faults.md from the last result of every case. For the bundle shape, which differs little, it
// has only the cases that were run.
func writeTable(l lab.Lab) (bool, error) {
	var verdicts []harness.Verdict
	for _, f := range possible(l, cases.All()) {
		var v harness.Verdict
		raw, err := os.ReadFile(filepath.Join(results(l), f.Name+".json"))
		if l.Bundle() && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(raw, &v)
		}
		if err != nil {
			return false, fmt.Errorf("the table needs a result of every case: %w", err)
		}
		verdicts = append(verdicts, v)
	}
	return true, os.WriteFile(filepath.Join(l.Root(), "docs", page(l)+".md"), []byte(write(l, verdicts)), 0o644)
}

const head = `# Faults, and how a backup handles them

Written by ` +
	"`make test-faults`" + `; do not edit. Each case runs on the lab: three controllers with Pacemaker, Galera and
HAProxy, and 8 clients that commit 60 transactions a second through the virtual IP. ` + "`tests/lab/lab fault NAME`" + ` runs one.

A case is good only if the table's statements are true and, in addition:

- every acknowledged commit is on all three servers
- no ` + "`wsrep_desync`" + `, cluster lock, unit, process, arguments, unfinished set or open journal entry is left
- every HAProxy shows every server UP
- every set has a manifest, verifies and unpacks; earlier sets are untouched
- clients saw no error or, if the fault itself costs them something, no more than from the same fault without a backup
- the message of a failed backup names the cause

Times are in seconds: *clean* from the end of the worker (or from the recovery after a power loss) until nothing is
left, *serves* from there or from the end of the fault until all three serve again.

| case | fault | when | backup | message | clean | serves | errors of clients (without a backup) |
|---|---|---|---|---|---|---|---|
`

const bundleHead = `
The controllers run the database and HAProxy in containers that Pacemaker manages (` + "`lab up --shape bundle`" + `), as director
deploys OSP 13 to 17. [faults.md](faults.md) lists the cases with the services on the hosts.
`

func write(l lab.Lab, verdicts []harness.Verdict) string {
	var b strings.Builder
	text := head
	if l.Bundle() {
		text = strings.Replace(text, "\n\n| case", "\n"+bundleHead+"\n| case", 1)
	}
	b.WriteString(text)
	var bad []string
	for _, v := range verdicts {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", v.Name, v.Breaks, v.When, v.Outcome,
			tidySaid(v.Said), tenths(v.Clean), tenths(v.Serves), errorsOf(v))
		for _, w := range v.Wrong {
			bad = append(bad, fmt.Sprintf("- %s: %s\n", v.Name, tidySaid(w)))
		}
	}
	if len(bad) > 0 {
		b.WriteString("\n## Not as it must be\n\n" + strings.Join(bad, ""))
	}
	if l.Bundle() {
		return b.String()
	}
	b.WriteString("\n## Faults that need no lab\n\n| fault | test |\n|---|---|\n")
	for _, c := range unitFaults {
		fmt.Fprintf(&b, "| %s | `%s` in `%s` |\n", c.fault, c.test, c.folder)
	}
	return b.String()
}

func errorsOf(v harness.Verdict) string {
	if v.Control == nil {
		return fmt.Sprint(v.Clients.Errors)
	}
	return fmt.Sprintf("%d (%d)", v.Clients.Errors, v.Control.Errors)
}

func tenths(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }

// Values that differ in every run are not part of the table.
var changing = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(` of controller-\d at [^;]*? stored of [^;]*`), ""},
	{regexp.MustCompile(`\d{8}T\d{6}Z-[0-9a-f]{6}`), "JOB"},
	{regexp.MustCompile(`\d{8}T\d{6}Z`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?`), "TIME"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}(:\d+)?`), "POSITION"},
	{regexp.MustCompile(`\s+`), " "},
	{regexp.MustCompile(`[|]`), "/"},
}

func tidySaid(said string) string {
	for _, c := range changing {
		said = c.what.ReplaceAllString(said, c.by)
	}
	if runes := []rune(said); len(runes) > 240 {
		said = string(runes[:240]) + " ..."
	}
	return strings.NewReplacer("<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`).Replace(strings.TrimSpace(said))
}
