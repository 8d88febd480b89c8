// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"testing"

	"overcloud.backup/tests/messages"
)

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	messages.Everywhere(t, `{"started": 1, "finished": 0, "failed": false, "progress": {"phase": "a"}}`,
		func(b []byte) error {
			_, err := parseState(b)
			return err
		})
}
