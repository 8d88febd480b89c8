// SPDX-License-Identifier: GPL-3.0-or-later

package logins

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// answers adds one answer each second, in which the totals of nova and heat have grown at the given seconds.
func answers(seconds int, nova, heat []int) (visits []Visits) {
	a, totals := &Arrivals{}, map[Account]int64{{User: "nova", Host: "10.0.0.1"}: 1000}
	for n := range seconds {
		for _, at := range nova {
			if at == n {
				totals[Account{User: "nova", Host: fmt.Sprintf("10.0.0.%d", 1+n%2)}] += 2
			}
		}
		for _, at := range heat {
			if at == n {
				totals[Account{User: "heat", Host: "10.0.0.1"}]++
			}
		}
		answer := Totals{Counter: ByAccount, Accounts: map[Account]int64{}}
		for account, total := range totals {
			answer.Accounts[account] = total
		}
		visits = a.Add(noon.Add(time.Duration(n)*time.Second), answer, "root", []string{"heat-check"})
	}
	return visits
}

func TestLoginsAreRememberedForAMinute(t *testing.T) {
	for name, tt := range map[string]struct {
		seconds    int
		nova, heat []int
		want       string
	}{
		"nobody":                  {9, nil, nil, ""},
		"before the first answer": {9, []int{0}, nil, ""},
		"each five seconds":       {15, []int{1, 6, 11}, nil, "nova 6 3 10 10.0.0.2+10.0.0.1"},
		"each twenty seconds":     {50, []int{1, 21, 41}, nil, "nova 6 3 40 10.0.0.2"},
		"each half minute":        {95, []int{1, 31, 61, 91}, nil, "nova 4 2 30 10.0.0.2"},
		"almost each half minute": {60, []int{1, 30, 59}, nil, "nova 6 3 58 10.0.0.2+10.0.0.1"},
		"each second for three":   {9, []int{1, 2, 3}, nil, "nova 6 3 2 10.0.0.2+10.0.0.1"},
		"over":                    {80, []int{1, 6, 11}, nil, ""},
		"two users, each on its own": {30, []int{1, 20}, []int{2, 25},
			"heat 2 2 23 10.0.0.1; nova 4 2 19 10.0.0.2+10.0.0.1"},
	} {
		var got []string
		for _, v := range answers(tt.seconds, tt.nova, tt.heat) {
			got = append(got, fmt.Sprintf("%s %d %d %.0f %s", v.User, v.Logins, v.Answers,
				v.Last.Sub(v.First).Seconds(), strings.Join(v.Sources, "+")))
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// Visits stay few, whoever logs in.
func TestVisitsOfVeryManyUsers(t *testing.T) {
	a := &Arrivals{}
	for n := range 9 {
		totals := Totals{Counter: ByAccount, Accounts: map[Account]int64{}}
		for user := range 500 {
			for host := range 30 {
				account := Account{User: fmt.Sprintf("u%03d", user), Host: fmt.Sprint(host)}
				totals.Accounts[account] = int64(n)
			}
		}
		visits := a.Add(noon.Add(time.Duration(n)*time.Second), totals, "root", nil)
		if n > 0 && (len(visits) != maxVisits || len(visits[0].Sources) != maxVisits) {
			t.Fatalf("%d users, %d sources", len(visits), len(visits[0].Sources))
		}
		if n == 8 && (visits[0].User != "u000" || visits[0].Logins != 8*30) {
			t.Errorf("%+v", visits[0])
		}
	}
}
