// SPDX-License-Identifier: GPL-3.0-or-later

package setlist

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/repository"
)

// mostSets of one answer are listed: the work and the document must stay small enough for those of other hosts.
const mostSets = 10000

// skew is how far the clock of a controller may be ahead of the control node's.
const skew = 5 * time.Minute

// good says that a set is complete, and that its age is known.
func (s Set) good() bool {
	return s.State == Complete && s.Age != nil && *s.Age >= -int64(skew.Seconds())
}

// setsOf returns what a host reports about a destination. refused says that it reports something that no set can be;
// nothing of that is shown.
func setsOf(a Answer, now time.Time) (sets []Set, refused string) {
	l := a.Listing
	if n := len(l.Sets) + len(l.Damaged) + len(l.NoSets) + len(l.Unreadable); n > mostSets {
		return nil, fmt.Sprintf("its answer has %d sets, more than %d, and is left out", n, mostSets)
	}
	wrong := 0
	add := func(s Set, name, at string) bool {
		cluster, last, found := strings.Cut(name, "/")
		if !found || repository.CheckName("cluster", cluster) != nil || repository.CheckSetName(last) != nil {
			wrong++
			return false
		}
		s.Cluster.Name, s.Set, s.name = cluster, name, last
		s.locate(a, at, now)
		sets = append(sets, s)
		return true
	}
	for _, e := range a.Listing.Sets {
		add(ofEntry(e), e.Set, e.Path)
	}
	for _, d := range a.Listing.Damaged {
		add(Set{State: Damaged, Reason: "it " + repository.Verdict(d.Problems)}, d.Set, d.Path)
	}
	for _, f := range a.Listing.NoSets {
		sets = append(sets, ofFolder(a, f, Incomplete, now))
	}
	for _, f := range a.Listing.Unreadable {
		sets = append(sets, ofFolder(a, f, NotRead, now))
	}
	if wrong > 0 {
		refused = fmt.Sprintf("left out of its answer for an impossible name: %s", quantity.Count(int64(wrong), "set"))
	}
	return sets, refused
}

// nameForm is the last part of the name of a set, or of an unfinished one.
var nameForm = regexp.MustCompile(`(\d{8}T\d{6}Z)_([a-z]+)_([A-Za-z0-9][A-Za-z0-9._-]*)$`)

// locate fills in where the set is, and what its name says.
func (s *Set) locate(a Answer, at string, now time.Time) {
	s.Hosts, s.Destination, s.Path = []string{a.Host}, a.Destination, excerpt.UpTo(mostPath, at)
	s.Reason = excerpt.UpTo(mostReason, s.Reason)
	if s.Verifications == nil {
		s.Verifications = []repository.Verification{}
	}
	m := nameForm.FindStringSubmatch(s.name)
	if m == nil {
		return
	}
	s.Method, s.Controller = cmp.Or(s.Method, m[2]), cmp.Or(s.Controller, m[3])
	made, err := time.Parse("20060102T150405Z", m[1])
	if err != nil {
		return
	}
	at0, age := float64(made.Unix()), now.Unix()-made.Unix()
	s.Time, s.When, s.Age = &at0, made.UTC().Format(time.RFC3339), &age
	if age < -int64(skew.Seconds()) && s.State == Complete {
		s.Reason = strings.TrimPrefix(s.Reason+"; its time is in the future: compare the clocks", "; ")
	}
}

// ofFolder is a folder that is not a set.
func ofFolder(a Answer, f repository.Folder, state State, now time.Time) Set {
	s := Set{State: state, Reason: f.Reason}
	inside := strings.TrimPrefix(f.Path, a.Destination+"/")
	cluster, last, _ := strings.Cut(inside, "/")
	if repository.CheckName("cluster", cluster) == nil {
		s.Cluster.Name = cluster
	}
	s.name = excerpt.UpTo(mostName, path.Base(last))
	if named := nameForm.FindString(s.name); named != "" {
		s.name = named // without the mark of an unfinished set, by which it would not be sorted by its time
	}
	s.locate(a, f.Path, now)
	return s
}

var (
	uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	sumForm  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ofEntry is a set with a manifest.
func ofEntry(e repository.Entry) Set {
	short := func(text string) string { return excerpt.UpTo(mostName, text) }
	s := Set{
		State: Complete, Controller: short(e.Controller), Method: short(e.Method), Server: short(e.Server),
		StartedAt: e.Started, EndedAt: e.Ended, Bytes: e.Bytes, RawBytes: e.RawBytes, Compression: short(e.Compression),
		Position: &Position{
			UUID: matching(uuidForm, e.Position.UUID), Seqno: e.Position.Seqno, SeqnoEnd: e.Position.SeqnoEnd,
			GTID: short(e.Position.GTID),
		},
		ManifestSHA256: matching(sumForm, e.ManifestSHA256), Verifications: []repository.Verification{},
	}
	s.Cluster.UUID = matching(uuidForm, e.Cluster.UUID)
	failed := false
	for _, v := range e.Verifications {
		if isLevel(v.Level) && len(s.Verifications) < 2 {
			v.Host = short(v.Host)
			s.Verifications = append(s.Verifications, v)
			failed = failed || !v.OK
		}
	}
	if isLevel(e.Verified) {
		s.Verified, s.VerifiedAt = e.Verified, e.VerifiedAt
	}
	reasons := e.Warnings
	if failed || len(e.Problems) > 0 {
		s.State = Failed
		for _, p := range e.Problems {
			if p.Kind == repository.Damaging {
				s.State = Damaged
			}
		}
		verdict := cmp.Or(repository.Verdict(e.Problems), "failed its verification")
		reasons = append([]string{"it " + verdict}, reasons...)
	}
	s.Reason = strings.Join(excerpt.First(reasons, excerpt.FewNames), "; ")
	return s
}

func isLevel(l repository.Level) bool {
	return l == repository.LevelRead || l == repository.LevelRestore
}

// matching returns the text if it has the form, else nothing.
func matching(form *regexp.Regexp, text string) string {
	if form.MatchString(text) {
		return text
	}
	return ""
}
