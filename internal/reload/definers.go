// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"fmt"
	"slices"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
	"overcloud.backup/internal/sqldump/part"
)

// checkDefiners refuses programs that would run as an account with more rights than their schema needs: it is unknown
// what they do, and an event does it at once.
func checkDefiners(ctx context.Context, server *mariadb.Client, c *part.Choice, trusted []string) error {
	for _, d := range c.Definers {
		if slices.Contains(trusted, d.As.String()) {
			continue
		}
		needed := []string{d.Part.As}
		if !d.Alone {
			needed = append(needed, d.Part.Schema)
		}
		more, err := accounts.Beyond(ctx, server, d.As.User, needed...)
		if err != nil {
			return fmt.Errorf("check the rights of the definer %s: %w", d.As, err)
		}
		if more != "" {
			return fmt.Errorf("%s, would run as %s, which may do more than its schema needs (%s). The set is not"+
				" signed: "+
				"anyone who can write to the destination can have written that; add %s to definers if you trust it",
				d.What,
				d.As, more, d.As)
		}
	}
	return nil
}
