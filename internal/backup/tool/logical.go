// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"bytes"
	"context"
	"fmt"
	"regexp"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
)

// LogicalFile is the dump in a logical set.
const LogicalFile = "backup.sql.zst"

// DumpHistory is the option of tools of MariaDB 10.11 and later that dumps the history of system-versioned tables.
const DumpHistory = "--dump-history"

// Contents says what a dump contains in addition to the rows of all its schemas.
type Contents struct {
	// History says that the history of system-versioned tables is dumped.
	History bool
	// LeftOut are the tables and views that the server cannot open: the tool would end at the first one.
	LeftOut []catalog.Broken
}

// LogicalArgs returns the tool's arguments. Users are saved separately, as statements: the tables of the schema mysql
// are not replicated by Galera. Locks around the inserts of a restore would not be, either, hence --skip-add-locks.
func LogicalArgs(schemas []string, holds Contents) []string {
	args := []string{
		"--defaults-file=" + loginFile,
		"--single-transaction", "--quick", "--routines", "--events", "--triggers", "--skip-add-locks", "--hex-blob",
		"--default-character-set=utf8mb4", "--max-allowed-packet=1G",
	}
	if holds.History {
		args = append(args, DumpHistory)
	}
	for _, b := range holds.LeftOut {
		args = append(args, "--ignore-table="+b.String())
	}
	return append(append(args, "--databases", "--"), schemas...)
}

// logical checks a dump. Its snapshot is open when the first schema begins; then started is closed.
type logical struct {
	Started chan struct{}
	begun   bool
	head    []byte
	tail    process.Tail
}

// NewLogical returns a check of a dump.
func NewLogical() *logical {
	return &logical{Started: make(chan struct{}), tail: process.Tail{Max: 512}}
}

// maxHead limits the search for the beginning of the first schema.
const maxHead = 64 << 10

// firstSchema precedes each schema, after the snapshot was opened.
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
		close(l.Started)
	}
}

var closingLine = regexp.MustCompile(`(?:^|\n)-- Dump completed[^\n]*\n*$`)

// Finish proves that the dump is complete by its closing line.
func (l *logical) Finish(string) error {
	if end := l.tail.String(); !closingLine.MatchString(end) {
		return fmt.Errorf("the dump does not end with \"-- Dump completed\"; its last line is %q", lastLine(end))
	}
	return nil
}

func (l *logical) Describe(m *repository.Manifest) {
	m.Position.Meaning = "the state of this node at one position from seqno to seqno_end: all up to seqno is in " +
		"the dump, " +
		"nothing after seqno_end is; mariadb-dump does not report which one it was"
}

// SeqnoOnce reads wsrep_last_committed when started is closed; -1 if it cannot, or if ended is closed first.
func SeqnoOnce(ctx context.Context, c *mariadb.Client, started, ended <-chan struct{}) (seqno int64) {
	defer func() {
		// A panic here would end the process, and nothing would be undone.
		if recover() != nil {
			seqno = -1
		}
	}()
	select {
	case <-started:
	case <-ended:
		return -1
	}
	w, err := galera.Status(ctx, c)
	if err != nil {
		return -1
	}
	return w.LastCommitted
}
