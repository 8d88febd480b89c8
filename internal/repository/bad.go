// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"context"
	"errors"
	"fmt"
)

// Bad says what is wrong with a set: that it is damaged, does not load, or differs from what was recorded.
func Bad(path string, problems []Problem) error {
	return fmt.Errorf("the set %s %s", path, Verdict(problems))
}

// Warnings name folders that look like sets and are not, and sets that failed their verification.
func (l Listing) Warnings() (warnings []string) {
	for _, f := range l.NoSets {
		warnings = append(warnings, fmt.Sprintf("%s is not a set: %s", f.Path, f.Reason))
	}
	for _, d := range l.Damaged {
		warnings = append(warnings, Bad(d.Path, d.Problems).Error())
	}
	for _, s := range l.Sets {
		if len(s.Problems) > 0 {
			warnings = append(warnings, fmt.Sprintf("%s failed its verification: it %s", s.Path, Verdict(s.Problems)))
		}
		warnings = append(warnings, s.Warnings...)
	}
	return warnings
}

// ReadBack is the result of reading a set to its end.
type ReadBack struct {
	Set      string    `json:"set"`
	Path     string    `json:"path"`
	OK       bool      `json:"ok"`
	Problems []Problem `json:"problems"`
}

// ReadBack reads one set to its end. A damaged one is a result and an error.
func (r *Repository) ReadBack(ctx context.Context, cluster, set string) (*ReadBack, error) {
	s, err := r.Set(cluster, set)
	var broken *BrokenManifest
	if errors.As(err, &broken) {
		found := &ReadBack{Set: broken.Set, Path: broken.Path, Problems: []Problem{broken.Problem()}}
		return found, Bad(found.Path, found.Problems)
	}
	if err != nil {
		return nil, err
	}
	defer s.Close()
	problems, err := s.Read(ctx, nil)
	if err != nil {
		return nil, err
	}
	found := &ReadBack{Set: s.Name, Path: s.Path(), OK: len(problems) == 0, Problems: problems}
	if !found.OK {
		err = Bad(found.Path, problems)
	}
	return found, err
}
