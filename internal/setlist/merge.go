// SPDX-License-Identifier: GPL-3.0-or-later

package setlist

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Options say what is listed.
type Options struct {
	Hosts        []string // by default those of the answers
	Destinations []string // of hosts without an answer, besides those of the answers
	Cluster      string   // only this one, unless empty
	Now          float64  // seconds since the epoch
}

// Merge makes one list of the answers.
func Merge(answers []Answer, o Options) List {
	now := time.UnixMilli(int64(o.Now * 1000)).UTC()
	l := List{
		Schema: Schema, GeneratedAt: o.Now, Generated: now.Format(time.RFC3339), Complete: true, Asked: []string{},
		Unknown: []string{}, Nowhere: []string{}, Places: []Place{}, Clusters: []Cluster{}, Sets: []Set{},
	}
	given, destinations := map[string][]Answer{}, []string{}
	hosts := slices.Clone(o.Hosts)
	for _, a := range answers {
		given[a.Host] = append(given[a.Host], a)
		destinations = append(destinations, a.Destination)
		if o.Hosts == nil {
			hosts = append(hosts, a.Host)
		}
	}
	for _, d := range o.Destinations {
		destinations = append(destinations, clean(d))
	}
	hosts, destinations = slices.Compact(slices.Sorted(slices.Values(hosts))), unique(destinations)
	for _, host := range hosts {
		for _, a := range answersOf(host, given[host], destinations) {
			l.add(a, o.Cluster, now)
		}
	}
	l.Sets = join(l.Sets)
	l.attribute()
	l.Clusters = clusters(l.Sets)
	l.describe(hosts, destinations)
	return l
}

// answersOf returns the answers of a host, one for each destination. A host without any could not be asked about any.
func answersOf(host string, given []Answer, destinations []string) (answers []Answer) {
	for _, a := range given {
		same := func(b Answer) bool { return a.Destination == b.Destination }
		if !slices.ContainsFunc(answers, same) {
			answers = append(answers, a)
		}
	}
	if given != nil {
		return answers
	}
	if len(destinations) == 0 {
		destinations = []string{"?"}
	}
	for _, d := range destinations {
		answers = append(answers, Answer{Host: host, Destination: d, Unreachable: true})
	}
	return answers
}

// add adds a place and its sets.
func (l *List) add(a Answer, cluster string, now time.Time) {
	p := Place{Host: a.Host, Destination: a.Destination, Reason: a.Error}
	switch {
	case a.Unreachable:
		p.State, p.Reason = Unknown, cmp.Or(a.Error, "it could not be asked")
	case a.Listing == nil:
		p.State, p.Reason = Unreadable, cmp.Or(a.Error, "it gave no answer")
	case a.Error == "" && !a.Listing.Present:
		p.State, p.Reason = Missing, "there is no such directory"
	default:
		sets, refused := setsOf(a, now)
		sets = slices.DeleteFunc(sets, func(s Set) bool { return cluster != "" && s.Cluster.Name != cluster })
		l.Sets = append(l.Sets, sets...)
		p.State = Listed
		if p.Reason == "" {
			p.Reason = refused
		}
		if p.Reason != "" {
			p.State = Partly
		}
		n := len(sets)
		p.Sets = &n
	}
	if p.State == Missing {
		p.Sets = new(int)
	}
	l.Places = append(l.Places, p)
}

// describe fills in what follows from the places.
func (l *List) describe(hosts, destinations []string) {
	for _, host := range hosts {
		asked, unknown := false, false
		for _, p := range l.Places {
			if p.Host == host {
				asked = asked || p.State == Listed || p.State == Missing || p.State == Partly
				unknown = unknown || p.State == Unknown || p.State == Unreadable
				l.Complete = l.Complete && (p.State == Listed || p.State == Missing)
			}
		}
		if asked {
			l.Asked = append(l.Asked, host)
		}
		if unknown {
			l.Unknown = append(l.Unknown, host)
		}
	}
	l.Complete = l.Complete && len(l.Asked) > 0
	for _, d := range destinations {
		missing, maybe := false, false
		for _, p := range l.Places {
			missing = missing || p.Destination == d && p.State == Missing
			maybe = maybe || p.Destination == d && p.State != Missing
		}
		if missing && !maybe {
			l.Nowhere = append(l.Nowhere, d)
		}
	}
}

// join makes one row of those that are the same in everything but the host, as on a mount that several hosts share. A
// host that reports any value differently gets its own row: it cannot change what another one reports.
func join(all []Set) []Set {
	joined, at := []Set{}, map[string]int{}
	for _, s := range all {
		hosts := s.Hosts
		s.Hosts = nil
		key, _ := json.Marshal(s)
		i, known := at[string(key)]
		if !known {
			i = len(joined)
			at[string(key)] = i
			joined = append(joined, s)
		}
		if !slices.Contains(joined[i].Hosts, hosts[0]) {
			joined[i].Hosts = append(joined[i].Hosts, hosts...)
		}
	}
	slices.SortStableFunc(joined, func(a, b Set) int {
		return cmp.Or(cmp.Compare(b.name, a.name), cmp.Compare(a.Set, b.Set), cmp.Compare(a.Path, b.Path))
	})
	return joined
}

// attribute shows each set under its cluster. One without a usable manifest does not say of which cluster it is, if
// there are several of that name.
func (l *List) attribute() {
	known := map[string][]string{}
	for _, s := range l.Sets {
		if uuid := s.Cluster.UUID; uuid != "" && !slices.Contains(known[s.Cluster.Name], uuid) {
			known[s.Cluster.Name] = append(known[s.Cluster.Name], uuid)
		}
	}
	for i := range l.Sets {
		s := &l.Sets[i]
		s.of = s.Cluster
		if uuids := known[s.Cluster.Name]; s.of.UUID == "" && len(uuids) == 1 {
			s.of.UUID = uuids[0]
		}
	}
}

// clusters summarises the sets, in the order of names.
func clusters(sets []Set) []Cluster {
	found := []Cluster{}
	for _, s := range sets {
		key := func(c Cluster) bool { return c.Name == s.of.Name && c.UUID == s.of.UUID }
		i := slices.IndexFunc(found, key)
		if i < 0 {
			i = len(found)
			found = append(found, Cluster{Name: s.of.Name, UUID: s.of.UUID})
		}
		c := &found[i]
		c.Sets++
		if hosts := strings.Join(s.Hosts, ", "); c.Sets == 1 {
			c.hosts = hosts
		} else if c.hosts != hosts {
			c.hosts = "" // several report it
		}
		if !s.good() {
			continue
		}
		n := &Newest{Set: s.Set, Hosts: s.Hosts, Age: *s.Age, Verified: s.Verified, VerifiedAt: s.VerifiedAt}
		if c.NewestGood == nil {
			c.NewestGood = n
		}
		if c.NewestVerified == nil && s.Verified != "" {
			c.NewestVerified = n
		}
	}
	slices.SortStableFunc(found, func(a, b Cluster) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID))
	})
	return found
}

func unique(names []string) []string {
	kept := []string{}
	for _, name := range names {
		if !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	return kept
}
