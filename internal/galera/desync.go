// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/mariadb"
)

// ErrDesynced reports that wsrep_desync was already ON: someone else set it.
var ErrDesynced = errors.New("wsrep_desync is already ON; the one who set it must set it to OFF")

// SetDesync sets the global variable wsrep_desync. Status follows a moment later: wait for it. Setting ON if it is ON
// already changes nothing, and the server (10.11) only warns of it; here it is ErrDesynced.
func SetDesync(ctx context.Context, c *mariadb.Client, on bool) error {
	word := "OFF"
	if on {
		word = "ON"
	}
	err := c.Exec(ctx, "SET GLOBAL wsrep_desync = "+word)
	if err == nil && on {
		err = alreadyOn(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("set wsrep_desync=%s: %w", word, err)
	}
	return nil
}

// alreadyOn checks for the warning of the last statement, 1231: 'wsrep_desync' is already ON.
func alreadyOn(ctx context.Context, c *mariadb.Client) error {
	warnings, err := c.Rows(ctx, "SHOW WARNINGS")
	for _, w := range warnings {
		if strings.Contains(w[len(w)-1], "already ON") {
			return ErrDesynced
		}
	}
	return err
}
