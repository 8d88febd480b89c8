// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// Hindrances returns why Pacemaker would not start the galera resource again on all of its members once it was stopped,
// in the words of idle_controller. Nodes that are offline are not among them, and of bans only those from one node are.
func Hindrances(ctx context.Context, a cib.Agent, node string) ([]string, error) {
	ctx, cancel := WithDeadline(ctx)
	defer cancel()
	s, problem := Local().Status(ctx)
	if problem != nil {
		return nil, ProblemError(ctx, problem)
	}
	return hindrances(s, a, node), nil
}

func hindrances(s *crmmon.Status, a cib.Agent, node string) (all []string) {
	for _, h := range []struct {
		is   bool
		text string
	}{
		{!s.Quorum, "the cluster has no quorum"},
		{cib.IsTrue(s.Options["maintenance-mode"]), "the whole cluster is in maintenance mode"},
		{cib.IsTrue(s.Options["stop-all-resources"]), "stop-all-resources is set"},
		{!a.Managed, a.Resource + " is unmanaged"},
	} {
		if h.is {
			all = append(all, h.text)
		}
	}
	for _, n := range s.Nodes {
		if why := hindrance(&n); why != "" && n.Online && slices.Contains(a.Members, n.Name) {
			all = append(all, n.Name+": "+why)
		}
	}
	for _, b := range s.Bans {
		if (b.Resource == a.Resource || b.Resource == a.Parent) && strings.HasPrefix(b.Weight, "-") && b.Node == node {
			all = append(all, fmt.Sprintf("%s: the constraint %s keeps %s off it", b.Node, b.ID, b.Resource))
		}
	}
	return all
}

// hindrance returns what keeps a node from running anything: the reason for which fit is false.
func hindrance(n *crmmon.Node) string {
	switch {
	case n.Unclean:
		return "the node is UNCLEAN"
	case n.Shutdown:
		return "the node is shutting down"
	case n.Pending:
		return "the node is pending"
	case n.StandbyFail:
		return "the node is in standby after a failure"
	case n.Standby:
		return "the node is in standby"
	case n.Maintenance:
		return "the node is in maintenance"
	}
	return ""
}
