// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/clusterlock"
	"overcloud.backup/internal/pacemaker/steer"
)

const stopped = "Stopped"

// Stop stops the resource on all controllers and waits until it is stopped.
func (n *Node) Stop(ctx context.Context, b *Book, limit time.Duration) (changed bool, err error) {
	if err := clusterlock.NoBackup(ctx); err != nil {
		return false, err
	}
	if b.Resource == nil {
		b.Resource = &Role{ID: n.Agent.Parent, Before: n.Agent.TargetRole}
		if strings.EqualFold(n.Agent.TargetRole, stopped) {
			// The operator stopped it, to restore the cluster.
			b.Resource.Before = ""
		}
		if err := b.save(); err != nil {
			return false, err
		}
	}
	if n.Agent.TargetRole != stopped {
		changed = true
		if err := steer.SetTargetRole(ctx, n.Agent.Parent, stopped); err != nil {
			return true, err
		}
	}
	cleaned := time.Now()
	return changed, poll(ctx, limit, "stop the resource "+n.Agent.Parent, func() (string, error) {
		i, err := pacemaker.GaleraInstances(ctx)
		if err != nil {
			return "", err
		}
		if !i.Quorum {
			return "the cluster has no quorum", nil
		}
		if len(i.Active) == 0 && len(i.Failed) == 0 {
			return n.containersOn(n.Members, i), nil
		}
		// Pacemaker leaves an instance that it blocked alone until a cleanup.
		if len(i.Failed) > 0 && time.Since(cleaned) > 5*time.Second {
			cleaned = time.Now()
			err = n.cleanUp(ctx, i, i.Failed)
		}
		return describeInstances("it still runs on", i.Active, i), err
	})
}

// containersOn returns which of these nodes still have a container of the bundle, with the datadir mounted; empty if
// none has.
func (n *Node) containersOn(nodes []string, i pacemaker.Instances) string {
	still := without(nodes, without(nodes, i.Containers[n.Agent.Parent]))
	if len(still) == 0 {
		return ""
	}
	return describeInstances("its container still runs on", still, i)
}

// Start restores the role of the resource and waits until it serves on all controllers.
func (n *Node) Start(ctx context.Context, b *Book, limit time.Duration) (changed bool, err error) {
	if b.Resource == nil {
		return false, fmt.Errorf("this host has not stopped the resource, so it does not start it; start it on the " +
			"controller that did")
	}
	if b.Started == "" && !b.RollingBack {
		b.Started, changed = now(), true
		if err := b.save(); err != nil {
			return false, err
		}
	}
	if n.Agent.TargetRole == stopped {
		changed = true
		if err := n.clearFailures(ctx); err != nil {
			return true, err
		}
		if err := steer.SetTargetRole(ctx, b.Resource.ID, b.Resource.Before); err != nil {
			return true, err
		}
	}
	return changed, n.serves(ctx, n.Members, limit)
}

// clearFailures clears earlier failures in the cluster, which would keep the resource from starting. Nothing is being
// started yet.
func (n *Node) clearFailures(ctx context.Context) error {
	i, err := pacemaker.GaleraInstances(ctx)
	if err != nil || len(i.Failed)+len(i.Failures) == 0 {
		return err
	}
	return errors.Join(steer.Cleanup(ctx, n.Agent.Resource, ""), steer.Settle(ctx))
}

// tries is how often a failed promotion is tried again: a controller under load may exceed the agent's time limit.
const tries = 3

// serves waits until the resource is promoted on these controllers.
func (n *Node) serves(ctx context.Context, members []string, limit time.Duration) error {
	cleaned, left := time.Now(), tries
	return poll(ctx, limit, "start the resource "+n.Agent.Parent, func() (string, error) {
		i, err := pacemaker.GaleraInstances(ctx)
		if err != nil {
			return "", err
		}
		missing := without(members, i.Promoted)
		i.Failed = without(i.Failed, without(i.Failed, members))
		if len(missing) == 0 {
			return "", nil
		}
		state := describeInstances("it does not serve yet on", missing, i)
		if len(i.Failed) > 0 && time.Since(cleaned) > 10*time.Second {
			if left--; left < 0 {
				return "", &finalError{fmt.Errorf("%s; see the server's log there, then call this again", state)}
			}
			cleaned = time.Now()
			err = n.cleanUp(ctx, i, i.Failed)
		}
		return state, err
	})
}

// cleanUp makes the cluster try again where it gave up, and nowhere else.
func (n *Node) cleanUp(ctx context.Context, i pacemaker.Instances, failed []string) (err error) {
	for _, node := range failed {
		if at := cmp.Or(i.Guests[node], node); at != "" {
			err = errors.Join(err, steer.Cleanup(ctx, n.Agent.Resource, at))
		}
	}
	return err
}

// without returns those of all that are not in some.
func without(all, some []string) (rest []string) {
	for _, name := range all {
		if !slices.Contains(some, name) {
			rest = append(rest, name)
		}
	}
	return rest
}

func describeInstances(what string, nodes []string, i pacemaker.Instances) string {
	text := what + " " + strings.Join(nodes, ", ")
	if len(i.Failures) > 0 {
		text += " (" + strings.Join(i.Failures, "; ") + ")"
	}
	return text
}
