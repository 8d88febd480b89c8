// SPDX-License-Identifier: GPL-3.0-or-later

// Package story runs scenarios that are written as text, one file per subject. A file has blocks: a few lines of what
// happens, a line of four dashes, and the outcome, up to an empty line. Lines that begin with # are comments.
//
//	# Somebody desynced a standby.
//	cluster 3
//	set controller-2 galera wsrep.desync=true
//	decide
//	----
//	controller-1 was chosen
//
// "go test -update" writes what came of each block into the files.
package story

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files and the outcomes of stories")

// Update reports that golden files are to be written.
func Update() bool { return *update }

const dashes = "----"

// Run runs every file that matches. tell is called with the lines of a block without comments and returns their
// outcome. A block of comments alone stays as it is; one without an outcome fails, because it would check nothing.
func Run(t *testing.T, pattern string, tell func(t *testing.T, lines []string) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { runFile(t, file, tell) })
	}
}

func runFile(t *testing.T, file string, tell func(t *testing.T, lines []string) string) {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for i, b := range parse(string(content)) {
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(b.before)
		if len(b.lines()) == 0 {
			continue
		}
		if !b.dashed && !*update {
			t.Errorf("%s:%d: it has no outcome, and no line of dashes for one; go test -update writes both", file,
				b.line)
			continue
		}
		got := strings.TrimRight(tell(t, b.lines()), "\n") + "\n"
		if got != b.outcome && !*update {
			t.Errorf("%s:%d:\n%s\ngot\n%s\nwant\n%s", file, b.line, b.before, got, b.outcome)
		}
		out.WriteString(dashes + "\n" + got)
	}
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// block is a part of a file up to an empty line.
type block struct {
	line    int
	before  string // the lines above the dashes, including comments
	outcome string
	dashed  bool // whether it has dashes
}

func parse(content string) (blocks []block) {
	line := 1
	for part := range strings.SplitSeq(strings.Trim(content, "\n")+"\n", "\n\n") {
		b := block{line: line}
		line += strings.Count(part, "\n") + 2
		b.before, b.outcome, b.dashed = strings.Cut(strings.Trim(part, "\n")+"\n", dashes+"\n")
		blocks = append(blocks, b)
	}
	return blocks
}

// lines returns the lines that are not comments.
func (b block) lines() (list []string) {
	for line := range strings.SplitSeq(b.before, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}
