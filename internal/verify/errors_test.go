// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/messages"
)

// Whatever stands in the place of a word, what is said of it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	must(t, err)
	defer root.Close()
	s := &Set{Name: "c/s", Sum: "0f", folder: root, at: folder}
	messages.Everywhere(t, `{"format": 1, "set": "c/s", "manifest_sha256": "0f", "read": {"ok": true, "at": 1.5}}`,
		func(b []byte) error {
			must(t, os.WriteFile(filepath.Join(folder, recordName), b, 0o600))
			_, err := s.Record()
			return err
		})
	m := repository.Manifest{Format: 1, Set: "c/s", Method: "logical", Files: []repository.File{{Name: "a",
		Compression: "none", SHA256: "0f", Bytes: 1, RawBytes: 1}}}
	m.Position.UUID = "u"
	good, err := json.Marshal(m)
	must(t, err)
	messages.Everywhere(t, string(good), func(b []byte) error {
		var m repository.Manifest
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
		d := contentOf(repository.File{Content: contentDump}, nil)
		_, _ = d.Write(b)
		return d.finish()
	})
}
