// SPDX-License-Identifier: GPL-3.0-or-later

package sets

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/scratch"
)

// Mebibyte is a unit of memory.
const Mebibyte = 1 << 20

// ScratchFolder returns a new folder, which must be empty except for the lock when the test ends.
func ScratchFolder(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("/var/tmp", "verify-scratch-")
	Must(t, err)
	Must(t, os.Chmod(parent, 0o711))
	t.Cleanup(func() { os.RemoveAll(parent) })
	root := filepath.Join(parent, "s")
	t.Cleanup(func() { WantEmpty(t, root) })
	return root
}

// WantEmpty checks that nothing is left in a scratch folder except the lock.
func WantEmpty(t *testing.T, root string) {
	t.Helper()
	entries, _ := os.ReadDir(root)
	for _, e := range entries {
		if e.Name() != scratch.LockName {
			t.Errorf("%s is left in the scratch folder", e.Name())
		}
	}
	users := []int{Nobody.UID}
	if owner, err := scratch.ServerUser(); err == nil {
		users = append(users, owner.UID)
	}
	if inside := process.WorkingIn(root, users...); len(inside) > 0 {
		t.Errorf("processes are left: %v", inside)
	}
}

// Nobody stands for the user mysql. It is not 65534, which the kernel also uses for unknown users.
var Nobody = process.Owner{UID: 65533, GID: 65533}
