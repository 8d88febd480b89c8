// SPDX-License-Identifier: GPL-3.0-or-later

package journal

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Entry is one effect and how to undo it.
type Entry struct {
	ID   int             `json:"id"`
	Kind string          `json:"kind"`
	At   float64         `json:"at"` // seconds since 1970, by this node's clock
	Undo json.RawMessage `json:"undo"`
}

// checked returns a regular file that only root (or this user) can write.
func checked(file *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = refuse(file.Name(), info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func refuse(path string, info fs.FileInfo) error {
	owner := info.Sys().(*syscall.Stat_t).Uid
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	case owner != 0 && owner != uint32(os.Geteuid()):
		return fmt.Errorf("%s belongs to user %d, not to root", path, owner)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s can be written by users other than root (mode %04o)", path, info.Mode().Perm())
	}
	return nil
}
