// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"slices"
	"strings"
)

func staleFacts(l look) string {
	if !l.m.stale {
		return ""
	}
	return l.m.silent
}

// incomplete names who was not heard: anyone may have the session, the lock or the last good copy that we cannot see.
func incomplete(l look) string {
	if l.m.silent != "" {
		return l.m.silent
	}
	missing := slices.Clone(l.c.absent)
	for _, m := range l.c.members {
		if m.silent != "" {
			missing = append(missing, fmt.Sprintf("%s %s", m.name, m.silent))
		}
	}
	return strings.Join(missing, "; ")
}

func (c *cluster) anySilent() bool {
	return slices.ContainsFunc(c.members, func(m *member) bool { return m.silent != "" })
}

func excluded(l look) string {
	for _, name := range l.o.Exclude {
		if slices.Contains(l.m.called(), lower(name)) {
			return "excluded by the operator"
		}
	}
	return ""
}

// serves tells the first evidence; the rest is in Controller.Evidence.
func serves(l look) string {
	if l.m.activity != Active || l.o.Policy != RequireIdle {
		return ""
	}
	all := said(l.m, Active)
	if len(all) == 1 {
		return all[0]
	}
	return fmt.Sprintf("%s, and %d more", all[0], len(all)-1)
}

// activityUnknown leaves out the silence of hosts that were not heard at all: cluster_incomplete stands for those. Of
// an active controller no more needs to be known, unless the policy would take it.
func activityUnknown(l look) string {
	if l.m.activity == Active && l.o.Policy == RequireIdle {
		return ""
	}
	var silent []string
	for _, w := range l.m.words {
		if w.says == Unknown && !w.missing {
			silent = append(silent, w.text)
		}
	}
	return strings.Join(silent, "; ")
}

// said are the texts of the sources that say so.
func said(m *member, a Activity) []string {
	var texts []string
	for _, w := range m.words {
		if w.says == a {
			texts = append(texts, w.text)
		}
	}
	return texts
}

func serverDown(l look) string {
	h := l.c.vip.holder
	if h == nil || l.c.proxyProblem(h, l.o) != "" || l.m.server == "" {
		return ""
	}
	s := h.proxy().Server(l.m.server)
	if s == nil || s.Usable() {
		return ""
	}
	check := s.CheckStatus
	if s.CheckCode > 0 {
		check += fmt.Sprintf(" %d", s.CheckCode)
	}
	return strings.TrimSpace(fmt.Sprintf("HAProxy on %s has %s %s %s", h.name, s.Name, orUnknown(s.Raw), check))
}

// locked looks for a lock of this cluster, or one that does not say whose it is. One that ran out is taken over.
func locked(l look) string {
	for _, m := range l.c.members {
		p := m.manager()
		if p == nil {
			continue
		}
		for _, k := range p.Locks {
			mine := k.Cluster == "" || l.c.uuid() == "" || lower(k.Cluster) == l.c.uuid()
			if left := k.Expires - l.o.Now; mine && (left > 0 || k.Expires == 0) {
				return fmt.Sprintf("job %s on %s holds the lock for another %.0f s", orUnknown(k.Job), orUnknown(k.Holder), max(left, 0))
			}
		}
	}
	return ""
}

// lastStandby counts the others that could take over the clients.
func lastStandby(l look) string {
	spares := []string{}
	for _, m := range l.c.members {
		if m != l.m && m.spare() {
			spares = append(spares, m.name)
		}
	}
	if len(spares) >= l.o.MinSpares {
		return ""
	}
	return fmt.Sprintf("other sound standbys: %d (%s) < %d", len(spares), orNone(spares), l.o.MinSpares)
}

// harmless are the reasons that do not keep a standby from taking over the clients.
var harmless = []Code{Excluded, NoSpace, Locked, ClusterIncomplete}

// spare says that the controller is idle and could take over the clients.
func (m *member) spare() bool {
	if !m.runsDatabase || m.activity != Idle || m.silent != "" {
		return false
	}
	return !slices.ContainsFunc(m.reasons, func(r Reason) bool { return !slices.Contains(harmless, r.Code) })
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
