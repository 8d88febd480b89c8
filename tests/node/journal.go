// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/journal"
)

// Journal is the path of a job's journal.
type Journal string

// NewJournal returns a journal in a folder of the test.
func NewJournal(t *testing.T) Journal { return Journal(filepath.Join(t.TempDir(), "journal")) }

// Note records an effect, like a job that is then killed.
func (j Journal) Note(t *testing.T, kind string, undo any) {
	t.Helper()
	notes, err := journal.Open(string(j))
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	if _, err := notes.Will(kind, undo); err != nil {
		t.Fatal(err)
	}
}

// Entries returns the entries that are not undone, newest first.
func (j Journal) Entries(t *testing.T) []journal.Entry {
	t.Helper()
	entries, err := journal.Read(string(j))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// Open returns the kinds of the entries that are not undone, newest first.
func (j Journal) Open(t *testing.T) (kinds []string) {
	t.Helper()
	for _, e := range j.Entries(t) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// Destination returns a folder for sets, on a real file system.
func Destination(t *testing.T) string {
	t.Helper()
	destination, err := os.MkdirTemp("/var/tmp", "backup-sets-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(destination) })
	return destination
}
