// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
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

// sourceCIB is the source of pacemaker_facts that tells of locks, of the galera resource and of its members.
const sourceCIB = "cibadmin"

// pacemakerUnread wants the host's own word and the cluster's, each whole. A Pacemaker that does not answer where it
// should run may be about to lose its node.
func pacemakerUnread(l look) string {
	switch {
	case l.m.silent != "":
		return ""
	case l.m.host.Pacemaker == nil:
		return missingDocument(l.m, "pacemaker")
	case l.self == nil && !l.m.host.Pacemaker.Present:
		return "Pacemaker is not installed on it"
	case l.self == nil:
		return "Pacemaker on it did not answer" + firstError(l.m.host.Pacemaker.Header)
	case len(l.node) == 0:
		return "Pacemaker does not list it among its nodes"
	}
	for _, view := range []*pacemaker.Facts{l.self, l.c.view} {
		if e := view.Failed(sourceCIB); e != nil {
			return "Pacemaker's configuration was not read: " + e.Message
		}
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

// fencingPending looks at the history of fencing: an operator's order, or Pacemaker's own, that has not ended.
func fencingPending(l look) string {
	for _, view := range []*pacemaker.Facts{l.c.view, l.self} {
		if view == nil || l.m.node == "" {
			continue
		}
		for _, e := range view.Fencing {
			if e.Status != "success" && e.Status != "failed" && l.isTarget(view, e.Target) {
				return fmt.Sprintf("the fencing of %s (%s) is %s", e.Target, orUnknown(e.Action), orUnknown(e.Status))
			}
		}
	}
	return ""
}

// isTarget says that a name is the member's node, or a guest node whose container runs on it.
func (l look) isTarget(view *pacemaker.Facts, name string) bool {
	return lower(name) == lower(l.m.node) || slices.ContainsFunc(view.Nodes, func(n pacemaker.Node) bool {
		return lower(n.Name) == lower(name) && n.ContainerOn != "" && lower(n.ContainerOn) == lower(l.m.node)
	})
}

// nodeHealth takes Pacemaker's word for the health of a node, which it has since 2.1 (crm_mon), and before as
// attributes alone. Red moves everything away, as the cluster's node-health-strategy says. Yellow is no reason.
func nodeHealth(l look) string {
	for _, n := range l.node {
		switch n.Health {
		case "", "green", "yellow":
		default:
			return "the node's health is " + n.Health
		}
		for _, name := range sortedKeys(n.Attributes) {
			if strings.HasPrefix(name, "#health") && lower(n.Attributes[name]) == "red" {
				return fmt.Sprintf("the node's health is red (%s)", name)
			}
		}
	}
	return ""
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

// managesGalera says that Pacemaker has a galera resource, by its configuration or by what crm_mon lists.
func (c *cluster) managesGalera() bool {
	return c.config() != nil || c.view != nil && slices.ContainsFunc(c.view.Resources, c.isGalera)
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
	if !l.c.managesGalera() || l.m.node == "" {
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
		if !m.isNode(f.Host, f.Node) || !names[f.Resource] {
			continue
		}
		if f.Count >= 1000000 || f.Threshold > 0 && f.Count >= f.Threshold {
			return fmt.Sprintf("fail count of %s is %s%s", f.Resource, count(f.Count), c.failure(m))
		}
	}
	return ""
}

// isNode says whether a failure on a node is the member's: host is the real node, empty where only the printed one is
// known. What failed in a bundle is printed with its guest node.
func (m *member) isNode(host, printed string) bool {
	if host == "" {
		host = printed
	}
	return lower(host) == lower(m.node)
}

// failure is the failed action behind a failed instance, where it is listed.
func (c *cluster) failure(m *member) string {
	names := c.galeraNames()
	for _, f := range c.view.Failures {
		if m.isNode(f.Host, f.Node) && names[f.Resource] {
			return fmt.Sprintf(": %s %s", f.Action, f.Exit)
		}
	}
	return ""
}

func resourceUnmanaged(l look) string {
	for _, r := range l.c.galeraOn(l.m) {
		if !r.Managed || r.Maintenance {
			return r.ID + " is unmanaged"
		}
	}
	if g := l.c.config(); g != nil && !g.Managed {
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

func stopping(l look) string {
	if l.db == nil {
		return ""
	}
	return l.c.stopOn(l.m)
}

// stopOn says that Pacemaker was told to stop galera. Unpromoted is as good as stopped: its agent runs no server then.
func (c *cluster) stopOn(m *member) string {
	for _, view := range []*pacemaker.Facts{c.view, m.manager()} {
		if view != nil && view.StopAll {
			return "stop-all-resources is set"
		}
	}
	for _, r := range c.galeraOn(m) {
		if r.Target == pacemaker.RoleStopped || r.Target == pacemaker.RoleUnpromoted {
			return fmt.Sprintf("the target role of %s is %s", r.ID, r.Target)
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
