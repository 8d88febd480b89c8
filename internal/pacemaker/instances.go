// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"fmt"
	"slices"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// Instances are those of the galera resource in the whole cluster, by node, sorted.
type Instances struct {
	Quorum bool
	// Active run in any role, Promoted serve.
	Active, Promoted []string
	// Failed are those that the cluster does not recover any more: failed or blocked.
	Failed []string
	// Guests are, for those in bundles, the guest nodes that they run on, by node: failures in a container are cleaned
	// up there.
	Guests map[string]string
	// Containers are, by bundle, the nodes on which one of its containers still exists, sorted: it ends after what runs
	// in it.
	Containers map[string][]string
	// Failures describe what has failed, such as "promote on controller-1: not running".
	Failures []string
}

// GaleraInstances asks crm_mon.
func GaleraInstances(ctx context.Context) (Instances, error) {
	ctx, cancel := WithDeadline(ctx)
	defer cancel()
	s, problem := Local().Status(ctx)
	if problem != nil {
		return Instances{}, ProblemError(ctx, problem)
	}
	return instances(s), nil
}

func instances(s *crmmon.Status) Instances {
	i := Instances{Quorum: s.Quorum, Guests: map[string]string{}, Containers: map[string][]string{}}
	own := map[string]bool{}
	for _, r := range s.Resources {
		if crmmon.IsContainer(r.Agent) && r.Active {
			i.Containers[r.Parent] = append(i.Containers[r.Parent], r.Node)
		}
		if r.Agent != cib.AgentGalera {
			continue
		}
		own[r.ID] = true
		if r.Guest != "" {
			i.Guests[r.Node] = r.Guest
		}
		switch {
		case r.Failed || r.Blocked:
			i.Failed = append(i.Failed, r.Node)
		case r.Role == crmmon.RolePromoted && r.Pending == "":
			i.Promoted = append(i.Promoted, r.Node)
		}
		if r.Active {
			i.Active = append(i.Active, r.Node)
		}
	}
	for _, c := range s.FailCounts {
		// A start that failed is not tried again, and its failure may be forgotten already.
		if own[c.Resource] && c.Threshold > 0 && c.Count >= c.Threshold && !slices.Contains(i.Active, c.Host) {
			i.Failed = append(i.Failed, c.Host)
			if c.Host != c.Node {
				i.Guests[c.Host] = c.Node
			}
		}
	}
	for _, f := range s.Failures {
		if own[f.Resource] {
			i.Failures = append(i.Failures, fmt.Sprintf("%s on %s: %s %s", f.Action, f.Node, f.Exit, f.Reason))
		}
	}
	for _, list := range []*[]string{&i.Active, &i.Promoted, &i.Failed} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, nodes := range i.Containers {
		slices.Sort(nodes)
	}
	return i
}
