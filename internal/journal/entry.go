// SPDX-License-Identifier: GPL-3.0-or-later

package journal

import (
	"encoding/json"
	"os"

	"overcloud.backup/internal/safefile"
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
		err = safefile.Rule{}.Check(file.Name(), info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
