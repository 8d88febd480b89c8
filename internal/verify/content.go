// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/xbstream"
)

// What a file of a set can hold, as repository.File.Content says it.
const (
	contentStream = "xbstream"
	contentDump   = "sql"
	contentUsers  = "users"
	contentSystem = "system"
	contentListed = "definitions"
)

// content checks what is inside a file while it passes by; finish says whether it was whole.
type content interface {
	io.Writer
	finish() error
}

// contentOf is the check of a file of the set.
func contentOf(f repository.File, m *repository.Manifest) content {
	switch f.Content {
	case contentStream:
		return newStream(m)
	case contentDump:
		return &dump{tail: process.Tail{Max: 512}}
	case contentListed:
		return &definitionList{want: m.Schema.Fingerprint}
	}
	return anything{}
}

// anything is a file of which only length and checksum are known.
type anything struct{}

func (anything) Write(p []byte) (int, error) { return len(p), nil }
func (anything) finish() error               { return nil }

// stream is a physical backup. Its options and its position are kept.
type stream struct {
	*xbstream.Checker
	want *repository.Manifest
}

const optionsFile = "backup-my.cnf"

// positionFiles are the names, by version, of the file with the wsrep position.
var positionFiles = []string{"xtrabackup_galera_info", "mariadb_backup_galera_info"}

func newStream(m *repository.Manifest) *stream {
	return &stream{Checker: xbstream.NewChecker(append([]string{optionsFile}, positionFiles...)...), want: m}
}

// finish compares the whole stream with what the manifest says of it.
func (s *stream) finish() error {
	got, err := s.Finish()
	if err != nil {
		return err
	}
	want := *s.want.Stream
	if got.Files != want.Files || got.Chunks != want.Chunks || got.Bytes != want.Bytes {
		return fmt.Errorf("the xbstream holds %d files, %d chunks and %d bytes, and the manifest says %d, %d and %d",
			got.Files, got.Chunks, got.Bytes, want.Files, want.Chunks, want.Bytes)
	}
	return s.checkPosition()
}

// checkPosition compares "uuid:seqno", behind which a space and wsrep_gtid_domain_id may stand.
func (s *stream) checkPosition() error {
	for _, name := range positionFiles {
		if kept := s.Kept(name); kept != nil {
			got, _, _ := strings.Cut(strings.TrimSpace(string(kept)), " ")
			if want := fmt.Sprintf("%s:%d", s.want.Position.UUID, s.want.Position.Seqno); got != want {
				return fmt.Errorf("the xbstream is at the position %q, and the manifest says %s", excerpt.Of(got), excerpt.Of(want))
			}
			return nil
		}
	}
	return fmt.Errorf("the xbstream holds no %s", positionFiles[0])
}

// dump is a logical backup: its last line proves that mariadb-dump came to its end.
type dump struct{ tail process.Tail }

var closingLine = regexp.MustCompile(`(?:^|\n)-- Dump completed[^\n]*\n*$`)

func (d *dump) Write(p []byte) (int, error) { return d.tail.Write(p) }

func (d *dump) finish() error {
	if end := d.tail.String(); !closingLine.MatchString(end) {
		return fmt.Errorf("the dump does not end with \"-- Dump completed\" but with %q", excerpt.Of(lastLine(end)))
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
