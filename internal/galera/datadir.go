// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/mariadb"
)

// DatadirFree returns the room at the server's datadir, if that is visible on this host: at is empty if it is not.
func DatadirFree(ctx context.Context, c *mariadb.Client) (at string, free int64, err error) {
	if c.Reached().Via != "socket" {
		return "", 0, nil
	}
	datadir, err := c.Value(ctx, "SELECT @@datadir")
	if err != nil {
		return "", 0, err
	}
	_, free, err = space(datadir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", 0, nil
	}
	return datadir, free, err
}

// space returns the size of the file system of a folder, and what an unprivileged user may still fill, in bytes.
func space(dir string) (total, free int64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return int64(fs.Blocks) * fs.Frsize, int64(fs.Bavail) * fs.Frsize, nil
}
