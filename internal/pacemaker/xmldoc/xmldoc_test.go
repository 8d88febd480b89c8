// SPDX-License-Identifier: GPL-3.0-or-later

package xmldoc

import (
	"strings"
	"testing"

	"overcloud.backup/tests/pacemakertest"
)

// TestTheWorstDocumentFitsInMemory parses the most markup that is accepted, which needs the most memory.
func TestTheWorstDocumentFitsInMemory(t *testing.T) {
	for name, doc := range map[string]string{
		"elements":   "<a>" + strings.Repeat("<a/>", MaxMarkup-10) + "</a>",
		"attributes": "<a>" + strings.Repeat(`<a b="" c="" d="" e="" f="" g=""/>`, MaxMarkup/7-10) + "</a>",
		"text":       "<a>" + strings.Repeat("x", MaxDocument-10) + "</a>",
	} {
		allocated := pacemakertest.AllocatedBy(func() {
			if _, err := Parse([]byte(doc), "cib"); err == nil {
				t.Errorf("%s: no error", name)
			}
		})
		t.Logf("%s: %d bytes of XML, %d bytes allocated", name, len(doc), allocated)
		if most := uint64(96 << 20); allocated > most {
			t.Errorf("%s: allocated %d bytes, more than %d", name, allocated, most)
		}
	}
}
