// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"os"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository/local"
)

// folder is a folder of a place, kept open once it was found: if it is gone, as its file system may be with the
// container, it must not look full before its server appears silent.
type folder struct {
	at   process.Place
	path string
	file *os.File
}

func (f *folder) free() (n int64, err error) {
	if f.file == nil {
		if f.file, err = f.at.Folder(f.path); err != nil {
			return 0, err
		}
	}
	return local.FreeIn(f.file)
}

func (f *folder) close() { _ = f.file.Close() }

// space reads the free space of one place, and sets its floor with the first answer.
func (g *guard) space(room func() (int64, error), floor *int64, most int64, free *int64) func() {
	return func() {
		n, err := room()
		g.mutex.Lock()
		defer g.mutex.Unlock()
		if *free = n; err != nil {
			*free = -1
			return
		}
		if *floor == 0 {
			*floor = min(most, n/2)
		}
	}
}
