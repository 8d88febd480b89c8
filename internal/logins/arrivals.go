// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"cmp"
	"slices"
	"time"
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

// remembered is how long a login is one of the visits.
const remembered = time.Minute

// Arrivals is what is remembered of the logins that a server counts. Its zero value remembers none.
type Arrivals struct {
	before Totals
	seen   []arrival
}

type arrival struct {
	at     time.Time
	logins []Increase
}

// Add takes an answer of the server, of which the first is only compared with, and returns the visits of the last
// minute by user.
func (a *Arrivals) Add(at time.Time, totals Totals, ownUser string, ignore []string) []Visits {
	if came := totals.Since(a.before, ownUser, ignore); len(came) > 0 {
		a.seen = append(a.seen, arrival{at, came})
	}
	a.before = totals
	a.seen = slices.DeleteFunc(a.seen, func(s arrival) bool { return at.Sub(s.at) >= remembered })
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

// maxVisits is how many users Add returns, and how many sources of each; those who came most often are first.
const maxVisits = 20

func (v *Visits) add(at time.Time, login Increase) {
	if v.Logins += login.Logins; !v.Last.Equal(at) {
		v.Answers++
		v.Last = at
	}
	if login.Host != "" && len(v.Sources) < maxVisits && !slices.Contains(v.Sources, login.Host) {
		v.Sources = append(v.Sources, login.Host)
	}
}
