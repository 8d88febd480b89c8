// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/steer"
)

// MayRejoin refuses to give up the data of this controller: when nobody else has them, or clients use them.
func (n *Node) MayRejoin(ctx context.Context, login mariadb.Login, ignore []string) error {
	view, err := pacemaker.View(ctx)
	if err != nil {
		return err
	}
	if !view.Quorum {
		return errors.New("the cluster has no quorum, so nobody knows who has the data; nothing was changed")
	}
	if len(view.Promoted) == 0 {
		return fmt.Errorf("no other controller serves the database now: %s may have the last good copy, which is not "+
			"given up. Restore the cluster from a set instead", n.Name)
	}
	c, err := mariadb.Open(ctx, login)
	if err != nil {
		return n.unseen(err, view.GaleraHere)
	}
	defer c.Close()
	sessions, _, err := galera.Sessions(ctx, c, ignore)
	if err != nil {
		return fmt.Errorf("see whether clients use this controller: %w", err)
	}
	if len(sessions) > 0 {
		return fmt.Errorf("clients use the database of %s now (%d sessions of %s, among others): move them to another "+
			"controller first", n.Name, sessions[0].Count, sessions[0].User)
	}
	return nil
}

// unseen tells a server that is broken, which is why it is to join anew, from one that serves clients and lets only us
// not in.
func (n *Node) unseen(err error, promoted bool) error {
	var login *mariadb.LoginError
	if !promoted || errors.As(err, &login) && login.Absent() {
		return nil
	}
	return fmt.Errorf("the database of %s is promoted, and whether clients use it cannot be seen: %w; give an account "+
		"that may log in, or end the server, and call this again", n.Name, err)
}

// Leave keeps the resource off this controller and sees that it is gone from here.
func (n *Node) Leave(ctx context.Context, b *Book, limit time.Duration) error {
	if b.Started != "" {
		return nil
	}
	if !b.Banned {
		b.Banned = true
		if err := b.save(); err != nil {
			return err
		}
	}
	if err := steer.BanFrom(ctx, n.Agent.Parent, n.Name); err != nil {
		return err
	}
	cleaned := time.Now()
	return until(ctx, limit, "stop the database on "+n.Name, func() (string, error) {
		i, err := pacemaker.GaleraInstances(ctx)
		if err != nil {
			return "", err
		}
		if !slices.Contains(i.Active, n.Name) && !slices.Contains(i.Failed, n.Name) {
			return n.containersOn([]string{n.Name}, i), nil
		}
		if slices.Contains(i.Failed, n.Name) && time.Since(cleaned) > 5*time.Second {
			cleaned = time.Now()
			err = n.cleanUp(ctx, i, []string{n.Name})
		}
		return words("it still runs on", []string{n.Name}, i), err
	})
}

// EndBan lets the resource back to this controller where a restore has taken over its rejoining. The resource must be
// stopped, or the restore be over.
func (n *Node) EndBan(ctx context.Context, b *Book) error {
	if b.Before == nil || !b.Before.Banned {
		return nil
	}
	if err := steer.Unban(ctx, n.Agent.Parent, n.Name); err != nil {
		return err
	}
	b.Before.Banned = false
	return b.save()
}

// forgetHere makes the cluster forget failures of this controller.
func (n *Node) forgetHere(ctx context.Context) error {
	i, err := pacemaker.GaleraInstances(ctx)
	if err != nil {
		return err
	}
	return errors.Join(n.cleanUp(ctx, i, []string{n.Name}), steer.Settle(ctx))
}

// Join lets the resource come back to this controller, which copies the data of another one, and waits until it serves.
func (n *Node) Join(ctx context.Context, b *Book, limit time.Duration) error {
	if b.Started == "" {
		b.Started = now()
		if err := b.save(); err != nil {
			return err
		}
	}
	if b.Banned {
		// Before the ban goes, so that nothing is being started here.
		err := n.forgetHere(ctx)
		if err == nil {
			err = steer.Unban(ctx, n.Agent.Parent, n.Name)
		}
		if err != nil {
			return err
		}
		b.Banned = false
		if err := b.save(); err != nil {
			return err
		}
	}
	if err := n.serves(ctx, []string{n.Name}, limit); err != nil {
		return fmt.Errorf("%w; the data of before are in %s", err, strings.Join(b.Aside, ", "))
	}
	return nil
}
