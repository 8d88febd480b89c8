// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"strings"

	"overcloud.backup/internal/optionfile"
	"overcloud.backup/internal/secret"
)

// secrets are the passwords that were found, for what is written to the backup's log.
type secrets struct {
	hide  func(string) // keeps them out of the module's outputs, too
	found secret.Set
}

func (s *secrets) add(text string) {
	s.hide(text)
	s.found.Add(spellings(text)...)
}

func (s *secrets) scrub(text string) string { return s.found.Scrub(text) }

// spellings are a secret as a log of lines may have it: whole, line by line, and as an option file has it.
func spellings(text string) []string {
	all := append([]string{text}, secret.Lines(text)...)
	if quoted, err := optionfile.Quote(text); err == nil {
		all = append(all, strings.Trim(quoted, `"`))
	}
	return all
}
