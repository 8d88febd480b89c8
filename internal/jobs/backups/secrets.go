// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"slices"
	"strings"
	"sync"

	"overcloud.backup/internal/optionfile"
)

// secrets are the passwords that were found, for what is written to the backup's log.
type secrets struct {
	hide  func(string) // keeps them out of the module's outputs, too
	mutex sync.Mutex
	found []string
}

func (s *secrets) add(secret string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.hide(secret)
	s.found = append(s.found, spellings(secret)...)
}

// least is how long a line of a password must be to be taken out alone: shorter ones stand in many words.
const least = 4

// spellings are a secret, the longest first, as a log of lines may have it: whole, line by line, and as an option file
// has it.
func spellings(secret string) []string {
	all := []string{secret}
	if quoted, err := optionfile.Quote(secret); err == nil {
		all = append(all, strings.Trim(quoted, `"`))
	}
	if strings.Contains(secret, "\n") {
		for line := range strings.SplitSeq(secret, "\n") {
			if line = strings.TrimSpace(line); len(line) >= least {
				all = append(all, line)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

func (s *secrets) scrub(text string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, secret := range s.found {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "********")
		}
	}
	return text
}
