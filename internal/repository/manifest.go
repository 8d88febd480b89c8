// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"overcloud.backup/internal/excerpt"
)

// Format is the version of the manifest that this code writes. A reader refuses a higher one.
const Format = 1

// Manifest describes a set. Times are seconds since the epoch on the controller's clock, durations seconds, sizes
// bytes.
type Manifest struct {
	Format int `json:"format"`
	// Set is Set.Name.
	Set        string  `json:"set"`
	MadeBy     string  `json:"made_by"` // "overcloud.backup 1.0.0"
	Cluster    Cluster `json:"cluster"`
	Controller string  `json:"controller"`
	// Method is physical or logical, and Reason why.
	Method string  `json:"method"`
	Reason string  `json:"reason"`
	Tool   Program `json:"tool"`
	Server Server  `json:"server"`

	StartedAt float64            `json:"started_at"`
	EndedAt   float64            `json:"ended_at"`
	Durations map[string]float64 `json:"durations"` // by phase

	Position Position `json:"position"`
	// Files are all files of the set except the manifest.
	Files Files `json:"files"`
	// Stream describes the content of the physical stream; nil for a logical set.
	Stream *Stream `json:"stream,omitempty"`

	Schema Schema `json:"schema"`
	// Desync says how wsrep_desync was changed.
	Desync string `json:"desync"`
	// Decision is the decision that the caller passed, unchanged.
	Decision json.RawMessage `json:"decision,omitempty"`
	// Restore says how this set is unpacked with the server's own programs.
	Restore  []string `json:"restore"`
	Warnings []string `json:"warnings"`
}

// Kinds of content that a file of a set can have, as in File.Content. A reader treats any other kind as a file of which
// only length and checksum are known.
const (
	ContentStream      = "xbstream"
	ContentDump        = "sql"
	ContentUsers       = "users"
	ContentSystem      = "system"
	ContentDefinitions = "definitions"
)

// Data returns the file with the database in it, the zero File if there is none.
func (m *Manifest) Data() File {
	i := slices.IndexFunc(m.Files, func(f File) bool { return f.Content == ContentStream || f.Content == ContentDump })
	if i < 0 {
		return File{}
	}
	return m.Files[i]
}

// Cluster is the Galera cluster that was backed up.
type Cluster struct {
	Name string `json:"name"` // the folder's name
	UUID string `json:"uuid"` // wsrep_cluster_state_uuid
}

// Program is the program that made the backup.
type Program struct {
	Path    string   `json:"path"`
	Version string   `json:"version"`
	Args    []string `json:"args"` // without secrets
	// Container is the container of the program; empty if it is on the host itself.
	Container string `json:"container,omitempty"`
}

// Server is the server that was backed up.
type Server struct {
	Version  string `json:"version"`
	Hostname string `json:"hostname"`
	UID      string `json:"server_uid"`
	Datadir  string `json:"datadir"`
	// Settings are the server's variables, by name, that decide whether its data can be loaded elsewhere. Sets of
	// earlier versions have none.
	Settings map[string]string `json:"settings,omitempty"`
}

// Position is the place of a set in the cluster's history.
//
// A physical set is the state of its node at exactly UUID:Seqno. A logical set is the state at one seqno from Seqno to
// SeqnoEnd: everything up to Seqno is in it, nothing after SeqnoEnd is; mariadb-dump does not report which one it was.
type Position struct {
	UUID     string `json:"uuid"`
	Seqno    int64  `json:"seqno"`
	SeqnoEnd int64  `json:"seqno_end"`
	// GTID is gtid_binlog_pos of the server at Seqno, if it has a binary log. For a logical set it was read right after
	// Seqno.
	GTID string `json:"gtid,omitempty"`
	// ClusterSeqno was committed everywhere when the backup began: the node waited until it had applied all that any
	// node had committed by then (wsrep_sync_wait).
	ClusterSeqno int64  `json:"cluster_seqno"`
	Meaning      string `json:"meaning"`
}

