// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// window is a span of time, including both ends; a zero end is open.
type window struct{ From, To time.Time }

func (w window) holds(at time.Time) bool {
	return (w.From.IsZero() || !at.Before(w.From)) && (w.To.IsZero() || !at.After(w.To))
}

// report describes what the clients saw. Lost, Stored and Acknowledged cover the whole run; the rest the window.
type report struct {
	Run          int64   `json:"run"`
	Clients      int     `json:"clients"`
	Rate         float64 `json:"rate"`
	Acknowledged int     `json:"acknowledged"`
	Lost         int     `json:"lost"`
	Stored       int     `json:"stored"`

	Commits int `json:"commits"`
	// Errors counts the transactions that failed, including those with an unknown outcome.
	Errors int `json:"errors"`
	// Unknown counts errors at COMMIT, UnknownStored those of them that are stored.
	Unknown       int       `json:"unknown"`
	UnknownStored int       `json:"unknown_stored"`
	Latency       latency   `json:"latency"`
	Failures      []errorAt `json:"failures"`
	Seconds       []second  `json:"seconds"`
}

// latency is in milliseconds.
type latency struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// second counts the events in one second of the clock. Second counts from the epoch.
type second struct {
	Second  int64 `json:"second"`
	Commits int   `json:"commits"`
	Errors  int   `json:"errors"`
	latency
}

type errorAt struct {
	At     time.Time `json:"at"`
	Client int       `json:"client"`
	Step   step      `json:"step"`
	Text   string    `json:"text"`
}

// summarise compares the record with what is stored.
func summarise(rec record, stored map[id]bool, w window) report {
	rep := report{Run: rec.Run, Clients: rec.Clients, Rate: rec.Rate, Acknowledged: len(rec.Commits),
		Stored: len(stored), Failures: []errorAt{}}
	latencies := map[int64][]time.Duration{}
	errors := map[int64]int{}
	for _, c := range rec.Commits {
		if !stored[c.id] {
			rep.Lost++
		}
		if w.holds(c.At) {
			latencies[c.At.Unix()] = append(latencies[c.At.Unix()], c.Latency)
		}
	}
	for _, f := range rec.Failures {
		if !w.holds(f.At) {
			continue
		}
		errors[f.At.Unix()]++
		rep.addFailure(f, stored[f.id])
	}
	rep.addSeconds(latencies, errors)
	return rep
}

func (r *report) addFailure(f failure, stored bool) {
	r.Errors++
	r.Failures = append(r.Failures, errorAt{f.At.UTC(), f.Client, f.Step, f.Text})
	if f.Step == stepCommit {
		r.Unknown++
		if stored {
			r.UnknownStored++
		}
	}
}

// addSeconds fills in every second between the first and the last, including those without events.
func (r *report) addSeconds(latencies map[int64][]time.Duration, errors map[int64]int) {
	r.Seconds = []second{}
	var all []time.Duration
	moments := slices.Sorted(maps.Keys(latencies))
	moments = slices.Concat(moments, slices.Collect(maps.Keys(errors)))
	if len(moments) == 0 {
		return
	}
	for s := slices.Min(moments); s <= slices.Max(moments); s++ {
		r.Seconds = append(r.Seconds, second{s, len(latencies[s]), errors[s], measure(latencies[s])})
		all = append(all, latencies[s]...)
	}
	r.Commits, r.Latency = len(all), measure(all)
}

// measure sorts values.
func measure(values []time.Duration) latency {
	slices.Sort(values)
	ms := func(p float64) float64 { return float64(percentile(values, p).Microseconds()) / 1000 }
	return latency{P50: ms(50), P95: ms(95), P99: ms(99), Max: ms(100)}
}

// percentile returns the smallest of the sorted values that at least p percent of them do not exceed; 0 without values.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(p / 100 * float64(len(sorted)))
	if float64(rank) < p/100*float64(len(sorted)) {
		rank++
	}
	return sorted[max(rank, 1)-1]
}

func (r report) print(out io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	_, err := io.WriteString(out, r.text())
	return err
}

const maxErrorLines = 20

func (r report) text() string {
	text := fmt.Sprintf("%d clients at %g transactions a second\n", r.Clients, r.Rate)
	text += fmt.Sprintf("acknowledged commits  %d, of which missing in the database: %d\n", r.Acknowledged, r.Lost)
	if len(r.Seconds) == 0 {
		return text + "nothing happened in the window\n"
	}
	first, last := r.Seconds[0].Second, r.Seconds[len(r.Seconds)-1].Second
	text += fmt.Sprintf("from %s to %s (%d s)\n", clock(first), clock(last), last-first+1)
	text += fmt.Sprintf("  commits             %d, %.1f a second\n", r.Commits,
		float64(r.Commits)/float64(len(r.Seconds)))
	text += fmt.Sprintf("  errors              %d, of which with unknown outcome: %d (%d stored)\n", r.Errors,
		r.Unknown, r.UnknownStored)
	text += fmt.Sprintf("  latency in ms       p50 %.1f   p95 %.1f   p99 %.1f   max %.1f\n", r.Latency.P50,
		r.Latency.P95, r.Latency.P99, r.Latency.Max)
	text += fmt.Sprintf("  seconds without one commit: %d\n", r.silent())
	for i, f := range r.Failures {
		if i == maxErrorLines {
			text += fmt.Sprintf("  ... and %d more errors\n", len(r.Failures)-i)
			break
		}
		text += fmt.Sprintf("  %s client %d, at %s: %s\n", f.At.Format("15:04:05.000"), f.Client, f.Step, f.Text)
	}
	return text
}

func (r report) silent() int {
	n := 0
	for _, s := range r.Seconds {
		if s.Commits == 0 {
			n++
		}
	}
	return n
}

func clock(second int64) string { return time.Unix(second, 0).UTC().Format("15:04:05") }
