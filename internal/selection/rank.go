// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"overcloud.backup/internal/pacemaker"
)

// score is what the eligible are ranked by, best first: each field decides only when all before it are alike.
type score struct {
	// active comes last under prefer_idle; the other policies make no difference here.
	active int
	// held counts VIPs and singletons: services that would suffer beside the backup, or move when the node fails.
	held int
	// load is questions a second in steps of 10, because idle nodes differ by noise.
	load     int
	sessions int64
	// space is the free space in steps of about 10 %: the difference must matter. Steps, and not "within 10 % of each
	// other", which is not transitive: the choice would depend on the order.
	space int
	// preference is the place in the option prefer; the unnamed come last.
	preference int
	name       string
}

// criteria name the fields for people, with the values of the better and the worse.
var criteria = []struct {
	name string
	of   func(score) int64 // smaller is better
}{
	{"is idle", func(s score) int64 { return int64(s.active) }},
	{"holds fewer VIPs and singletons", func(s score) int64 { return int64(s.held) }},
	{"has less load", func(s score) int64 { return int64(s.load) }},
	{"has fewer sessions", func(s score) int64 { return s.sessions }},
	{"has more free space", func(s score) int64 { return int64(-s.space) }},
	{"is preferred by the operator", func(s score) int64 { return int64(s.preference) }},
}

func (c *cluster) score(m *member, o Options) score {
	s := score{held: len(c.held(m)), preference: len(o.Prefer), name: m.name}
	if m.activity == Active && o.Policy == PreferIdle {
		s.active = 1
	}
	for i, name := range slices.Backward(o.Prefer) {
		if slices.Contains(m.called(), lower(name)) {
			s.preference = i
		}
	}
	if g := m.answering(); g != nil {
		s.load = int(math.Min(math.Max(g.Sample.Questions, 0), 1e12) / 10)
		for _, session := range g.Sessions {
			s.sessions += int64(session.Count)
		}
		s.space = int(math.Floor(math.Log(float64(max(g.Storage.DatadirFree, 1))) / math.Log(1.1)))
	}
	return s
}

func compare(a, b score) int {
	for _, k := range criteria {
		if d := cmp.Compare(k.of(a), k.of(b)); d != 0 {
			return d
		}
	}
	return strings.Compare(a.name, b.name)
}

// better says what puts a before b.
func better(a, b score) string {
	for _, k := range criteria {
		if k.of(a) != k.of(b) {
			return k.name
		}
	}
	return "comes first by name, all else alike"
}

// held are the VIPs and singletons that Pacemaker has on a member: a bundle or group counts once, fencing devices and
// the database itself do not.
func (c *cluster) held(m *member) []string {
	if c.view == nil || m.node == "" {
		return nil
	}
	found := map[string]bool{}
	for _, r := range c.view.Resources {
		if lower(r.Node) != lower(m.node) || !r.Active || c.isGalera(r) || strings.HasPrefix(r.Agent, "stonith:") {
			continue
		}
		if r.Singleton || c.onlyPromoted(r) {
			found[collective(r)] = true
		}
	}
	for _, v := range c.view.VIPs {
		if lower(v.Node) == lower(m.node) && !c.inGroup(v.Resource, found) {
			found[v.Resource] = true
		}
	}
	return sortedBools(found)
}

func collective(r pacemaker.Resource) string {
	if (r.ParentKind == "bundle" || r.ParentKind == "group") && r.Parent != "" {
		return r.Parent
	}
	return r.ID
}

// inGroup says that a resource was counted as part of its group already.
func (c *cluster) inGroup(id string, found map[string]bool) bool {
	return slices.ContainsFunc(c.view.Resources, func(r pacemaker.Resource) bool { return r.ID == id && found[collective(r)] })
}

// onlyPromoted says that an instance is the promoted one of several, as redis and ovn have it.
func (c *cluster) onlyPromoted(r pacemaker.Resource) bool {
	if r.Role != pacemaker.RolePromoted {
		return false
	}
	promoted := 0
	for _, other := range c.view.Resources {
		if other.ID == r.ID && other.Parent == r.Parent && other.Role == pacemaker.RolePromoted {
			promoted++
		}
	}
	return promoted == 1
}

// choose gives every controller its verdict and rank, and the cluster its message. It returns warnings.
func (c *cluster) choose(o Options) []string {
	var eligible []*member
	scores := map[*member]score{}
	for _, m := range c.members {
		switch {
		case !m.runsDatabase:
			m.verdict = Witness
		case len(m.reasons) > 0 || m.activity != Idle && m.activity != Active:
			m.verdict = Rejected
		default:
			m.verdict = Eligible
			scores[m] = c.score(m, o)
			eligible = append(eligible, m)
		}
	}
	slices.SortFunc(eligible, func(a, b *member) int { return compare(scores[a], scores[b]) })
	for i, m := range eligible {
		m.rank = i + 1
	}
	c.message = c.serving() + c.choice(eligible, scores)
	if len(eligible) == 0 {
		return nil
	}
	chosen := eligible[0]
	chosen.verdict = Chosen
	if chosen.activity != Active {
		return nil
	}
	return []string{fmt.Sprintf("%s serves clients and was chosen all the same: policy %s%s", chosen.name, o.Policy, noIdle(o))}
}

func noIdle(o Options) string {
	if o.Policy == PreferIdle {
		return ", and no idle controller is eligible"
	}
	return ""
}

// choice is the sentence about who was chosen and why, or why nobody.
func (c *cluster) choice(eligible []*member, scores map[*member]score) string {
	switch len(eligible) {
	case 0:
		return "Nobody was chosen" + c.refusals()
	case 1:
		return fmt.Sprintf("%s was chosen: the only one eligible.", eligible[0].name)
	}
	best, second := eligible[0], eligible[1]
	return fmt.Sprintf("%s was chosen of %d eligible: it %s (next: %s).",
		best.name, len(eligible), better(scores[best], scores[second]), second.name)
}
