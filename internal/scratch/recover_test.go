// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAFolderThatIsNotOursIsLeftAlone(t *testing.T) {
	root := filepath.Join(newRoot(t), "x")
	elsewhere := filepath.Join(filepath.Dir(filepath.Dir(root)), "precious")
	for _, d := range []string{root, elsewhere, filepath.Join(root, "run")} {
		ok(t, os.MkdirAll(d, 0o700))
	}
	if undone, err := Recover(root); len(undone) > 0 || err != nil {
		t.Errorf("%q, %v", undone, err)
	}
	ok(t, os.Symlink(elsewhere, filepath.Join(root, runName)))
	if undone, err := Recover(root); len(undone) > 0 || err == nil {
		t.Errorf("%q, %v", undone, err)
	}
	for _, d := range []string{elsewhere, filepath.Join(root, "run"), filepath.Join(root, runName)} {
		if _, err := os.Lstat(d); err != nil {
			t.Error(err)
		}
	}
	ok(t, os.RemoveAll(filepath.Dir(root)))
}
