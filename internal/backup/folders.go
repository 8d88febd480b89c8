// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
)

// checkFolders finds the folders of the datadir that are no schemas. The server takes every one for a schema, and
// mariadb-backup copies none that holds no table. A folder with another name than letters, digits and _ is listed as
// #mysql50#..., and is none of ours anyway.
func (j *Job) checkFolders(ctx context.Context, c *galera.Client) error {
	if !j.described {
		return nil
	}
	empty, err := c.EmptySchemas(ctx)
	if err != nil {
		return err
	}
	datadir, err := j.container.Place.Resolve(j.server.Datadir)
	if err != nil {
		return fmt.Errorf("read the datadir: %w", err)
	}
	for _, name := range empty {
		if !plainFolder(name) {
			continue
		}
		switch _, err := os.Lstat(filepath.Join(datadir, name, "db.opt")); {
		case errors.Is(err, fs.ErrNotExist):
			j.folders = append(j.folders, name)
		case err != nil:
			return fmt.Errorf("read the datadir: %w", err)
		}
	}
	if len(j.folders) > 0 {
		j.warn("folders in the datadir that no CREATE DATABASE made, which the server takes for schemas and a"+
			" backup leaves out: %s; "+
			"move them elsewhere", excerpt.Names(j.folders))
	}
	return nil
}

// plainFolder says that a schema's folder has the schema's name: others are encoded.
func plainFolder(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}
