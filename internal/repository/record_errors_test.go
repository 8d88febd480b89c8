// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"overcloud.backup/tests/messages"
)

// Any text may replace a word: the message about it is short.
func TestErrorsOfARecordAreShort(t *testing.T) {
	record := &oneFile{}
	s := &Set{Name: "c/s", Sum: "0f", source: record, at: "/x"}
	messages.Everywhere(t, `{"format": 1, "set": "c/s", "manifest_sha256": "0f", "read": {"ok": true, "at": 1.5}}`,
		func(b []byte) error {
			record.content = b
			_, err := s.Record()
			return err
		})
	m := Manifest{Format: 1, Set: "c/s", Method: "logical", Files: []File{{Name: "a",
		Compression: "none", SHA256: "0f", Bytes: 1, RawBytes: 1}}}
	m.Position.UUID = "u"
	good, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	messages.Everywhere(t, string(good), func(b []byte) error {
		var m Manifest
		if json.Unmarshal(b, &m) != nil {
			return nil
		}
		for _, p := range checkManifest(&m) {
			if err = errors.New(p.Reason); p.File != "" {
				messages.Check(t, err)
			}
		}
		return err
	})
	messages.Everywhere(t, "INSERT something", func(b []byte) error {
		d := contentOf(File{Content: ContentDump}, nil)
		_, _ = d.Write(b)
		return d.finish()
	})
}

// oneFile is a set in which every file has this content.
type oneFile struct{ content []byte }

func (o *oneFile) Open(string, int64) (io.ReadCloser, int64, error) {
	return io.NopCloser(bytes.NewReader(o.content)), int64(len(o.content)), nil
}

func (o *oneFile) Replace(_ string, content []byte) error {
	o.content = content
	return nil
}

func (o *oneFile) Close() error { return nil }
