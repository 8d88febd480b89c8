// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"overcloud.backup/internal/excerpt"
)

// Level is how deeply a set was verified. The zero value means not at all.
type Level string

// LevelRead read every byte back; LevelRestore started a server on a copy of the set and examined it.
const (
	LevelRead    Level = "read"
	LevelRestore Level = "restore"
)

// RecordName is the file next to the manifest with the results of verifications.
const RecordName = "verified.json"

// recordFormat is the version of the record that this code writes.
const recordFormat = 1

// Record is verified.json, which is stored next to the manifest and applies only to that manifest.
type Record struct {
	Format int    `json:"format"`
	Set    string `json:"set"`
	// ManifestSHA256 is that of the manifest that was verified. With another manifest the record is not valid.
	ManifestSHA256 string `json:"manifest_sha256"`
	// Read and Restore are the last outcomes of their level, nil if there is none.
	Read    *Outcome `json:"read"`
	Restore *Outcome `json:"restore"`
}

// Outcome is the result of one verification.
type Outcome struct {
	OK       bool      `json:"ok"`
	At       float64   `json:"at"`       // when it ended, seconds since the epoch
	Duration float64   `json:"duration"` // seconds
	Host     string    `json:"host"`
	MadeBy   string    `json:"made_by"`
	Problems []Problem `json:"problems"`
	Warnings []string  `json:"warnings"`
	// Restored describes the data on the scratch server.
	Restored *Restored `json:"restored,omitempty"`
}

// passed returns the deepest level that is still valid, when it was passed, and the problems that were found. A set
// that cannot be read has no level, even if it was restored earlier.
func (r Record) passed() (level Level, at float64, problems []Problem) {
	problems = []Problem{}
	for _, o := range []struct {
		level Level
		*Outcome
	}{{LevelRead, r.Read}, {LevelRestore, r.Restore}} {
		switch {
		case o.Outcome == nil:
		case !o.OK:
			problems = append(problems, o.Problems...)
		case o.level == LevelRead || level == LevelRead:
			level, at = o.level, o.At
		}
	}
	return level, at, problems
}

// verifications returns the outcomes without their details.
func (r Record) verifications() []Verification {
	found := []Verification{}
	if r.Read != nil {
		found = append(found, Verification{LevelRead, r.Read.OK, r.Read.At, r.Read.Host})
	}
	if r.Restore != nil {
		found = append(found, Verification{LevelRestore, r.Restore.OK, r.Restore.At, r.Restore.Host})
	}
	return found
}

// Record returns the results of earlier verifications; empty if there are none. A record of another set, or of this set
// with another manifest, is an error.
func (s *Set) Record() (Record, error) {
	content, err := s.readSmall(RecordName)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, nil
	}
	var r Record
	if err == nil {
		err = CheckJSON(content)
	}
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	switch {
	case err != nil:
		return Record{}, fmt.Errorf("%s: %w", s.path(RecordName), excerpt.Error(err))
	case r.Format != recordFormat:
		return Record{}, fmt.Errorf("%s: its format is %d, and this version reads %d", s.path(RecordName), r.Format,
			recordFormat)
	case r.Set != s.Name:
		return Record{}, fmt.Errorf("%s: it belongs to the set %q and is ignored", s.path(RecordName),
			excerpt.Of(r.Set))
	case r.ManifestSHA256 != s.Sum:
		return Record{}, fmt.Errorf("%s: the manifest is not the one that was verified, so the record is ignored",
			s.path(RecordName))
	}
	return r, nil
}

// Write records the outcome of a level next to the manifest, and drops what does not apply to that manifest.
func (s *Set) Write(level Level, o Outcome) error {
	r, err := s.Record()
	if err != nil {
		r = Record{}
	}
	r.Format, r.Set, r.ManifestSHA256 = recordFormat, s.Name, s.Sum
	if level == LevelRestore {
		r.Restore = &o
	} else {
		r.Read = &o
	}
	content, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = s.source.Replace(RecordName, append(bytes.TrimSpace(content), '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", s.path(RecordName), err)
	}
	return nil
}
