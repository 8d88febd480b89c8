// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

// LogName is the file of the tool's log in a set.
const LogName = "backup.log"

// Log keeps the lines of a tool's standard error, without secrets. It stays in memory until the tool has ended: a tool
// whose messages wait for a destination that hangs would hold its locks all that time.
type Log struct {
	scrub func(string) string
	// seen is called with each line, and reports whether to keep it.
	seen func(line string) bool
	tail process.Tail
	line []byte
	kept bytes.Buffer
	left int // bytes beyond maxLog
	err  error
}

func newLog(scrub func(string) string, seen func(string) bool) *Log {
	return &Log{scrub: scrub, seen: seen, tail: process.Tail{Max: 64 << 10}}
}

// maxLine limits a line without end, maxLog the complete log: some 100 bytes for each of the tables.
const (
	maxLine = 64 << 10
	maxLog  = 8 << 20
)

// Write never fails: a tool must not die of its messages while it holds locks. Finish reports the error.
func (l *Log) Write(p []byte) (int, error) {
	l.line = append(l.line, p...)
	for {
		end := bytes.IndexByte(l.line, '\n') + 1
		if end == 0 && len(l.line) > maxLine {
			end = len(l.line)
		}
		if end == 0 {
			return len(p), nil
		}
		l.put(l.line[:end])
		l.line = l.line[end:]
	}
}

func (l *Log) put(line []byte) {
	defer func() {
		// A panic here would end the process, and nothing would be undone.
		if p := recover(); p != nil {
			l.err = fmt.Errorf("keep the tool's log: panic: %v", p)
		}
	}()
	if l.seen != nil && !l.seen(strings.TrimRight(string(line), "\r\n")) {
		return
	}
	clean := []byte(l.scrub(string(line)))
	_, _ = l.tail.Write(clean)
	if l.kept.Len()+len(clean) > maxLog {
		l.left += len(clean)
		return
	}
	l.kept.Write(clean)
}

// text returns the end of the log, as it is stored, after the tool has ended.
func (l *Log) text() string {
	if len(l.line) > 0 {
		l.put(l.line)
		l.line = nil
	}
	return l.tail.String()
}

// complaint matches the beginning of a line that says why a tool gave up:
//
//	[00] FATAL ERROR: 2026-11-23 09:20:58 failed to execute query BACKUP STAGE FLUSH: Server has gone away
//	[00] 2026-11-23 09:52:42 Failed to connect to MariaDB server: Access denied for user 'b'@'localhost' (using password: YES).
//	mariadb-dump: Got error: 1049: "Unknown database 'x'" when selecting the database
var complaint = regexp.MustCompile(`(?i)\b(error|failed|denied|cannot|couldn't|gone away)\b`)

// reason returns the end of the log up to the last line that says why the tool gave up, if there is one: the lines
// after it are about its shutdown.
func (l *Log) reason() string {
	text := l.text()
	lines := strings.SplitAfter(text, "\n")
	for i := len(lines); i > 0; i-- {
		if complaint.MatchString(lines[i-1]) && !strings.Contains(lines[i-1], "[Note]") {
			return strings.Join(lines[:i], "")
		}
	}
	return text
}

// finish stores the log in the set. The end of a log that is too long follows its beginning.
func (l *Log) finish(set *repository.Draft) (repository.File, error) {
	end := l.text()
	if l.left > 0 {
		fmt.Fprintf(&l.kept, "\n[%d bytes are left out here, up to the following]\n%s", max(0, l.left-len(end)), end)
	}
	if l.err != nil {
		return repository.File{}, l.err
	}
	f, err := set.Add(LogName, "log", l.kept.Bytes())
	if err != nil {
		err = fmt.Errorf("write the tool's log: %w", err)
	}
	return f, err
}

// lastLine returns the last line of a text that is not empty.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
