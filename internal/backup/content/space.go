// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/repository/stores"
)

// Compression is assumed to halve the data, and a margin is left for the files next to it. OpenStack's data shrinks to
// a seventh (measured); encrypted or compressed tables do not shrink at all.
const (
	assumedRatio = 0.5
	spaceMargin  = 64 << 20
)

// Space is the estimate of what a set needs, in bytes.
type Space struct {
	Raw    int64   `json:"raw_bytes"`
	Ratio  float64 `json:"assumed_ratio"`
	Needed int64   `json:"needed_bytes"`
	Free   int64   `json:"free_bytes"`
	// At is the folder whose file system was checked.
	At string `json:"at"`
}

// Estimate returns the room that a backup of this many bytes needs at a destination; an error if the destination has
// less.
func Estimate(raw int64, destination string) (Space, error) {
	s := Space{Raw: raw, Ratio: assumedRatio, Needed: int64(float64(raw)*assumedRatio) + spaceMargin}
	var err error
	s.Free, s.At, err = stores.Free(destination)
	if err == nil && s.Free < s.Needed {
		err = fmt.Errorf("too little space at %s: %s are free, and about %s are needed (half of %s of data, and %s)",
			s.At, quantity.Bytes(s.Free), quantity.Bytes(s.Needed), quantity.Bytes(s.Raw), quantity.Bytes(spaceMargin))
	}
	return s, err
}

// DatadirBytes adds up the files of a datadir that a physical backup copies. Files that appear or disappear in the
// meantime do not matter.
func DatadirBytes(datadir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(datadir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if path == datadir {
				return fmt.Errorf("read the datadir: %w", err)
			}
			return nil
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && copied(e.Name()) {
			sum += info.Size()
		}
		return nil
	})
	return sum, err
}

// copied leaves out what is not part of a backup: the write-set cache, the redo log except its end, temporary files.
func copied(name string) bool {
	for _, prefix := range []string{"galera.cache", "gcache.page.", "ib_logfile", "ibtmp", "core", "#ib_"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	return true
}
