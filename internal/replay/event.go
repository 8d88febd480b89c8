// SPDX-License-Identifier: GPL-3.0-or-later

package replay

import (
	"context"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
)

// CreateEvent runs the CREATE EVENT of a dump by this text. A server drops or disables an event at once if its last
// moment has passed (notes 1588 and 1544 of 10.11); with the clock set to the moment before, it is created as it was.
// If a scheduler would run it at once for that, the server decides, which is a warning.
func (s *Session) CreateEvent(ctx context.Context, st sqldump.Statement, text string) error {
	left, err := s.createEvent(ctx, st, text)
	if err != nil {
		return s.refused(st, err)
	}
	if left != "" {
		s.warn("%s", left)
	}
	return nil
}

func (s *Session) createEvent(ctx context.Context, st sqldump.Statement, text string) (left string, err error) {
	over, err := s.isOver(ctx, st.Event)
	if err != nil {
		return "", err
	}
	if !over {
		return "", s.server.Exec(ctx, text)
	}
	name := excerpt.Of(st.Schema) + "." + excerpt.Of(st.Name)
	if st.Event.Status == "ENABLE" {
		if scheduler, err := s.server.Value(ctx, "SELECT @@event_scheduler"); err != nil {
			return "", err
		} else if scheduler == "ON" {
			return fmt.Sprintf("the event %s is in the past: the server's scheduler runs, so that it was not created, "+
				"or disabled", name), s.server.Exec(ctx, text)
		}
	}
	clock := "SET timestamp = GREATEST(1, UNIX_TIMESTAMP(" + st.Event.Over + ") - 1)"
	if err := s.server.Exec(ctx, clock); err != nil {
		if mariadb.ErrorNumber(err) == 0 {
			return "", err
		}
		return fmt.Sprintf("the event %s is in the past, and the server does not let its clock be set (%v): it was "+
			"not created, or disabled", name, err), s.server.Exec(ctx, text)
	}
	err = s.server.Exec(ctx, text)
	// The session goes on after a statement that was refused, too: what it began is undone by it.
	if failed := s.server.Exec(ctx, "SET timestamp = DEFAULT"); err == nil {
		err = failed
	}
	return "", err
}

// isOver reports whether the last moment of an event has passed.
func (s *Session) isOver(ctx context.Context, e *sqldump.Event) (bool, error) {
	if e == nil || e.Over == "" {
		return false, nil
	}
	past, err := s.server.Value(ctx, "SELECT UNIX_TIMESTAMP("+e.Over+") <= UNIX_TIMESTAMP()")
	return past == "1", err
}
