// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, tt := range []struct {
		name   string
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		{"of no values it is 0", nil, 99, 0},
		{"of one value it is that value", []time.Duration{7}, 50, 7},
		{"the median of two is the smaller", []time.Duration{1, 9}, 50, 1},
		{"the 99th of two is the larger", []time.Duration{1, 9}, 99, 9},
		{"the 0th is the smallest", hundred, 0, 1},
		{"the 50th of a hundred", hundred, 50, 50},
		{"the 95th of a hundred", hundred, 95, 95},
		{"the 99th of a hundred", hundred, 99, 99},
		{"the 99.5th of a hundred", hundred, 99.5, 100},
		{"the 100th is the largest", hundred, 100, 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := percentile(tt.values, tt.p); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestSummariseComparesTheRecordWithTheDatabase(t *testing.T) {
	for _, tt := range []struct {
		name     string
		commits  []commit
		failures []failure
		stored   []id
		lost     int
		unknown  int
		landed   int
	}{
		{name: "nothing was done"},
		{name: "every commit is stored", commits: []commit{ack(0, 1, 0, 1), ack(1, 1, 0, 1)},
			stored: []id{{0, 1}, {1, 1}}},
		{name: "one commit is missing", commits: []commit{ack(0, 1, 0, 1), ack(0, 2, 0, 1)}, stored: []id{{0, 1}},
			lost: 1},
		{
			name: "the same sequence of another client does not stand in", commits: []commit{ack(0, 1, 0, 1)},
			stored: []id{{1, 1}}, lost: 1,
		},
		{name: "a row that was never acknowledged is no loss", stored: []id{{0, 1}}},
		{
			name:     "an error at COMMIT may have been stored, and is no loss if it was not",
			failures: []failure{{id{0, 1}, begin, stepCommit, "gone"}, {id{0, 2}, begin, stepCommit, "gone"}},
			stored:   []id{{0, 2}}, unknown: 2, landed: 1,
		},
		{name: "an error before COMMIT is known", failures: []failure{{id{0, 1}, begin, stepWork, "gone"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stored := map[id]bool{}
			for _, i := range tt.stored {
				stored[i] = true
			}
			rep := summarise(record{Commits: tt.commits, Failures: tt.failures}, stored, window{})
			if rep.Lost != tt.lost || rep.Unknown != tt.unknown || rep.UnknownStored != tt.landed {
				t.Errorf("lost %d, unknown %d, stored %d; want %d, %d, %d", rep.Lost, rep.Unknown, rep.UnknownStored,
					tt.lost, tt.unknown, tt.landed)
			}
			if rep.Errors != len(tt.failures) || rep.Acknowledged != len(tt.commits) {
				t.Errorf("errors %d of %d, acknowledged %d of %d", rep.Errors, len(tt.failures), rep.Acknowledged,
					len(tt.commits))
			}
		})
	}
}

func TestSummariseCountsSecondsInWhichNothingHappened(t *testing.T) {
	rep := summarise(record{
		Commits:  []commit{ack(0, 1, 100, 4), ack(0, 2, 900, 8), ack(0, 3, 3100, 2200)},
		Failures: []failure{{id{1, 1}, begin.Add(4 * time.Second), stepWork, "gone"}},
	}, map[id]bool{}, window{})
	var commits, errors []int
	for _, s := range rep.Seconds {
		commits, errors = append(commits, s.Commits), append(errors, s.Errors)
	}
	if want := []int{2, 0, 0, 1, 0}; !slices.Equal(commits, want) {
		t.Errorf("commits by second: got %v, want %v", commits, want)
	}
	if want := []int{0, 0, 0, 0, 1}; !slices.Equal(errors, want) {
		t.Errorf("errors by second: got %v, want %v", errors, want)
	}
	if want := (latency{P50: 8, P95: 2200, P99: 2200, Max: 2200}); rep.Latency != want {
		t.Errorf("latency: got %+v, want %+v", rep.Latency, want)
	}
}

func TestWindowLimitsTheReportButNotTheVerification(t *testing.T) {
	rep := summarise(record{
		Commits:  []commit{ack(0, 1, 0, 1), ack(0, 2, 1000, 2), ack(0, 3, 2000, 3)},
		Failures: []failure{{id{1, 1}, begin, stepWork, "gone"}},
	}, map[id]bool{{0, 2}: true}, window{From: begin.Add(time.Second), To: begin.Add(time.Second)})
	if rep.Commits != 1 || rep.Latency.Max != 2 || rep.Errors != 0 {
		t.Errorf("in the window: %d commits, max %g ms, %d errors; want 1, 2, 0", rep.Commits, rep.Latency.Max,
			rep.Errors)
	}
	if rep.Lost != 2 {
		t.Errorf("lost in the whole run: got %d, want 2", rep.Lost)
	}
}

func TestReportForPeopleNamesLossesAndErrors(t *testing.T) {
	failures := make([]failure, maxErrorLines+3)
	for i := range failures {
		failures[i] = failure{id{0, i + 2}, begin, stepCommit, "invalid connection"}
	}
	rep := summarise(record{header: header{Clients: 8, Rate: 60}, Commits: []commit{ack(0, 1, 0, 5)},
		Failures: failures}, nil, window{})
	text := rep.text()
	for _, want := range []string{
		"acknowledged commits  1, of which missing in the database: 1",
		"errors              23, of which with unknown outcome: 23 (0 stored)",
		"client 0, at commit: invalid connection",
		"... and 3 more errors",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestReportAsJSONHasListsEvenWhenTheyAreEmpty(t *testing.T) {
	var out strings.Builder
	if err := summarise(record{}, nil, window{}).print(&out, true); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Failures []any `json:"failures"`
		Seconds  []any `json:"seconds"`
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Failures == nil || got.Seconds == nil {
		t.Errorf("null for a list in %s", out.String())
	}
}

func TestUnknownCommandsAreRefused(t *testing.T) {
	for _, args := range [][]string{{}, {"walk"}, {"run", "--speed", "9"}} {
		if err := command(t.Context(), args, nil); !errors.Is(err, errUsage) {
			t.Errorf("%v: got %v, want the usage", args, err)
		}
	}
	if err := command(t.Context(), []string{"run", "--dir", t.TempDir(), "--rate", "0"}, nil); err == nil ||
		!strings.Contains(err.Error(), "positive") {
		t.Errorf("rate 0: got %v", err)
	}
}
