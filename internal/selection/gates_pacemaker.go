// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"strings"

	"overcloud.backup/internal/pacemaker"
)

// flagged returns text when any view of the node has the flag.
func (l look) flagged(has func(pacemaker.Node) bool, text string) string {
	for _, n := range l.node {
		if has(n) {
			return text
		}
	}
	return ""
}

// pacemakerUnread wants the host's own word and the cluster's. A Pacemaker that does not answer where it should run may
// be about to lose its node.
func pacemakerUnread(l look) string {
	switch {
	case l.m.silent != "":
		return ""
	case l.m.host.Pacemaker == nil:
		return missingDocument(l.m, "pacemaker")
	case l.self == nil:
		return "Pacemaker on it did not answer" + firstError(l.m.host.Pacemaker.Header)
	case len(l.node) == 0:
		return "Pacemaker does not list it among its nodes"
	}
	return ""
}

func noQuorum(l look) string {
	switch {
	case l.c.view != nil && !l.c.view.Quorum:
		return "the cluster has no quorum"
	case l.self != nil && !l.self.Quorum:
		return "its part of the cluster has no quorum"
	}
	return ""
}

func unclean(l look) string {
	return l.flagged(func(n pacemaker.Node) bool { return n.Unclean }, "the node is UNCLEAN")
}

func nodeOffline(l look) string {
	return l.flagged(func(n pacemaker.Node) bool { return !n.Online }, "the node is offline")
}

func pending(l look) string {
	if text := l.flagged(func(n pacemaker.Node) bool { return n.Shutdown }, "the node is shutting down"); text != "" {
		return text
	}
	return l.flagged(func(n pacemaker.Node) bool { return n.Pending }, "the node is pending")
}

func standby(l look) string {
	if text := l.flagged(func(n pacemaker.Node) bool { return n.StandbyFail }, "the node is in standby after a failure"); text != "" {
		return text
	}
	return l.flagged(func(n pacemaker.Node) bool { return n.Standby }, "the node is in standby")
}

func maintenance(l look) string {
	for _, view := range []*pacemaker.Facts{l.c.view, l.self} {
		if view != nil && view.MaintenanceMode {
			return "the whole cluster is in maintenance mode"
		}
	}
	return l.flagged(func(n pacemaker.Node) bool { return n.Maintenance }, "the node is in maintenance")
}

// galeraOn are the instances of the galera resource on a member's node.
func (c *cluster) galeraOn(m *member) []pacemaker.Resource {
	if c.view == nil || m.node == "" {
		return nil
	}
	var found []pacemaker.Resource
	for _, r := range c.view.Resources {
		if lower(r.Node) == lower(m.node) && c.isGalera(r) {
			found = append(found, r)
		}
	}
	return found
}

func (c *cluster) isGalera(r pacemaker.Resource) bool {
	g := c.config()
	return strings.HasSuffix(r.Agent, ":galera") || g != nil && g.Resource != "" && r.ID == g.Resource
}

// galeraNames are the names under which constraints and failures know the galera resource.
func (c *cluster) galeraNames() map[string]bool {
	names := map[string]bool{}
	if g := c.config(); g != nil {
		names[g.Resource], names[g.Parent] = true, true
	}
	for _, r := range c.view.Resources {
		if c.isGalera(r) {
			names[r.ID], names[r.Parent] = true, true
		}
	}
	delete(names, "")
	return names
}

// resourceFailed tells a failed instance, and one that is not promoted while its server runs. A failed action that
// Pacemaker got over is left to fail counts: at their threshold the next one takes the node out.
func resourceFailed(l look) string {
	if l.c.config() == nil || l.m.node == "" {
		return ""
	}
	on := l.c.galeraOn(l.m)
	for _, r := range on {
		switch {
		case r.Failed && !r.FailureIgnored:
			return fmt.Sprintf("%s failed%s", r.ID, l.c.failure(l.m))
		case r.Blocked:
			return fmt.Sprintf("%s is blocked%s", r.ID, l.c.failure(l.m))
		case l.db != nil && r.Role != pacemaker.RolePromoted:
			return fmt.Sprintf("%s is %s, not Promoted", r.ID, orUnknown(string(r.Role)))
		}
	}
	if l.db != nil && len(on) == 0 {
		return "Pacemaker has no galera running on it"
	}
	return l.c.failCount(l.m)
}

func (c *cluster) failCount(m *member) string {
	names := c.galeraNames()
	for _, f := range c.view.FailCounts {
		if lower(f.Node) != lower(m.node) || !names[f.Resource] {
			continue
		}
		if f.Count >= 1000000 || f.Threshold > 0 && f.Count >= f.Threshold {
			return fmt.Sprintf("fail count of %s is %s%s", f.Resource, count(f.Count), c.failure(m))
		}
	}
	return ""
}

// failure is the failed action behind a failed instance, where it is listed.
func (c *cluster) failure(m *member) string {
	names := c.galeraNames()
	for _, f := range c.view.Failures {
		if lower(f.Node) == lower(m.node) && names[f.Resource] {
			return fmt.Sprintf(": %s %s", f.Action, f.Exit)
		}
	}
	return ""
}

func resourceUnmanaged(l look) string {
	g := l.c.config()
	if g == nil {
		return ""
	}
	for _, r := range l.c.galeraOn(l.m) {
		if !r.Managed || r.Maintenance {
			return r.ID + " is unmanaged"
		}
	}
	if !g.Managed {
		return g.Resource + " is unmanaged"
	}
	return ""
}

func banned(l look) string {
	if l.db == nil {
		return ""
	}
	return l.c.banOn(l.m)
}

func (c *cluster) banOn(m *member) string {
	if c.view == nil || m.node == "" {
		return ""
	}
	names := c.galeraNames()
	for _, b := range c.view.Bans {
		if lower(b.Node) == lower(m.node) && names[b.Resource] && strings.HasPrefix(b.Weight, "-") {
			return fmt.Sprintf("the constraint %s keeps %s off it", b.ID, b.Resource)
		}
	}
	return ""
}

func count(n int64) string {
	if n >= 1000000 {
		return "INFINITY"
	}
	return fmt.Sprint(n)
}
