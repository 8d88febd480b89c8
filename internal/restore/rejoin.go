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
	"overcloud.backup/internal/quantity"
)

// MayRejoin refuses to give up the data of this controller if no other controller has it, or if clients use it.
func (n *Node) MayRejoin(ctx context.Context, login mariadb.Login, ignore []string) error {
	view, err := pacemaker.View(ctx)
	if err != nil {
		return err
	}
	if !view.Quorum {
		return errors.New("the cluster has no quorum, so it is not known who has the data; nothing was changed")
	}
	if len(view.Promoted) == 0 {
		return fmt.Errorf("no other controller serves the database now: %s may have the last good copy, which is not "+
			"given up. Restore the cluster from a set instead", n.Name)
	}
	c, err := mariadb.Open(ctx, login)
	if err != nil {
		return n.explainRefusal(err, view.GaleraHere)
	}
	defer c.Close()
	sessions, _, err := galera.Sessions(ctx, c, ignore)
	if err != nil {
		return fmt.Errorf("check whether clients use this controller: %w", err)
	}
	if len(sessions) > 0 {
		return fmt.Errorf("clients use the database of %s now (%s of %s, among others): move them to another "+
			"controller first", n.Name, quantity.Count(int64(sessions[0].Count), "session"), sessions[0].User)
	}
	return nil
}

// explainRefusal distinguishes a broken server, which is why it is to rejoin, from one that serves clients and only
// refuses us.
func (n *Node) explainRefusal(err error, promoted bool) error {
	var login *mariadb.LoginError
	if !promoted || errors.As(err, &login) && login.Absent() {
		return nil
	}
	return fmt.Errorf("the database of %s is promoted, and whether clients use it cannot be seen: %w; give an account "+
		"that may log in, or end the server, and call this again", n.Name, err)
}

// Leave keeps the resource off this controller and waits until it is gone from here.
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
	return poll(ctx, limit, "stop the database on "+n.Name, func() (string, error) {
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
		return describeInstances("it still runs on", []string{n.Name}, i), err
	})
}

// EndBan allows the resource on this controller again if a restore has taken over its rejoin. The resource must be
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

// forgetHere clears failures of this controller in the cluster.
func (n *Node) forgetHere(ctx context.Context) error {
	i, err := pacemaker.GaleraInstances(ctx)
	if err != nil {
		return err
	}
	return errors.Join(n.cleanUp(ctx, i, []string{n.Name}), steer.Settle(ctx))
}

// Join allows the resource on this controller again, which copies the data of another one, and waits until it serves.
func (n *Node) Join(ctx context.Context, b *Book, limit time.Duration) error {
	if b.Started == "" {
		b.Started = now()
		if err := b.save(); err != nil {
			return err
		}
	}
	if b.Banned {
		// Before the ban is lifted, so that nothing is being started here.
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
		return fmt.Errorf("%w; the original data is in %s", err, strings.Join(b.Aside, ", "))
	}
	return nil
}
