// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/topology"
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

func (j *judgement) score(of *standing) score {
	m, o := of.m, j.o
	s := score{held: len(j.held(m)), preference: len(o.Prefer), name: m.Name}
	if of.activity == decision.Active && o.Policy == decision.PreferIdle {
		s.active = 1
	}
	for i, name := range slices.Backward(o.Prefer) {
		if slices.Contains(m.Called(), topology.Lower(name)) {
			s.preference = i
		}
	}
	if g := m.Answering(); g != nil {
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
func (j *judgement) held(m *topology.Member) []string {
	if j.Cluster.View == nil || m.Node == "" {
		return nil
	}
	found := map[string]bool{}
	for _, r := range j.Cluster.View.Resources {
		if topology.Lower(r.Node) != topology.Lower(m.Node) || !r.Active || j.Cluster.View.IsGalera(r) || strings.HasPrefix(r.Agent, "stonith:") {
			continue
		}
		if r.Singleton || j.onlyPromoted(r) {
			found[collective(r)] = true
		}
	}
	for _, v := range j.Cluster.View.VIPs {
		if topology.Lower(v.Node) == topology.Lower(m.Node) && !j.inGroup(v.Resource, found) {
			found[v.Resource] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func collective(r pacemaker.Resource) string {
	if (r.ParentKind == "bundle" || r.ParentKind == "group") && r.Parent != "" {
		return r.Parent
	}
	return r.ID
}

// inGroup says that a resource was counted as part of its group already.
func (j *judgement) inGroup(id string, found map[string]bool) bool {
	return slices.ContainsFunc(j.Cluster.View.Resources, func(r pacemaker.Resource) bool { return r.ID == id && found[collective(r)] })
}

// onlyPromoted says that an instance is the promoted one of several, as redis and ovn have it.
func (j *judgement) onlyPromoted(r pacemaker.Resource) bool {
	if r.Role != pacemaker.RolePromoted {
		return false
	}
	promoted := 0
	for _, other := range j.Cluster.View.Resources {
		if other.ID == r.ID && other.Parent == r.Parent && other.Role == pacemaker.RolePromoted {
			promoted++
		}
	}
	return promoted == 1
}

// choose gives every controller its verdict and rank, and the cluster its message. It returns warnings.
func (j *judgement) choose() []string {
	var eligible []*standing
	scores := map[*standing]score{}
	for _, s := range j.standings {
		switch {
		case !s.m.RunsDatabase:
			s.verdict = decision.Witness
		case len(s.findings) > 0 || s.activity != decision.Idle && s.activity != decision.Active:
			s.verdict = decision.Rejected
		default:
			s.verdict = decision.Eligible
			scores[s] = j.score(s)
			eligible = append(eligible, s)
		}
	}
	slices.SortFunc(eligible, func(a, b *standing) int { return compare(scores[a], scores[b]) })
	for i, s := range eligible {
		s.rank = i + 1
	}
	j.message = j.serving() + j.choice(eligible, scores)
	if len(eligible) == 0 {
		return nil
	}
	chosen := eligible[0]
	chosen.verdict = decision.Chosen
	if chosen.activity != decision.Active {
		return nil
	}
	return []string{fmt.Sprintf("%s serves clients and was chosen all the same: policy %s%s", chosen.m.Name, j.o.Policy,
		noIdle(j.o))}
}

func noIdle(o Options) string {
	if o.Policy == decision.PreferIdle {
		return ", and no idle controller is eligible"
	}
	return ""
}

// choice is the sentence about who was chosen and why, or why nobody.
func (j *judgement) choice(eligible []*standing, scores map[*standing]score) string {
	switch len(eligible) {
	case 0:
		return "Nobody was chosen" + j.refusals()
	case 1:
		return fmt.Sprintf("%s was chosen: the only one eligible.", eligible[0].m.Name)
	}
	best, second := eligible[0], eligible[1]
	return fmt.Sprintf("%s was chosen of %d eligible: it %s (next: %s).",
		best.m.Name, len(eligible), better(scores[best], scores[second]), second.m.Name)
}
