// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"overcloud.backup/internal/repository/local"
)

// Recover ends and removes what a killed restore left in a scratch folder, and returns what it did. ErrBusy means that
// a restore still runs. It may be repeated.
func Recover(root string) (undone []string, err error) {
	if _, err := os.Lstat(root); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	lock, err := hold(root)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	return clean(root)
}

// earlierDefault is an earlier default for the scratch folder, in a place where any user may create it first.
var earlierDefault = "/var/tmp/overcloud.backup"

// RecoverFormer is Recover for the earlier default folder. One that is not root's contains nothing of ours, and a busy
// one is cleaned by its user.
func RecoverFormer() (undone []string, err error) {
	run := filepath.Join(earlierDefault, runName)
	if err := local.Check(earlierDefault); err != nil || !isFolder(run) {
		return nil, nil
	}
	undone, err = Recover(earlierDefault)
	if errors.Is(err, ErrBusy) {
		err = nil
	}
	return undone, err
}

func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}
