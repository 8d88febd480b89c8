// SPDX-License-Identifier: GPL-3.0-or-later

package replay

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/sqldump"
)

// CreateEvent runs the CREATE EVENT of a dump. A server drops or disables an event at once whose last moment has passed
// (notes 1588 and 1544 of 10.11); by the clock of the moment before it is made as it was. Where a scheduler would run
// it at once for that, the server has its way, and left says so.
func CreateEvent(
	ctx context.Context, server *galera.Client, s sqldump.Statement, text string,
) (left string, err error) {
	over, err := isOver(ctx, server, s.Event)
	if err != nil || !over {
		return "", errors.Join(err, Send(ctx, server, s, text))
	}
	name := excerpt.Of(s.Schema) + "." + excerpt.Of(s.Name)
	if s.Event.Status == "ENABLE" {
		if scheduler, err := server.Value(ctx, "SELECT @@event_scheduler"); err != nil {
			return "", err
		} else if scheduler == "ON" {
			return fmt.Sprintf("the event %s is of the past: the server's scheduler runs, so that it was not made, "+
				"or disabled", name), Send(ctx, server, s, text)
		}
	}
	if err := server.Exec(ctx, "SET timestamp = GREATEST(1, UNIX_TIMESTAMP("+s.Event.Over+") - 1)"); err != nil {
		if galera.ErrorNumber(err) == 0 {
			return "", err
		}
		return fmt.Sprintf("the event %s is of the past, and the server does not let its clock be set (%v): it was "+
			"not made, or disabled", name, err), Send(ctx, server, s, text)
	}
	err = Send(ctx, server, s, text)
	return "", errors.Join(err, server.Exec(ctx, "SET timestamp = DEFAULT"))
}

// isOver says that the last moment of an event has passed.
func isOver(ctx context.Context, server *galera.Client, e *sqldump.Event) (bool, error) {
	if e == nil || e.Over == "" {
		return false, nil
	}
	past, err := server.Value(ctx, "SELECT UNIX_TIMESTAMP("+e.Over+") <= UNIX_TIMESTAMP()")
	return past == "1", err
}
