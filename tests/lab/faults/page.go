// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"overcloud.backup/tests/lab/faults/harness"
)

const (
	title       = "# Faults, and how a backup handles them\n"
	bundleTitle = "# Faults in bundles, and how a backup handles them\n"
)

const introduction = `
Written by ` + "`make test-faults`" +
	`; do not edit. Each case runs on the lab: three controllers with Pacemaker, Galera and
HAProxy, and 8 clients that commit 60 transactions a second through the virtual IP. ` +
	"`tests/lab/lab fault NAME`" + ` runs one.
`

const bundleIntroduction = `
The controllers run the database and HAProxy in containers that Pacemaker manages (` +
	"`lab up --shape bundle`" + `), as director
deploys OSP 13 to 17. [faults.md](faults.md) lists the cases with the services on the hosts, and compares both.
`

const legend = `
*good*: the backup ended with a complete set. *undone*: it failed, and nothing of it is left. *-*: not run. The columns are
where the services ran: on the hosts, or in bundles, the containers that Pacemaker runs.

`

const proof = `
A case is good only if the matrix and the numbers are true and, in addition:

- every acknowledged commit is on all three servers
- no ` + "`wsrep_desync`" + `, cluster lock, unit, process, arguments, unfinished set or open journal entry is left
- every HAProxy shows every server UP
- every set has a manifest, verifies and unpacks; earlier sets are untouched
- clients saw no error or, if the fault itself costs them something, no more than from the same fault without a backup
- the message of a failed backup names the cause

## The numbers

Times are in seconds: *clean* from the end of the worker (or from the recovery after a power loss) until nothing is
left, *serves* from there or from the end of the fault until all three serve again. The errors are those of the clients,
in parentheses those from the same fault without a backup.

| case | clean | serves | errors |
|---|---:|---:|---:|
`

// write returns docs/faults.md.
func write(verdicts []harness.Verdict, bundles outcomes) string {
	var b strings.Builder
	b.WriteString(title + introduction + legend + matrix(of(verdicts), bundles) + proof)
	details(&b, verdicts)
	b.WriteString("\n## Faults that need no lab\n\n| fault | test |\n|---|---|\n")
	for _, c := range unitFaults {
		b.WriteString(c.row())
	}
	return b.String()
}

// writeBundle returns docs/faults-bundle.md.
func writeBundle(verdicts []harness.Verdict) string {
	var b strings.Builder
	b.WriteString(bundleTitle + introduction + bundleIntroduction + legend + matrix(nil, of(verdicts)) + proof)
	details(&b, verdicts)
	return b.String()
}

// details are the numbers, the messages and the errors of the cases.
func details(b *strings.Builder, verdicts []harness.Verdict) {
	var said, bad strings.Builder
	for _, v := range verdicts {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", v.Name, tenths(v.Clean), tenths(v.Serves), errorsOf(v))
		if message := tidySaid(v.Said); message != "" && !plain.MatchString(message) {
			fmt.Fprintf(&said, "- `%s`: %s\n", v.Name, message)
		}
		for _, w := range v.Wrong {
			fmt.Fprintf(&bad, "- `%s`: %s\n", v.Name, tidySaid(w))
		}
	}
	if bad.Len() > 0 {
		b.WriteString("\n## Not as it must be\n\n" + bad.String())
	}
	if said.Len() > 0 {
		b.WriteString("\n## The messages\n\n" +
			"Messages of backups that failed, and of those that report more than the path of the set.\n\n" +
			said.String())
	}
}

// plain matches the message of a backup that has nothing to report.
var plain = regexp.MustCompile(`^([\w-]+: )?(physical|logical) backup$`)

func errorsOf(v harness.Verdict) string {
	if v.Control == nil {
		return fmt.Sprint(v.Clients.Errors)
	}
	return fmt.Sprintf("%d (%d)", v.Clients.Errors, v.Control.Errors)
}

func tenths(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }

// Whatever differs in every run has no place in the table.
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
	return escaped(strings.TrimSpace(said))
}
