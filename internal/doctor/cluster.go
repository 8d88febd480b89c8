// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
)

// clusterRows are those about a cluster as a whole.
func (in Input) clusterRows(c *decision.Cluster, members []subject) []Row {
	name := cmp.Or(c.Name, "unknown")
	rows := []Row{}
	rows = append(rows, alike(name, members), in.lock(name, c, members), candidate(name, c))
	for i := range rows {
		rows[i] = rows[i].whole()
	}
	return rows
}

// alike compares what should not differ between the controllers.
func alike(name string, members []subject) Row {
	release, selinux, place := map[string][]string{}, map[string][]string{}, map[string][]string{}
	add := func(to map[string][]string, value string, s subject) { to[value] = append(to[value], s.host.Name) }
	for _, s := range members {
		if s.witness() || s.silent() != "" {
			continue
		}
		if g := s.host.Galera; g != nil && g.Running {
			add(release, galera.Release(g.Server.Version), s)
		}
		if f := s.document.Facts; f != nil {
			add(selinux, cmp.Or(f.SELinux, "unknown"), s)
			add(place, fmt.Sprintf("%s, mounted at %s", cmp.Or(f.Mount.Type, "unknown"), cmp.Or(f.Mount.Point, "?")), s)
		}
	}
	differ := []string{}
	for _, of := range []struct {
		what   string
		values map[string][]string
	}{{"server version", release}, {"SELinux", selinux}, {"destination", place}} {
		if len(of.values) > 1 {
			differ = append(differ, of.what+": "+listed(of.values))
		}
	}
	if len(differ) > 0 {
		return named(Alike).row(name, Warn, differ...)
	}
	if len(release) == 0 || len(selinux) == 0 {
		return named(Alike).row(name, Unknown, "no controller could be read")
	}
	return named(Alike).row(name, OK, fmt.Sprintf("server %s, SELinux %s, destination %s", listed(release),
		listed(selinux), listed(place)))
}

// listed names the values, and who has which if they differ.
func listed(values map[string][]string) string {
	parts := []string{}
	for _, value := range slices.Sorted(maps.Keys(values)) {
		if len(values) == 1 {
			return value
		}
		parts = append(parts, fmt.Sprintf("%s on %s", value, strings.Join(values[value], ", ")))
	}
	return strings.Join(parts, "; ")
}

// lock says who holds the cluster's backup lock, in the words of the condition.
func (in Input) lock(name string, c *decision.Cluster, members []subject) Row {
	check := named(Lock)
	locks, read, present := locksOf(c, members)
	switch {
	case !read && present:
		return check.row(name, Unknown, "no Pacemaker could be asked for it")
	case !read:
		r := check.row(name, Warn, "without Pacemaker no lock keeps two backups apart")
		r.Remedy = "Start one backup at a time"
		return r
	case len(locks) == 0:
		return check.row(name, OK, "free")
	}
	texts := []string{}
	for _, l := range locks {
		one := condition.Subject{UUID: c.UUID, Locks: []cib.Lock{l}, Now: in.Now}
		holds := condition.Of(condition.Locked).Check(one, nil)
		if holds == "" {
			holds = fmt.Sprintf("the lock of job %s on %s has expired, and the next backup takes it over",
				cmp.Or(l.Job, "unknown"), cmp.Or(l.Holder, "unknown"))
		}
		if age := in.Now - l.Since; l.Since > 0 && age >= 0 {
			holds += fmt.Sprintf("; it was taken %.0f s ago", age)
		}
		texts = append(texts, holds)
	}
	return check.row(name, Warn, texts...)
}

// locksOf returns the locks of a cluster, each once. read says that a Pacemaker with a readable configuration answered,
// present that one is installed.
func locksOf(c *decision.Cluster, members []subject) (locks []cib.Lock, read, present bool) {
	for _, s := range members {
		p := s.host.Pacemaker
		if p == nil || s.host.Unreachable {
			continue
		}
		present = present || p.Present
		if !p.Connected || p.Failed(pacemaker.SourceCIB) != nil {
			continue
		}
		read = true
		for _, l := range p.Locks {
			mine := l.Cluster == "" || c.UUID == "" || strings.EqualFold(l.Cluster, c.UUID)
			if mine && !slices.ContainsFunc(locks, func(other cib.Lock) bool { return other.Is(l) }) {
				locks = append(locks, l)
			}
		}
	}
	return locks, read, present
}

// refused is what the decision does not know: how the job of a controller that must stay in service would read it.
const refused = "not with desync: always, nor with a physical backup that takes long locks (servers before 10.4, or" +
	" before 10.8 with many files that are not InnoDB): the job refuses them while this controller is needed as a spare"

// candidate says whom a backup would choose now. While another backup runs nobody is chosen, and that is as it should
// be.
func candidate(name string, c *decision.Cluster) Row {
	check := named(Candidate)
	if c.Chosen != "" {
		seen := []string{c.Message}
		stays := func(k decision.Controller) bool { return k.Name == c.Chosen && k.Stays }
		if slices.ContainsFunc(c.Controllers, stays) {
			seen = append(seen, refused)
		}
		return check.row(name, OK, seen...)
	}
	if waits(c) {
		return check.row(name, Warn, c.Message)
	}
	return check.row(name, Fail, c.Message)
}

// waits reports that somebody would be chosen if the lock were free.
func waits(c *decision.Cluster) bool {
	return slices.ContainsFunc(c.Controllers, func(k decision.Controller) bool {
		return len(k.Reasons) == 1 && k.Reasons[0].Code == condition.Locked
	})
}
