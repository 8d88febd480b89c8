// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/tests/messages"
)

// Whatever stands in the place of a word, what is said of it is short.
func TestWhatIsSaidOfARecordRepeatsLittle(t *testing.T) {
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s := &Set{Name: "c/s", Sum: "0f", folder: root, at: folder}
	messages.Everywhere(t, `{"format": 1, "set": "c/s", "manifest_sha256": "0f", "read": {"ok": true, "at": 1.5}}`,
		func(b []byte) error {
			if err := os.WriteFile(filepath.Join(folder, RecordName), b, 0o600); err != nil {
				t.Fatal(err)
			}
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
