// SPDX-License-Identifier: GPL-3.0-or-later

package token

import (
	"testing"

	"overcloud.backup/internal/mariadb"
)

func FuzzQuoteName(f *testing.F) {
	f.Add("a`b'\"\\")
	f.Fuzz(func(t *testing.T, name string) {
		text, rest, err := quoted(mariadb.QuoteName(name) + "@")
		if err != nil || text != name || rest != "@" {
			t.Fatalf("%q became %q %q %v", name, text, rest, err)
		}
	})
}
