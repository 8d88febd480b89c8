// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/container"
)

// renewTimeout is how long a container may take to run again.
const renewTimeout = time.Minute

// renewMounts restarts containers that have the datadir mounted and continue while the database is stopped, such as the
// health check under TripleO: they have the folder that was moved, and would never see a server in it. systemd may be
// faster than the engine to start such a container again, so the criterion is that none has the old folder any more.
// The bundle's own belong to Pacemaker, which has stopped them and creates new ones.
func (n *Node) renewMounts(ctx context.Context) (done []string, err error) {
	var failed error
	restarted := map[string]bool{}
	err = poll(ctx, renewTimeout, "restart the containers that have the original datadir mounted", func() (string,
		error) {
		left, err := n.outdated(ctx)
		if err != nil {
			return "", err
		}
		for _, c := range left {
			if !restarted[c.ID] {
				restarted[c.ID] = true
				failed = errors.Join(failed, run(ctx, nil, c.Engine, "restart", "--time", "5", c.ID))
				done = append(done, "restarted the container "+c.Name+", which had the original datadir mounted")
			}
		}
		if len(left) > 0 {
			return fmt.Sprintf("%s %s still has it; restart it manually, and call this again", left[0].Engine,
					left[0].ID[:12]),
				failed
		}
		return "", nil
	})
	return done, err
}

// ofBundle recognizes a replica of the database's bundle by the name that Pacemaker gives it: galera-bundle-podman-0.
func (n *Node) ofBundle(name string) bool {
	return n.Agent.Bundle && strings.HasPrefix(name, n.Agent.Parent+"-"+n.Agent.Engine+"-")
}

// outdated returns the containers that have mounted, at the datadir's path, a folder that a restore moved from there,
// or one that was removed. A container with its own folder at that path belongs to another database, and the bundle's
// belong to Pacemaker.
func (n *Node) outdated(ctx context.Context) (found []container.Mounted, err error) {
	moved, _ := filepath.Glob(n.Datadir + ".*")
	all, err := container.WithFolder(ctx, n.Datadir)
	for _, c := range all {
		if (c.Removed || anySame(c.Folder, moved)) && !n.ofBundle(c.Name) {
			found = append(found, c)
		}
	}
	return found, err
}

// anySame reports whether a folder is one of others; nil is none.
func anySame(folder fs.FileInfo, others []string) bool {
	return folder != nil && slices.ContainsFunc(others, func(other string) bool {
		o, err := os.Stat(other)
		return err == nil && os.SameFile(folder, o)
	})
}
