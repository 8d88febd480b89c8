// SPDX-License-Identifier: GPL-3.0-or-later

// Package verify proves backup sets. A Repository is only looked at. Read reads a set back to its last byte; Restore
// starts a server of its own on a copy of it and compares what that server holds with the manifest. What is wrong with a
// set is a Problem, which names file and offset; an error is that nothing could be proven.
package verify

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
