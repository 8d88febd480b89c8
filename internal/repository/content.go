// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/xbstream"
)

// content checks what is inside a file while it is read; finish reports whether it was complete.
type content interface {
	io.Writer
	finish() error
}

// contentOf returns the check for a file of the set.
func contentOf(f File, m *Manifest) content {
	switch f.Content {
	case ContentStream:
		return newStream(m)
	case ContentDump:
		return &dump{tail: process.Tail{Max: 512}}
	case ContentDefinitions:
		return &definitionList{want: m.Schema.Fingerprint}
	}
	return opaque{}
}

// opaque is a file of which only length and checksum are known.
type opaque struct{}

func (opaque) Write(p []byte) (int, error) { return len(p), nil }
func (opaque) finish() error               { return nil }

// stream checks a physical backup. Its position is kept.
type stream struct {
	*xbstream.Checker
	want *Manifest
}

// positionFiles are the names, by version, of the file with the wsrep position.
var positionFiles = []string{"xtrabackup_galera_info", "mariadb_backup_galera_info"}

func newStream(m *Manifest) *stream {
	return &stream{Checker: xbstream.NewChecker(positionFiles...), want: m}
}

// finish compares the complete stream with the manifest.
func (s *stream) finish() error {
	got, err := s.Finish()
	if err != nil {
		return err
	}
	want := *s.want.Stream
	if got.Files != want.Files || got.Chunks != want.Chunks || got.Bytes != want.Bytes {
		return fmt.Errorf("the xbstream contains %s, %s and %d bytes, and the manifest says %d, %d and %d",
			quantity.Count(int64(got.Files), "file"), quantity.Count(int64(got.Chunks), "chunk"), got.Bytes, want.Files,
			want.Chunks, want.Bytes)
	}
	return s.checkPosition()
}

// checkPosition compares "uuid:seqno", which may be followed by a space and wsrep_gtid_domain_id.
func (s *stream) checkPosition() error {
	for _, name := range positionFiles {
		if kept := s.Kept(name); kept != nil {
			got, _, _ := strings.Cut(strings.TrimSpace(string(kept)), " ")
			if want := fmt.Sprintf("%s:%d", s.want.Position.UUID, s.want.Position.Seqno); got != want {
				return fmt.Errorf("the xbstream is at the position %q, and the manifest says %s", excerpt.Of(got),
					excerpt.Of(want))
			}
			return nil
		}
	}
	return fmt.Errorf("the xbstream contains no %s", positionFiles[0])
}

// dump is a logical backup: its last line proves that mariadb-dump finished.
type dump struct{ tail process.Tail }

var closingLine = regexp.MustCompile(`(?:^|\n)-- Dump completed[^\n]*\n*$`)

func (d *dump) Write(p []byte) (int, error) { return d.tail.Write(p) }

func (d *dump) finish() error {
	if end := d.tail.String(); !closingLine.MatchString(end) {
		return fmt.Errorf("the dump does not end with \"-- Dump completed\" but with %q",
			excerpt.Of(excerpt.LastLine(end)))
	}
	return nil
}

// definitionList is a set's list of definitions; the manifest has its fingerprint.
type definitionList struct {
	text        bytes.Buffer
	want        string
	definitions catalog.Definitions
}

func (l *definitionList) Write(p []byte) (int, error) {
	if l.text.Len()+len(p) > catalog.MaxDefinitions {
		return 0, fmt.Errorf("the definitions have more than %d bytes", catalog.MaxDefinitions)
	}
	return l.text.Write(p)
}

func (l *definitionList) finish() (err error) {
	if l.definitions, err = catalog.ParseDefinitions(l.text.Bytes()); err != nil {
		return excerpt.Error(err)
	}
	if l.definitions.Fingerprint() != l.want {
		return errors.New("the definitions are not those whose fingerprint the manifest has")
	}
	return nil
}