// File is one file of a set.
type File struct {
	Name string `json:"name"`
	// Content is xbstream, sql, log, users, system, definitions, cib, corosync or configuration.
	Content string `json:"content"`
	// Bytes and SHA256 are those of the stored file, RawBytes is the size of its unpacked content.
	Bytes    int64  `json:"bytes"`
	RawBytes int64  `json:"raw_bytes"`
	SHA256   string `json:"sha256"`
	// Compression is zstd or none. Frames are independent, and contain FrameBytes each, the last one less.
	Compression string `json:"compression"`
	Level       int    `json:"level,omitempty"`
	Frames      int    `json:"frames,omitempty"`
	FrameBytes  int64  `json:"frame_bytes,omitempty"`
}

// Files are those of one set.
type Files []File

// maxFiles is more than a set has: data, log, users, configuration.
const maxFiles = 64

// UnmarshalJSON reads no more files than a set can have: each takes far more memory than it has bytes in a manifest.
func (f *Files) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(errors.New("files: no list"), err)
	}
	for *f = nil; d.More(); {
		if len(*f) == maxFiles {
			return fmt.Errorf("files: more than %d", maxFiles)
		}
		var file File
		if err := d.Decode(&file); err != nil {
			return err
		}
		*f = append(*f, file)
	}
	return nil
}

// Stream describes the content of an xbstream.
type Stream struct {
	Files  int   `json:"files"`
	Chunks int64 `json:"chunks"`
	Bytes  int64 `json:"bytes"`
}

// Schema describes the schemas of the set, outside the server's own ones. The fingerprint is empty if the account could
// not see all of them.
type Schema struct {
	// Fingerprint is that of the definitions that a copy by the set's method keeps. A file of the set has them one by
	// one (content definitions); the fingerprint of a set without such a file was computed in another way.
	Fingerprint      string         `json:"fingerprint"`
	Tables           map[string]int `json:"tables"` // by schema
	NonTransactional []string       `json:"non_transactional"`
	// EventsEnabled are the events that any member of the cluster ran when the set was made; nil if that is not known.
	// Galera marks an event SLAVESIDE_DISABLED on all members except the one that created it.
	EventsEnabled []Name `json:"events_enabled"`
	// Broken are tables and views that the server itself could not open when the set was made.
	Broken []Broken `json:"broken,omitempty"`
	// LeftOut are those of them that a dump lacks.
	LeftOut []Name `json:"left_out,omitempty"`
	// Folders of the datadir that the server treats as schemas, although no CREATE DATABASE made them.
	Folders []string `json:"folders,omitempty"`
}

// Name is the name of a table, a view, a routine, a trigger or an event.
type Name struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
}

// String is <schema>.<name>.
func (n Name) String() string { return n.Schema + "." + n.Name }

// Broken is a table or a view that the server could not open, and the server's message.
type Broken struct {
	Name
	Why string `json:"why"`
}

// maxManifest limits what is read of a manifest; 100,000 schemas need less.
const maxManifest = 64 << 20

// ParseManifest reads a manifest. It refuses one of a later format and one that names no files.
func ParseManifest(data []byte) (*Manifest, error) {
	var m Manifest
	if err := CheckJSON(data); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("manifest: %w", excerpt.Error(err))
	}
	switch {
	case m.Format > Format:
		return nil, fmt.Errorf("manifest: format %d is later than %d, which this version reads; use a later version",
			m.Format, Format)
	case m.Format < 1 || m.Set == "" || len(m.Files) == 0:
		return nil, errors.New("manifest: not that of a set: format, set or files are missing")
	}
	for _, f := range m.Files {
		if filepath.Base(f.Name) != f.Name || CheckName("file", f.Name) != nil || len(f.SHA256) != 64 ||
			!isSize(f.Bytes) || !isSize(f.RawBytes) {
			return nil, fmt.Errorf("manifest: file %q: bad name, size or sha256", excerpt.Of(f.Name))
		}
	}
	return &m, nil
}

// isSize reports whether a file can have so many bytes: up to 1 PiB, so that no sum of them is too large for a number.
func isSize(size int64) bool { return 0 <= size && size <= 1<<50 }

// Bounds of a JSON document from a destination. One of 100,000 tables has half a million values.
const (
	maxDepth  = 10_000 // as deep as a decision that the job wrote into it
	maxValues = 2_000_000
)

// CheckJSON refuses a document that would take much more memory than it has bytes.
func CheckJSON(text []byte) error {
	depth, values, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		if depth > maxDepth || values > maxValues {
			return fmt.Errorf("it is nested deeper than %d, or has more than %d values", maxDepth, maxValues)
		}
	}
	return nil
}
