// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"io/fs"
	"os"
	"strings"
)

// removeLinks removes what would make InnoDB open a table outside of the datadir (DATA DIRECTORY): on the controller of
// the backup that would be the file of the running server. The backup has these tables inside the datadir, too. Nothing
// outside of it is removed, whatever its owner does to a folder in the meantime. It returns the paths in the datadir.
func removeLinks(datadir string) (removed []string, err error) {
	inside, err := os.OpenRoot(datadir)
	if err != nil {
		return nil, err
	}
	defer inside.Close()
	err = fs.WalkDir(inside.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (strings.HasSuffix(path, ".isl") || !e.Type().IsRegular()) {
			removed = append(removed, path)
			err = inside.Remove(path)
		}
		return err
	})
	return removed, err
}
