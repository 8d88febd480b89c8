// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"testing"

	"overcloud.backup/tests/messages"
)

// Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	messages.Everywhere(t, "LoadState=loaded\nActiveState=active\nMainPID=1\n", func(b []byte) error {
		_, err := parseShow(string(b))
		return err
	})
	messages.Everywhere(t, "systemd 239 (x)\n", func(b []byte) error { _, err := parseVersion(string(b)); return err })
}
