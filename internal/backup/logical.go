// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

const logicalFile = "backup.sql.zst"

// dumpHistory is the option of tools of MariaDB 10.11 and later that dumps the history of system-versioned tables.
const dumpHistory = "--dump-history"

// logicalArgs are the tool's arguments. Users are saved apart, as statements: the tables of the schema mysql are not
// replicated by Galera. Locks around the inserts of a restore would not be, either, hence --skip-add-locks.
func logicalArgs(schemas []string, holds content) []string {
	args := []string{
		"--defaults-file=" + loginFile,
		"--single-transaction", "--quick", "--routines", "--events", "--triggers", "--skip-add-locks", "--hex-blob",
		"--default-character-set=utf8mb4", "--max-allowed-packet=1G",
	}
	if holds.history {
		args = append(args, dumpHistory)
	}
	for _, b := range holds.broken {
		args = append(args, "--ignore-table="+b.String())
	}
	return append(append(args, "--databases", "--"), schemas...)
}

// logical checks a dump. Its snapshot is open when the first schema begins; started is closed then.
type logical struct {
	started chan struct{}
	begun   bool
	head    []byte
	tail    process.Tail
}

func newLogical() *logical {
	return &logical{started: make(chan struct{}), tail: process.Tail{Max: 512}}
}

// maxHead is how far the beginning of the first schema is looked for.
const maxHead = 64 << 10

// firstSchema stands before each schema, after the snapshot was opened.
var firstSchema = []byte("\nUSE `")

func (l *logical) Write(p []byte) (int, error) {
	if !l.begun {
		l.lookForStart(p)
	}
	return l.tail.Write(p)
}

func (l *logical) lookForStart(p []byte) {
	l.head = append(l.head, p[:min(len(p), maxHead)]...)
	if bytes.Contains(l.head, firstSchema) || len(l.head) > maxHead {
		l.begun, l.head = true, nil
		close(l.started)
	}
}

var closingLine = regexp.MustCompile(`(?:^|\n)-- Dump completed[^\n]*\n*$`)

// finish proves that the dump is whole by its closing line.
func (l *logical) finish(string) error {
	if end := l.tail.String(); !closingLine.MatchString(end) {
		return fmt.Errorf("the dump does not end with \"-- Dump completed\"; its last line is %q", lastLine(end))
	}
	return nil
}

func (l *logical) describe(m *repository.Manifest) {
	m.Position.Meaning = "the state of this node at one position from seqno to seqno_end: all up to seqno is in the dump, " +
		"nothing after seqno_end is; mariadb-dump does not tell which one it was"
}

// refuseEvents is about events that the tool dumps never or wrongly.
func refuseEvents(events []string) error {
	if len(events) == 0 {
		return nil
	}
	return fmt.Errorf("mariadb-dump cannot dump the events %q: two semicolons in a row in an event make it loop for ever, and quotes or backslashes in "+
		"the schema's name make it fail; change or drop them, or take a physical backup", events)
}

// refuseNonTransactional is about tables that a dump's snapshot does not cover: they change while it reads them, and
// Galera does not replicate them.
func refuseNonTransactional(tables []string, warn bool) (warning string, err error) {
	if len(tables) == 0 {
		return "", nil
	}
	names := strings.Join(tables, ", ")
	if warn {
		return "not in the dump's snapshot, because they are not InnoDB: " + names, nil
	}
	return "", fmt.Errorf("%d tables are not InnoDB and would not be consistent in a dump: %s; "+
		"convert them, take a physical backup, or set non_transactional to warn", len(tables), names)
}
