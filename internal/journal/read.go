// SPDX-License-Identifier: GPL-3.0-or-later

package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"overcloud.backup/internal/excerpt"
)

// maxSize is far more than any job writes; a larger file is not a journal.
const maxSize = 16 << 20

// CorruptError reports a journal that has lost or changed entries.
type CorruptError struct {
	Path   string
	Line   int // the first bad one, from 1
	Reason string
}

// Error has the place of the damage, and what an operator should check.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("journal %s is damaged in line %d (%s); check whether wsrep_desync, the cluster's backup lock"+
		" and "+
		"unfinished sets are left, then remove the job's folder", e.Path, e.Line, e.Reason)
}

// Read returns the effects that are not undone, newest first. An incomplete last line is an effect that never began.
// With a *CorruptError it still returns all readable entries; undoing one twice must do no harm.
func Read(path string) ([]Entry, error) {
	s, err := readScan(path)
	if s == nil {
		return nil, err
	}
	return s.open(), err
}

// All returns all noted effects, oldest first, undone or not; errors are those of Read.
func All(path string) ([]Entry, error) {
	s, err := readScan(path)
	if s == nil {
		return nil, err
	}
	return s.entries, err
}

func readScan(path string) (*scanned, error) {
	file, err := checked(os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	defer file.Close()
	content, err := readAll(file)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	s := scan(path, content)
	if s.bad != nil {
		return s, s.bad
	}
	return s, nil
}

func readAll(file *os.File) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err == nil && len(content) > maxSize {
		err = fmt.Errorf("%s has more than %d MiB", file.Name(), maxSize>>20)
	}
	return content, err
}

// record is the content of one line: an entry, or the number of an entry that is undone. Prev is the sum of the
// readable line before it, so that a removed line is noticed.
type record struct {
	Prev   string `json:"prev"`
	Entry  *Entry `json:"entry,omitempty"`
	Undone int    `json:"undone,omitempty"`
}

// A line: {"sum":"<sha256 of the record, hex>","record":{"prev":"","entry":{"id":1,"kind":"set",...}}}
const (
	beforeSum    = `{"sum":"`
	beforeRecord = `","record":`
	afterRecord  = `}`
	sumLength    = 2 * sha256.Size
)

func encode(r record) (line []byte, sum string, err error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, "", err
	}
	sum = sumOf(raw)
	return []byte(beforeSum + sum + beforeRecord + string(raw) + afterRecord + "\n"), sum, nil
}

func sumOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// decode parses a line without its line feed.
func decode(line []byte) (r record, sum string, reason string) {
	rest, ok := bytes.CutPrefix(line, []byte(beforeSum))
	if !ok || len(rest) < sumLength {
		return r, "", "not a line of a journal"
	}
	sum = string(rest[:sumLength])
	raw, ok := bytes.CutPrefix(rest[sumLength:], []byte(beforeRecord))
	if !ok || !bytes.HasSuffix(raw, []byte(afterRecord)) {
		return r, "", "not a line of a journal"
	}
	raw = raw[:len(raw)-len(afterRecord)]
	if sum != sumOf(raw) {
		return r, "", "wrong checksum"
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, "", "unreadable: " + excerpt.Error(err).Error()
	}
	return r, sum, ""
}

// scanned is the content of a journal.
type scanned struct {
	entries []Entry
	undone  map[int]bool
	whole   int64 // the length of its complete lines
	id      int   // the highest
	last    string
	bad     *CorruptError
}

func scan(path string, content []byte) *scanned {
	s := &scanned{undone: map[int]bool{}}
	for number := 1; ; number++ {
		line, rest, ended := bytes.Cut(content, []byte("\n"))
		if !ended {
			return s
		}
		s.whole += int64(len(line)) + 1
		if reason := s.line(line); reason != "" && s.bad == nil {
			s.bad = &CorruptError{Path: path, Line: number, Reason: reason}
		}
		content = rest
	}
}

// line adds one line and returns what is wrong with it.
func (s *scanned) line(line []byte) (reason string) {
	r, sum, reason := decode(line)
	if reason != "" {
		return reason
	}
	if r.Prev != s.last {
		reason = "the line before it is missing or damaged"
	}
	s.last = sum
	if r.Entry == nil {
		s.undone[r.Undone] = true
		return reason
	}
	if !slices.ContainsFunc(s.entries, func(e Entry) bool { return e.ID == r.Entry.ID }) {
		s.entries = append(s.entries, *r.Entry)
	}
	s.id = max(s.id, r.Entry.ID)
	return reason
}

// open returns the entries that are not undone, newest first.
func (s *scanned) open() (open []Entry) {
	for _, e := range slices.Backward(s.entries) {
		if !s.undone[e.ID] {
			open = append(open, e)
		}
	}
	return open
}
