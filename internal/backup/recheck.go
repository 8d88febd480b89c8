// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/galera"
)

// recheck reads the node right before something is done to it: a decision may be minutes old.
// Its errors are about this node: another one may do.
func (j *Job) recheck(ctx context.Context, c *galera.Client) (w galera.Wsrep, err error) {
	defer func() { err = thisNode(err) }()
	if w, err = c.Status(ctx); err != nil {
		return w, err
	}
	if err := effect.Sound(w); err != nil {
		return w, fmt.Errorf("this node is not fit for a backup now: %w", err)
	}
	if err := j.spares(ctx, w); err != nil || j.o.AllowClients {
		return w, err
	}
	sessions, _, err := c.Sessions(ctx, j.o.IgnoreUsers)
	if err == nil {
		err = idle(sessions)
	}
	return w, err
}

// idle refuses client sessions, which it names.
func idle(sessions []galera.Session) error {
	if len(sessions) == 0 {
		return nil
	}
	var who []string
	for _, s := range sessions {
		who = append(who, fmt.Sprintf("%d of %s from %s", s.Count, s.User, s.Source))
	}
	return fmt.Errorf("this node serves clients now: %s; decide again, or choose a policy that allows it", strings.Join(who, ", "))
}
