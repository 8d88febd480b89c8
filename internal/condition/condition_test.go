// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
)

func TestEveryConditionIsWhole(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range All() {
		if seen[c.Code] || !regexp.MustCompile(`^[a-z_]+$`).MatchString(string(c.Code)) {
			t.Errorf("%q: its code is another one's, or no word", c.Code)
		}
		seen[c.Code] = true
		if c.Meaning == "" || strings.HasSuffix(c.Meaning, ".") || c.Remedy == "" || c.Check == nil {
			t.Errorf("%s: it lacks a meaning (without a full stop), a remedy or a check", c.Code)
		}
		for _, need := range c.Needs {
			document, keys, _ := strings.Cut(need, " ")
			if !slices.Contains([]string{"galera", "pacemaker", "haproxy"}, document) || keys == "" {
				t.Errorf("%s: %q is no document with its keys", c.Code, need)
			}
		}
		if c.Limit != nil && !slices.ContainsFunc(limits, func(l *Limit) bool { return l == c.Limit }) {
			t.Errorf("%s: %s is not among the limits", c.Code, c.Limit.Name)
		}
		for _, code := range c.Explains {
			Of(code) // panics if there is none
		}
	}
}

// Unknown is never healthy; a node from which nothing was read is covered by the conditions about missing
// answers.
func TestNothingIsConcludedFromSourcesThatWereNotRead(t *testing.T) {
	for _, c := range All() {
		message := c.Check(Subject{Spares: []string{"controller-1"}}, nil)
		if message != "" {
			t.Errorf("%s: %q of a node of which nothing is known", c.Code, message)
		}
	}
}

func TestNoConditionExplainsItsCause(t *testing.T) {
	var reach func(from, to Code, seen map[Code]bool) bool
	reach = func(from, to Code, seen map[Code]bool) bool {
		for _, code := range Of(from).Explains {
			if code == to {
				return true
			}
			if !seen[code] {
				seen[code] = true
				if reach(code, to, seen) {
					return true
				}
			}
		}
		return false
	}
	for _, c := range All() {
		if reach(c.Code, c.Code, map[Code]bool{}) {
			t.Errorf("%s explains itself in the end: both could be left out", c.Code)
		}
	}
}

func TestFoldKeepsTheCause(t *testing.T) {
	for name, tt := range map[string]struct{ findings, want []Code }{
		"nothing":                      {nil, nil},
		"the cause alone":              {[]Code{NotRunning, Standby, ServerDown}, []Code{Standby}},
		"two that are not related":     {[]Code{Locked, Standby}, []Code{Locked, Standby}},
		"a final condition":            {[]Code{Standby, StaleFacts}, []Code{StaleFacts}},
		"the last, of one that is out": {[]Code{Standby, LastStandby}, []Code{Standby}},
		"the last, of one that is not": {[]Code{LastStandby}, []Code{LastStandby}},
	} {
		var findings []Finding
		for _, code := range tt.findings {
			findings = append(findings, Finding{Code: code})
		}
		var got []Code
		for _, f := range Fold(findings) {
			got = append(got, f.Code)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestASentenceHasEachMeaningOnce(t *testing.T) {
	for want, f := range map[string]Finding{
		"it is not in the Primary component (wsrep_cluster_status is non-Primary)": {NotPrimary,
			"wsrep_cluster_status is non-Primary"},
		"the node is in standby after a failure": {Standby, "the node is in standby after a failure"},
	} {
		if got := f.Sentence(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	for want, l := range map[string]Limits{
		"":                                       {"max_lag": 0, "max_recv_queue": 7, "max_flow_control": 1},
		"max_lag: -1 is less than 0; give 0":     {"max_lag": -1},
		"max_age: 0 would let nothing pass":      {"max_age": 0},
		"max_flow_control: 7 is more than 1":     {"max_flow_control": 7},
		"min_spares: 1.5 is not a whole number":  {"min_spares": 1.5},
		"give a number from 0 to 1":              {"max_flow_control": 2},
		"give more than 0, as in 120":            {"max_age": 0, "max_lag": 1},
		"min_free_space: -1 is less than 0; giv": {"min_free_space": -1},
	} {
		err := l.Check()
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", l, err, want)
		}
	}
	var given Limits
	if err := json.Unmarshal([]byte(`{"max_lag": 10, "policy": "x", "max_age": null}`), &given); err != nil ||
		len(given) != 1 {
		t.Errorf("%v, %v", given, err)
	}
	if given.Of(MaxLag) != 10 || given.Of(MaxAge) != MaxAge.Default || Limits(nil).Of(MinSpares) != 1 {
		t.Errorf("%v", given)
	}
	if err := json.Unmarshal([]byte(`{"max_lag": "ten"}`), &given); err == nil ||
		!strings.Contains(err.Error(), "max_lag") {
		t.Errorf("a word: %v", err)
	}
}

// Options are whole numbers of 64 bits: the largest one must not overflow to a negative number, or a gate would be
// open.
func TestTheLargestLimitIsTheLargest(t *testing.T) {
	most := Limits{}
	for _, l := range AllLimits() {
		most[l.Name] = float64(math.MaxInt64)
	}
	if got := most.Whole(MinSpares); got != math.MaxInt64 {
		t.Errorf("%d", got)
	}
	var s Subject
	s.Database = &galera.Facts{}
	s.Database.Storage.DatadirTotal, s.Database.Storage.DatadirFree = 1<<40, 1<<39
	s.Database.Wsrep.RecvQueue = 5
	s.Spares = []string{"controller-1", "controller-2"}
	for code, want := range map[Code]bool{NoSpace: true, LastStandby: true, RecvQueue: false} {
		if got := Of(code).Check(s, most); (got != "") != want {
			t.Errorf("%s: %q", code, got)
		}
	}
}
