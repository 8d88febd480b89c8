// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/catalog"
)

// OfDatadir finds the folders of the datadir that are not schemas. The server treats every one as a schema, and
// mariadb-backup does not copy those without tables. A folder whose name has other characters than letters, digits and
// _ is listed as #mysql50#..., and is never one of ours.
//
// datadir is the server's datadir as seen from here; described reports that the account sees all schemas.
func OfDatadir(ctx context.Context, c *mariadb.Client, datadir string, described bool) (folders []string,
	warning string, err error) {
	if err := refuseHidden(datadir); err != nil {
		return nil, "", fmt.Errorf("read the datadir: %w", err)
	}
	if !described {
		return nil, "", nil
	}
	empty, err := catalog.EmptySchemas(ctx, c)
	if err != nil {
		return nil, "", err
	}
	for _, name := range empty {
		if !plainFolder(name) {
			continue
		}
		switch _, err := os.Lstat(filepath.Join(datadir, name, "db.opt")); {
		case errors.Is(err, fs.ErrNotExist):
			folders = append(folders, name)
		case err != nil:
			return nil, "", fmt.Errorf("read the datadir: %w", err)
		}
	}
	if len(folders) > 0 {
		warning = fmt.Sprintf("folders in the datadir that no CREATE DATABASE made, which the server treats as"+
			" schemas and a"+
			" backup leaves out: %s; move them elsewhere", excerpt.Names(folders))
	}
	return folders, warning, nil
}

// refuseHidden refuses hidden folders without a file, such as programs create in their home: mysql's home is the
// datadir. The tool writes a file for each, and mbstream stops at such a name with exit status 0, before everything
// that follows it.
func refuseHidden(datadir string) error {
	folders, err := hiddenFolders(datadir)
	if err == nil && len(folders) > 0 {
		err = fmt.Errorf("hidden folders without a file, for each of which the backup tool writes one that mbstream"+
			" does not unpack: %s; remove them, or put a file into each", excerpt.Names(folders))
	}
	return err
}

func hiddenFolders(datadir string) (names []string, err error) {
	entries, err := os.ReadDir(datadir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), ".") {
			continue
		}
		inside, err := os.ReadDir(filepath.Join(datadir, e.Name()))
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(inside, func(e fs.DirEntry) bool { return !e.IsDir() }) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// plainFolder reports whether a schema's folder has the schema's name: others are encoded.
func plainFolder(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}
