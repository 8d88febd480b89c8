// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"io/fs"
)

// DatadirFree is the room at the server's datadir, where that is seen on this host: at is empty where it is not.
func (c *Client) DatadirFree(ctx context.Context) (at string, free int64, err error) {
	if c.reached.Via != "socket" {
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
