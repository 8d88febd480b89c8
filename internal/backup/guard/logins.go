// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/quantity"
)

// Visits are logins of clients of one user within the last minute.
type Visits struct {
	User    string   `json:"user"`
	Sources []string `json:"sources"` // empty if the server does not tell
	Logins  int64    `json:"logins"`
	// Answers is how many answers of the server reported some, First the time of the first of them, Last of the last.
	Answers int       `json:"answers"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// regular reports whether this is more than a probe.
func (v Visits) regular() bool {
	return v.Answers >= loginsChecks && v.Last.Sub(v.First) >= loginsApart
}

// arrivals is what the guard remembers of the logins that the server counts.
type arrivals struct {
	before logins.Totals
	seen   []arrival
}

type arrival struct {
	at     time.Time
	logins []logins.Increase
}

// add takes an answer of the server, of which the first is only compared with, and returns the visits of the last
// minute by user.
func (a *arrivals) add(at time.Time, totals logins.Totals, ownUser string, ignore []string) []Visits {
	if came := totals.Since(a.before, ownUser, ignore); len(came) > 0 {
		a.seen = append(a.seen, arrival{at, came})
	}
	a.before = totals
	a.seen = slices.DeleteFunc(a.seen, func(s arrival) bool { return at.Sub(s.at) >= loginsRemembered })
	byUser := map[string]*Visits{}
	for _, s := range a.seen {
		for _, login := range s.logins {
			v := byUser[login.User]
			if v == nil {
				v = &Visits{User: login.User, Sources: []string{}, First: s.at}
				byUser[login.User] = v
			}
			v.add(s.at, login)
		}
	}
	visits := []Visits{}
	for _, v := range byUser {
		visits = append(visits, *v)
	}
	slices.SortFunc(visits, func(a, b Visits) int {
		return cmp.Or(cmp.Compare(b.Answers, a.Answers), cmp.Compare(a.User, b.User))
	})
	return visits[:min(len(visits), maxVisits)]
}

// maxVisits is how many users a sample has; those who came most often are first.
const maxVisits = 20

func (v *Visits) add(at time.Time, login logins.Increase) {
	if v.Logins += login.Logins; !v.Last.Equal(at) {
		v.Answers++
		v.Last = at
	}
	if login.Host != "" && len(v.Sources) < maxVisits && !slices.Contains(v.Sources, login.Host) {
		v.Sources = append(v.Sources, login.Host)
	}
}

// notClients is the remedy for users whom nobody waits for.
const notClients = "; if these are no clients (monitoring), name them in ignore_users"

// visited is broken by clients that come and go between two looks at the process list.
func visited(s Sample, l limits) string {
	var who []string
	for _, v := range s.Server.Visits {
		if !v.regular() {
			continue
		}
		from := ""
		if len(v.Sources) > 0 {
			from = " from " + excerpt.Of(strings.Join(v.Sources, ", "))
		}
		who = append(who, fmt.Sprintf("%s of %s%s within %.0f s", quantity.Count(v.Logins, "login"),
			excerpt.Of(v.User), from, v.Last.Sub(v.First).Seconds()))
	}
	if l.AllowClients || len(who) == 0 {
		return ""
	}
	return "clients connect to this node again and again: " + strings.Join(who, ", ") + notClients
}

// visitedFor is how long they have been doing so, in seconds.
func visitedFor(s Sample) float64 {
	longest := time.Duration(0)
	for _, v := range s.Server.Visits {
		if v.regular() {
			longest = max(longest, s.At.Sub(v.First))
		}
	}
	return longest.Seconds()
}
