// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/crmmon"
)

// resourceFailed reports a failed instance, and one that is not promoted while its server runs. A failed action that
// Pacemaker recovered from is left to fail counts: at their threshold the next one takes the node out.
func resourceFailed(s Subject, _ Limits) string {
	if !s.Cluster.ManagesGalera() || s.Node == "" {
		return ""
	}
	on := s.galera()
	for _, r := range on {
		switch {
		case r.Failed && !r.FailureIgnored:
			return fmt.Sprintf("%s failed%s", r.ID, s.failure())
		case r.Blocked:
			return fmt.Sprintf("%s is blocked%s", r.ID, s.failure())
		case s.Database != nil && r.Role != crmmon.RolePromoted:
			return fmt.Sprintf("%s is %s, not Promoted", r.ID, cmp.Or(string(r.Role), "unknown"))
		}
	}
	if s.Database != nil && len(on) == 0 {
		return "Pacemaker has no galera running on it"
	}
	return s.failCount()
}

func (s Subject) failCount() string {
	names := s.Cluster.GaleraNames()
	for _, f := range s.Cluster.FailCounts {
		if !alike(cmp.Or(f.Host, f.Node), s.Node) || !names[f.Resource] {
			continue
		}
		if f.Count >= infinity || f.Threshold > 0 && f.Count >= f.Threshold {
			return fmt.Sprintf("fail count of %s is %s%s", f.Resource, score(f.Count), s.failure())
		}
	}
	return ""
}

// failure returns the failed action behind a failed instance, if it is listed. Failures in a bundle are printed with
// the guest node.
func (s Subject) failure() string {
	names := s.Cluster.GaleraNames()
	for _, f := range s.Cluster.Failures {
		if alike(cmp.Or(f.Host, f.Node), s.Node) && names[f.Resource] {
			return fmt.Sprintf(": %s %s", f.Action, f.Exit)
		}
	}
	return ""
}

func resourceUnmanaged(s Subject, _ Limits) string {
	for _, r := range s.galera() {
		if !r.Managed || r.Maintenance {
			return r.ID + " is unmanaged"
		}
	}
	if s.Cluster != nil && s.Cluster.Galera != nil && !s.Cluster.Galera.Managed {
		return s.Cluster.Galera.Resource + " is unmanaged"
	}
	return ""
}

func banned(s Subject, _ Limits) string {
	if s.Database == nil {
		return ""
	}
	return Ban(s)
}

// Ban returns the constraint that keeps galera off the node; empty if there is none.
func Ban(s Subject) string {
	if s.Cluster == nil || s.Node == "" {
		return ""
	}
	names := s.Cluster.GaleraNames()
	for _, b := range s.Cluster.Bans {
		if alike(b.Node, s.Node) && names[b.Resource] && strings.HasPrefix(b.Weight, "-") {
			return fmt.Sprintf("the constraint %s keeps %s off it", b.ID, b.Resource)
		}
	}
	return ""
}

func stopping(s Subject, _ Limits) string {
	if s.Database == nil {
		return ""
	}
	return Stop(s)
}

// Stop reports that Pacemaker is configured to stop galera. Unpromoted is equivalent to stopped: the agent runs no
// server then.
func Stop(s Subject) string {
	if slices.ContainsFunc(s.views(), func(view *pacemaker.Facts) bool { return view.StopAll }) {
		return "stop-all-resources is set"
	}
	for _, r := range s.galera() {
		if r.Target == crmmon.RoleStopped || r.Target == crmmon.RoleUnpromoted {
			return fmt.Sprintf("the target role of %s is %s", r.ID, r.Target)
		}
	}
	return ""
}

// infinity is the score that Pacemaker calls INFINITY.
const infinity = 1000000

func score(n int64) string {
	if n >= infinity {
		return "INFINITY"
	}
	return fmt.Sprint(n)
}
