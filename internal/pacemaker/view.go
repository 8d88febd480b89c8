// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"os"
	"slices"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// ClusterView is the part of the cluster that a running backup watches: one crm_mon, without the configuration.
type ClusterView struct {
	// Present is false on a host without Pacemaker, for the reason in Reason; nothing else is set.
	Present bool   `json:"present"`
	Reason  string `json:"reason,omitempty"`
	Quorum  bool   `json:"quorum"`
	// Maintenance is maintenance-mode of the whole cluster; Self has this node's own flag.
	Maintenance bool        `json:"maintenance"`
	Self        crmmon.Node `json:"self"`
	// GaleraHere says that the galera resource is promoted on this node.
	GaleraHere bool `json:"galera_here"`
	// Promoted names the other nodes on which it is promoted and which may serve: online, and neither in standby nor in
	// maintenance, unclean, pending or shutting down; its instance has not failed and is not being demoted. Sorted.
	Promoted []string `json:"promoted"`
	// Online names all nodes that are in the cluster now, including this one: its members and remote nodes, which may
	// run the database, too. The guests of its bundles do not count. Sorted.
	Online []string `json:"online"`
}

// View asks crm_mon, and once crm_node, what this node and the others are doing. ctx limits it: at its end the commands
// are killed. Errors are those of the commands; a host without Pacemaker is not an error.
func View(ctx context.Context) (ClusterView, error) {
	ctx, cancel := WithDeadline(ctx)
	defer cancel()
	return Local().view(ctx)
}

func (r *Commands) view(ctx context.Context) (ClusterView, error) {
	if !r.Present() {
		return ClusterView{Reason: "Pacemaker is neither installed nor configured here"}, nil
	}
	name, err := r.Self(ctx)
	if err != nil {
		return ClusterView{}, err
	}
	s, problem := r.Status(ctx)
	if problem != nil {
		return ClusterView{}, ProblemError(ctx, problem)
	}
	return view(s, name)
}

// Self holds no lock while it asks: a caller must not wait for another one's deadline.
func (r *Commands) Self(ctx context.Context) (string, error) {
	if name := r.Own.Load(); name != nil {
		return *name, nil
	}
	name, problem := r.local(ctx)
	if problem != nil {
		return "", ProblemError(ctx, problem)
	}
	r.Own.Store(&name)
	return name, nil
}

// view returns the status as the node of this name needs it.
func view(s *crmmon.Status, name string) (ClusterView, error) {
	self := s.Node(name)
	if self == nil {
		host, _ := os.Hostname()
		return ClusterView{}, errors.New("crm_mon lists no node " + excerpt.Of(name) + " (host name " +
			excerpt.Of(host) + ")")
	}
	v := ClusterView{Present: true, Quorum: s.Quorum, Maintenance: cib.IsTrue(s.Options["maintenance-mode"]),
		Self:     *self,
		Promoted: []string{}, Online: []string{}}
	for _, n := range s.Nodes {
		if n.Online && (n.Type == crmmon.NodeMember || n.Type == crmmon.NodeRemote) {
			v.Online = append(v.Online, n.Name)
		}
	}
	for _, r := range s.Resources {
		switch {
		case r.Agent != cib.AgentGalera || r.Role != crmmon.RolePromoted:
		case r.Node == name:
			v.GaleraHere = true
		case serves(s, r) && !slices.Contains(v.Promoted, r.Node):
			v.Promoted = append(v.Promoted, r.Node)
		}
	}
	slices.Sort(v.Promoted)
	slices.Sort(v.Online)
	return v, nil
}

// serves reports that nothing about an instance, its node, and in a bundle its guest node, keeps it from serving. It is
// still printed as promoted while it is being demoted.
func serves(s *crmmon.Status, r crmmon.Resource) bool {
	leaving := r.Pending == string(crmmon.RoleDemoting) || r.Pending == string(crmmon.RoleStopping)
	if r.Orphaned || r.Blocked || leaving || r.Failed && !r.FailureIgnored {
		return false
	}
	return canServe(s.Node(r.Node)) && (r.Guest == "" || canServe(s.Node(r.Guest)))
}

// canServe reports that a node is known and nothing about it keeps it from serving.
func canServe(n *crmmon.Node) bool {
	return n != nil && n.Online && !n.Standby && !n.StandbyFail && !n.Maintenance && !n.Unclean && !n.Pending &&
		!n.Shutdown
}
