// SPDX-License-Identifier: GPL-3.0-or-later

package replay

import (
	"context"
	"fmt"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/sqldump"
)

// Send runs a statement of a dump.
func Send(ctx context.Context, server *galera.Client, s sqldump.Statement, text string) error {
	if err := server.Exec(ctx, text); err != nil {
		return fmt.Errorf("line %d, %s %s: %w", s.Line, s.Does, s.Name, err)
	}
	return nil
}
