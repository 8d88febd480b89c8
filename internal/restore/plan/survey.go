// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// situation is the combined view of all controllers.
type situation struct {
	Options
	views []View
	// silent are the hosts that were to be asked and did not answer.
	silent []string
	// names are the controllers that answered, by their names in Pacemaker; members those that run the database.
	names, members []string
	// job is the restore that is under way or is rolled back, otherwise a new one.
	begun bool
	job   string
	// mine are the views that have a record of it. Others may have rejoined since, or are new.
	mine  []View
	began string
	// stopped says that the restore has stopped the database: otherwise a rollback only has to let clients in.
	stopped bool
	// set is the path of the set that is or was restored, and seenBy are the controllers that see it.
	set    string
	seenBy []View
	// holders may get the set: if a restore was begun, only those that recorded that they have it.
	holders []View
	target  View
	chosen  bool // target has answered
	// rejoining are controllers whose rejoin has not ended.
	rejoining []View
}

// survey combines the views, in the order of the inventory.
func survey(views []View, o Options) *situation {
	s := &situation{Options: o, views: slices.Clone(views)}
	slices.SortStableFunc(s.views, func(a, b View) int { return cmp.Compare(s.position(a.Host), s.position(b.Host)) })
	for _, host := range o.Hosts {
		if !slices.ContainsFunc(s.views, func(v View) bool { return v.Host == host }) {
			s.silent = append(s.silent, host)
		}
	}
	for _, v := range s.views {
		s.names = append(s.names, v.Node.Name)
		s.members = append(s.members, v.Node.Members...)
	}
	slices.Sort(s.silent)
	slices.Sort(s.names)
	slices.Sort(s.members)
	s.members = slices.Compact(s.members)
	s.rejoining = only(s.views, func(v View) bool { return v.UnderWay && v.Book.Rejoin })
	s.findSets()
	s.findRestore()
	s.choose()
	return s
}

// position returns the position of a host in the inventory; those that were not to be asked come last.
func (s *situation) position(host string) int {
	if at := slices.Index(s.Hosts, host); at >= 0 {
		return at
	}
	return len(s.Hosts)
}

// findSets finds the newest set that any controller sees.
func (s *situation) findSets() {
	sets := only(s.views, func(v View) bool { return v.Set != nil })
	slices.SortStableFunc(sets, func(a, b View) int { return cmp.Compare(a.Set.Name, b.Set.Name) })
	if len(sets) > 0 {
		s.set = sets[len(sets)-1].Set.Path
	}
	s.seenBy = only(s.views, func(v View) bool { return v.sees(s.set) })
}

// findRestore finds the restore that is continued, or rolled back even after its end: the last one.
func (s *situation) findRestore() {
	if !slices.Contains(cluster, s.State) {
		return
	}
	noted := only(s.views, s.counts)
	for _, v := range noted {
		s.job = max(s.job, v.Book.Job)
	}
	if s.begun = s.job != ""; !s.begun {
		return
	}
	s.mine = only(s.views, func(v View) bool { return v.Book.Job == s.job })
	for _, v := range s.mine {
		s.stopped = s.stopped || v.Stopped
		if s.began == "" || v.Book.Began < s.began {
			s.began = v.Book.Began
		}
	}
}

// counts reports whether the book of a controller has a restore that continues, or that can be rolled back.
func (s *situation) counts(v View) bool {
	if s.State != RolledBack {
		return v.UnderWay && !v.Book.Rejoin
	}
	return v.Book.Ended == "restored" || v.Book.Job != "" && !v.Book.Rejoin && v.Book.Ended == ""
}

// choose chooses the controller that gets the set, and the set.
func (s *situation) choose() {
	s.holders = s.seenBy
	if s.begun {
		s.holders = only(s.mine, func(v View) bool { return v.Book.Target })
	}
	candidates := slices.Concat(s.holders, s.views)
	if s.Host != "" && s.State != Configured { // Pacemaker's configuration is the same everywhere
		s.target = View{Host: s.Host}
		candidates = only(candidates, func(v View) bool { return v.Host == s.Host })
	}
	if s.chosen = len(candidates) > 0; s.chosen {
		s.target = candidates[0]
	}
	if !s.begun {
		s.job = s.target.NewJob
		return
	}
	s.set = ""
	for _, v := range s.mine {
		s.set = cmp.Or(v.Book.Set, s.set)
	}
	// The controller that gets the set decides which set it is: according to another's report it would use any set that
	// it sees.
	if s.target.Book.Job == s.job {
		s.set = cmp.Or(s.target.Book.Set, s.set)
	}
}

// cluster returns the name of the set's cluster: that of the folder of the set. Empty if the path has none.
func (s *situation) cluster() string {
	name := path.Base(path.Dir(s.set))
	if name == "." || name == "/" {
		return ""
	}
	return name
}

// lives reports whether the restored data is in use on the target already, so that it is not replaced again.
func (s *situation) lives() bool {
	return s.State == Restored && s.target.Book.Started != "" && s.target.Book.Job == s.job
}

// used reports whether clients were let in to the restored data, and no rollback has begun since.
func (s *situation) used() bool {
	return slices.ContainsFunc(s.mine, func(v View) bool { return v.Book.Opened && !v.Book.Back })
}

// unsure reports that this is not known: the database is not stopped before all controllers have recorded it.
func (s *situation) unsure() bool { return s.stopped && len(s.mine) < len(s.views) }

// withAnother returns the controllers with a record of an earlier restore that could be rolled back as well. The end of
// the later one replaces their records, so the report of one controller must not be enough for that.
func (s *situation) withAnother() []View {
	return only(s.views, func(v View) bool { return s.counts(v) && v.Book.Job != s.job })
}

// verified says how the set was verified, according to the controller that gets it, otherwise to the first one that
// sees it.
func (s *situation) verified() string {
	for _, v := range slices.Concat([]View{s.target}, s.views) {
		if v.sees(s.set) {
			return cmp.Or(v.Set.Verified, "never")
		}
	}
	return "unknown"
}

// hosts returns the names that controllers have in the inventory.
func hosts(views []View) []string {
	names := make([]string, len(views))
	for i, v := range views {
		names[i] = v.Host
	}
	return names
}

// named returns the names that controllers have in Pacemaker.
func named(views []View) string {
	names := make([]string, len(views))
	for i, v := range views {
		names[i] = v.Node.Name
	}
	return strings.Join(names, ", ")
}

func only(views []View, wanted func(View) bool) []View {
	return slices.DeleteFunc(slices.Clone(views), func(v View) bool { return !wanted(v) })
}
