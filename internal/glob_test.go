// SPDX-License-Identifier: GPL-3.0-or-later

package internal_test

import (
	"path/filepath"
	"slices"
	"strings"
)

// glob is filepath.Glob that also descends into nested packages: "*/*.go" matches backup/guard/rules.go, too.
func glob(pattern string) ([]string, error) {
	all, err := filepath.Glob(pattern)
	folder, isGo := strings.CutSuffix(pattern, "/*.go")
	if !isGo || strings.HasPrefix(pattern, "..") || err != nil {
		return all, err
	}
	for _, below := range []string{"/*/*.go", "/*/*/*.go"} {
		found, err := filepath.Glob(folder + below)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	kept := all[:0]
	for _, file := range all {
		if !strings.Contains(file, "testdata/") && !slices.Contains(kept, file) {
			kept = append(kept, file)
		}
	}
	return kept, nil
}
