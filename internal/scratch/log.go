// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Log reads the log of the scratch server. It matters: for a damaged page of a long column the server writes to its
// log, returns a shorter value, and CHECK TABLE says OK (10.11).
type Log struct {
	mutex  sync.Mutex
	line   []byte
	errors []string // the first, each once
	last   []string
}

// Limits of what is kept: InnoDB writes a damaged page into the log, 500 lines of it.
const (
	maxLogLine = 4 << 10
	maxErrors  = 20
	maxLast    = 3
)

// Write takes the output of the server; it never fails.
func (l *Log) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.line = append(l.line, p...)
	for {
		at := bytes.IndexByte(l.line, '\n')
		if at < 0 {
			l.line = l.line[:min(len(l.line), maxLogLine)]
			return len(p), nil
		}
		l.take(string(l.line[:min(at, maxLogLine)]))
		l.line = l.line[at+1:]
	}
}

// lineStart is the beginning of a line: "2026-11-23 8:35:00 4 ".
var lineStart = regexp.MustCompile(`^\d{4}-\d\d-\d\d +\d+:\d\d:\d\d \d+ `)

func (l *Log) take(line string) {
	line = lineStart.ReplaceAllString(strings.TrimSpace(line), "")
	if line == "" || strings.HasPrefix(line, "[Note]") {
		return
	}
	if l.last = append(l.last, line); len(l.last) > maxLast {
		l.last = l.last[1:]
	}
	wrong := strings.HasPrefix(line, "[ERROR]") || strings.Contains(line, "Assertion") ||
		strings.Contains(line, "got signal")
	if wrong && len(l.errors) < maxErrors && !slices.Contains(l.errors, line) {
		l.errors = append(l.errors, line)
	}
}

// Summary returns the errors, or the last lines if there are none.
func (l *Log) Summary() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	lines := l.errors
	if len(lines) == 0 {
		lines = l.last
	}
	return strings.Join(lines[:min(len(lines), 5)], " | ")
}

var damage = regexp.MustCompile(`(?i)corrupt|checksum mismatch|failed to read`)

// outdated matches what a server says about its own tables before mariadb-upgrade has run.
var outdated = regexp.MustCompile(`Column count of \S+ is wrong|Incorrect definition of table`)

// Found sorts the errors into those that mean damaged data, and others: a server on which mariadb-upgrade never ran has
// some.
func (l *Log) Found() (damaged, others []string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, line := range l.errors {
		if damage.MatchString(line) && !outdated.MatchString(line) {
			damaged = append(damaged, line)
		} else {
			others = append(others, line)
		}
	}
	return damaged, others
}
