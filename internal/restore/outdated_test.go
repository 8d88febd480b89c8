// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"os"
	"path/filepath"
	"testing"
)

// A container may have a database of its own at the same path: only a folder that a restore moved is outdated.
func TestOnlyAMovedFolderIsOutdated(t *testing.T) {
	datadir := filepath.Join(t.TempDir(), "mysql")
	aside, strange := datadir+".aside-JOB", filepath.Join(t.TempDir(), "mysql")
	for _, folder := range []string{datadir, aside, strange} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	moved, _ := filepath.Glob(datadir + ".*")
	for folder, want := range map[string]bool{aside: true, datadir: false, strange: false, strange + "-gone": false} {
		if anySame(folder, moved) != want {
			t.Errorf("%s: %v", folder, !want)
		}
	}
}
