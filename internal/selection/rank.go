// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/topology"
)

// score is what the eligible are ranked by, best first: each field decides only if all before it are equal.
type score struct {
	// active comes last under prefer_idle; the other policies make no difference here.
	active int
	// held counts VIPs and singletons: services that would suffer from the backup, or move if the node fails.
	held int
	// load is questions a second in steps of 10, because idle nodes differ by noise.
	load     int
	sessions int64
	// space is the free space in steps of about 10 %: the difference must matter. Steps are used, because "within 10 %
	// of each other" is not transitive: the choice would depend on the order.
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
