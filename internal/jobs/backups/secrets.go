// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"strings"

	"overcloud.backup/internal/optionfile"
	"overcloud.backup/internal/secret"
)

// secrets are the passwords that were found, to be removed from the backup's log.
type secrets struct {
	hide  func(string) // keeps them out of the module's outputs, too
	found secret.Set
}

func (s *secrets) add(text string) {
	s.hide(text)
	s.found.Add(spellings(text)...)
}

func (s *secrets) scrub(text string) string { return s.found.Scrub(text) }

// spellings are the forms of a secret in a log of lines: complete, line by line, and as in an option file.
func spellings(text string) []string {
	all := append([]string{text}, secret.Lines(text)...)
	if quoted, err := optionfile.Quote(text); err == nil {
		all = append(all, strings.Trim(quoted, `"`))
	}
	return all
}
