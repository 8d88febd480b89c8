// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"errors"
	"testing"

	"overcloud.backup/internal/topology"
	"overcloud.backup/tests/messages"
)

// Facts come from the controllers, and one of them may lie. Any text may replace a word: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	messages.Everywhere(t, `{"name": "a", "unreachable": false, "galera": {"present": true}, "haproxy": [1],`+
		` "pacemaker": {"nodes": 2}}`, func(b []byte) error {
		h, err := topology.DecodeHost(b)
		for _, e := range h.Errors {
			messages.Check(t, errors.New(e.Message))
		}
		return err
	})
}
