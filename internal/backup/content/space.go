// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

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
func DatadirBytes(datadir string) (sum int64, err error) {
	err = eachFile(datadir, func(path string, size int64) {
		if copied(filepath.Base(path)) {
			sum += size
		}
	})
	return sum, err
}

// eachFile calls do for each file below a datadir. One that disappears meanwhile is left out.
func eachFile(datadir string, do func(path string, size int64)) error {
	return filepath.WalkDir(datadir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if path == datadir {
				return fmt.Errorf("read the datadir: %w", err)
			}
			return nil
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			do(path, info.Size())
		}
		return nil
	})
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

// Held are the files that a tool before 10.8 copies while it holds its last locks.
type Held struct{ Files, Bytes int64 }

// Rates at which such files are copied at least: a local disk opens and reads several thousand small files a second.
const (
	heldFilesRate = 5_000
	heldBytesRate = 100 << 20
)

// Time estimates how long copying the files takes.
func (h Held) Time() time.Duration {
	seconds := float64(h.Files)/heldFilesRate + float64(h.Bytes)/heldBytesRate
	return time.Duration(seconds * float64(time.Second))
}

// HeldFiles adds up the files of a datadir that are not InnoDB's: definitions of tables, and tables of other engines.
func HeldFiles(datadir string) (h Held, err error) {
	err = eachFile(datadir, func(path string, size int64) {
		switch filepath.Ext(path) {
		case ".frm", ".MYD", ".MYI", ".MAD", ".MAI", ".MRG", ".ARM", ".ARZ", ".CSM", ".CSV", ".opt", ".par", ".TRG",
			".TRN":
			h.Files++
			h.Bytes += size
		}
	})
	return h, err
}
