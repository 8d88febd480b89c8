// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import "testing"

func TestALaterServersSetIsNotGivenToAnEarlierOne(t *testing.T) {
	for a, b := range map[string]string{"10.11.9": "10.11.18", "10.11.18": "10.11.18"} {
		if LaterRelease(a, b) {
			t.Errorf("%s is said to be later than %s", a, b)
		}
	}
	if !LaterRelease("10.11.18", "10.11.9") {
		t.Error("10.11.18 is later than 10.11.9")
	}
}
