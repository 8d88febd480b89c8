// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

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

// Left reports what is in a scratch folder: nothing, files of a restore that runs (busy), or those of one that was
// killed. It takes no lock and changes nothing.
func Left(root string) (path string, busy bool, err error) {
	run := filepath.Join(root, runName)
	if !isFolder(run) {
		return "", false, nil
	}
	busy, err = held(filepath.Join(root, LockName))
	return run, busy, err
}

// held reports whether a process has locked a file. The kernel lists all locks:
//
//	3: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF
func held(lock string) (bool, error) {
	info, err := os.Lstat(lock)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	inode := strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 10)
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(locks)) {
		fields := strings.Fields(line)
		if len(fields) > 5 && fields[1] == "FLOCK" && strings.HasSuffix(fields[5], ":"+inode) {
			return true, nil
		}
	}
	return false, nil
}
