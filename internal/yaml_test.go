// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// yamllint, which not every machine has, refuses lines of more than 160 characters, generated ones as well.
func TestYAMLLinesAreNotTooLong(t *testing.T) {
	for _, pattern := range []string{"../*.yml", "../*/*.yml", "../*/*/*.yml", "../roles/*/*/*.yml"} {
		found, err := glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		for _, file := range found {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for n, line := range strings.Split(string(content), "\n") {
				if length := utf8.RuneCountInString(line); length > 160 {
					t.Errorf("%s:%d: %d characters, and 160 are allowed", file, n+1, length)
				}
			}
		}
	}
}
