// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"testing"

	"overcloud.backup/tests/messages"
)

// Whatever stands in the place of a word, what is said of it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	messages.Everywhere(t, `{"started": 1, "finished": 0, "failed": false, "progress": {"phase": "a"}}`,
		func(b []byte) error {
			_, err := parseState(b)
			return err
		})
}
