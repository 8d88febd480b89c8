// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/quantity"
)

// region is a part of a file between two marks, of which the rest is written by hand.
type region struct {
	file, name string
	// mark makes a line of a text, as a comment of the file's language.
	mark func(text string) string
	body func() string
}

var regions = []region{
	{"modules/idle_controller.yml", "limits", yamlMark, limitOptions},
	{"modules/idle_controller.yml", "codes", yamlMark, codeNotes},
	{"docs/doctor.md", "checks", markdownMark, checkList},
	{"docs/troubleshooting.md", "conditions", markdownMark, conditionTable},
	{"docs/troubleshooting.md", "rules of the guard", markdownMark, guardTable},
}

func yamlMark(text string) string     { return "    # " + text + "\n" }
func markdownMark(text string) string { return "<!-- " + text + " -->\n" }

// Regions returns the files below root that have regions, with the regions as they should be.
func Regions(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, r := range regions {
		content, seen := files[r.file]
		if !seen {
			var err error
			if content, err = os.ReadFile(filepath.Join(root, r.file)); err != nil {
				return nil, err
			}
		}
		filled, err := r.fill(string(content))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.file, err)
		}
		files[r.file] = []byte(filled)
	}
	return files, nil
}

// WriteRegions writes what Regions returns.
func WriteRegions(root string) error {
	files, err := Regions(root)
	if err != nil {
		return err
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(root, file), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r region) fill(content string) (string, error) {
	first, last := r.mark(r.name+`: generated from the code by "make generate"`), r.mark("end of "+r.name)
	before, rest, found := strings.Cut(content, first)
	_, after, ended := strings.Cut(rest, last)
	if !found || !ended {
		return "", fmt.Errorf("it lacks the line %q or %q", strings.TrimSpace(first), strings.TrimSpace(last))
	}
	return before + first + r.body() + last + after, nil
}

// limitOptions are the limits of a decision as options of the module.
func limitOptions() string {
	var b strings.Builder
	for _, l := range condition.AllLimits() {
		kind := "float"
		if l.Whole {
			kind = "int"
		}
		fmt.Fprintf(&b, "    %s:\n      description: >-\n%s      type: %s\n      default: %s\n", l.Name,
			fold(l.Meaning, "        "), kind, l.Written())
	}
	return b.String()
}

// codeNotes explain the codes of reasons in the notes of the module.
func codeNotes() string {
	lines := []string{}
	for _, c := range condition.All() {
		line := fmt.Sprintf("      C(%s) %s", c.Code, c.Meaning)
		if c.Limit != nil {
			line += fmt.Sprintf(" (O(%s))", c.Limit.Name)
		}
		lines = append(lines, line)
	}
	return "    - >-\n      The codes of reasons are:\n" + strings.Join(lines, ";\n") + ".\n"
}

// conditionTable is for people whose controller was not chosen.
func conditionTable() string {
	var b strings.Builder
	b.WriteString("\n| reason code | finding | passes by itself | what to do |\n|---|---|---|---|\n")
	for _, c := range condition.All() {
		seen := c.Seen
		if seen == "" {
			seen = c.Meaning
		}
		if l := c.Limit; l != nil {
			seen += fmt.Sprintf(" (`%s`: %s)", l.Name, standard(*l))
		}
		passes := "no"
		if c.Passes != nil {
			passes = c.Passes.When
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Code, seen, passes, c.Remedy)
	}
	return b.String() + "\n"
}

// checkList is for people whose doctor found something.
func checkList() string {
	var b strings.Builder
	b.WriteString("\n")
	for _, c := range doctor.Checks() {
		fmt.Fprintf(&b, "- **%s** (`%s`): %s.\n  Fails if %s.\n  What to do: %s.\n", c.Title, c.Name, c.Looks, c.Fails,
			lowerFirst(c.Remedy))
	}
	return b.String() + "\n"
}

// lowerFirst lets a sentence continue another one.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// standard is the default of a limit for people.
func standard(l condition.Limit) string {
	if l.Unit == "bytes" {
		return quantity.Bytes(int64(l.Default))
	}
	return strings.TrimSpace(l.Written() + " " + l.Unit)
}

// guardTable is for people whose backup the guard stopped.
func guardTable() string {
	var b strings.Builder
	b.WriteString("\n| rule | finding | another | what to do |\n|---|---|---|---|\n")
	for _, r := range guard.Rules() {
		if r.Seen == "" {
			continue // a rule with two sources is explained once
		}
		another := "no"
		if r.Here {
			another = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, r.Seen, another, r.Remedy)
	}
	return b.String() + "\n"
}
