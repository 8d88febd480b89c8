// SPDX-License-Identifier: GPL-3.0-or-later

// Package verify proves backup sets. A Repository is only looked at. Read reads a set back to its last byte; Restore
// starts a server of its own on a copy of it and compares what that server holds with the manifest. What is wrong with a
// set is a Problem, which names file and offset; an error is that nothing could be proven.
package verify

import (
	"fmt"
	"strings"
)

// Problem is one way in which a set is not what its manifest says.
type Problem struct {
	File string `json:"file"`
	// Offset is where in the file, as it lies there, the damage begins or the piece that holds it; nil when only the
	// checksum of the whole file tells.
	Offset *int64 `json:"offset,omitempty"`
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	if p.Offset == nil {
		return fmt.Sprintf("%s: %s", p.File, p.Reason)
	}
	return fmt.Sprintf("%s, offset %d: %s", p.File, *p.Offset, p.Reason)
}

// problem is one without an offset.
func problem(file, format string, args ...any) Problem {
	return Problem{File: file, Reason: fmt.Sprintf(format, args...)}
}

// problemAt is one with an offset.
func problemAt(file string, offset int64, format string, args ...any) Problem {
	return Problem{File: file, Offset: &offset, Reason: fmt.Sprintf(format, args...)}
}

// Join writes the first problems in one line, and how many there are besides.
func Join(problems []Problem) string {
	const most = 5
	var texts []string
	for _, p := range problems[:min(len(problems), most)] {
		texts = append(texts, p.String())
	}
	if more := len(problems) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// Progress is how far the reading of a set, or its restore, is.
type Progress struct {
	Phase string `json:"phase"`
	// ReadBytes of ExpectedBytes of the set's files have been read.
	ReadBytes     int64 `json:"read_bytes"`
	ExpectedBytes int64 `json:"expected_bytes"`
	// Tables of ExpectedTables have been checked.
	Tables         int     `json:"tables"`
	ExpectedTables int     `json:"expected_tables"`
	Elapsed        float64 `json:"elapsed"` // seconds
}
