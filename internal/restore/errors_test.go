// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/tests/messages"
)

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	home := t.TempDir()
	book := `{"job": "j", "seqno": 1, "target": true, "aside": ["/a"], "fence": {"port": "1"}, "before": {"seqno": 2}}`
	messages.Everywhere(t, book, func(b []byte) error {
		if err := os.WriteFile(filepath.Join(home, bookName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadBook(home)
		return err
	})
}
