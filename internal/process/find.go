// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// systemFolders contain programs that an unprivileged PATH, or that of a job, leaves out.
var systemFolders = []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// Find looks a program up on PATH, then in the system's folders; ErrNotFound. A program in the working folder is never
// used, nor, for root, one in a folder that others can write to.
func Find(name string) (string, error) {
	if path, err := onPath(name); err == nil {
		return path, nil
	}
	return search(name, systemFolders)
}

// onPath looks a program up only on PATH.
func onPath(name string) (string, error) {
	return search(name, ownFolders())
}

func search(name string, folders []string) (string, error) {
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: %w", name, ErrNotFound)
}

// ownFolders returns those of PATH that count.
func ownFolders() (folders []string) {
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(folder) && ownFolder(folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// path returns PATH for a program: an empty entry would stand for the working folder.
func path() string {
	folders := ownFolders()
	if len(folders) == 0 {
		folders = systemFolders
	}
	return strings.Join(folders, ":")
}

// ownFolder reports that root may run programs in a folder: sudo and su can leave root the PATH of another user. Other
// users may run what they like.
func ownFolder(folder string) bool {
	if os.Geteuid() != 0 {
		return true
	}
	info, err := os.Stat(folder)
	return err == nil && info.Sys().(*syscall.Stat_t).Uid == 0 && info.Mode().Perm()&0o002 == 0
}

// ErrNotFound reports that the program is not installed. Use errors.Is.
var ErrNotFound = exec.ErrNotFound
