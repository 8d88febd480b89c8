// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// situation is what happens to the cluster while the clients work.
type situation string

const (
	none   situation = "none"
	idle   situation = "idle"
	active situation = "active"
)

// situations are in the order of the picture.
var situations = []situation{none, idle, active}

// title names a situation in the picture and the table.
func (s situation) title() string {
	switch s {
	case idle:
		return "backup of an idle controller"
	case active:
		return "backup of the active controller"
	}
	return "no backup"
}

// measurement is one round of one situation. Begin and End are those of the backup, in seconds since the epoch, or of
// a span as long where there is none.
type measurement struct {
	Situation situation `json:"situation"`
	Round     int       `json:"round"`
	Begin     float64   `json:"begin"`
	End       float64   `json:"end"`
	Around    report    `json:"around"` // from before Begin until after End
	During    report    `json:"during"` // from Begin to End
}

// report is what tests/lab/load says about a window.
type report struct {
	Clients int      `json:"clients"`
	Rate    float64  `json:"rate"`
	Commits int      `json:"commits"`
	Errors  int      `json:"errors"`
	Latency latency  `json:"latency"`
	Seconds []second `json:"seconds"`
}

type latency struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

type second struct {
	Second  int64 `json:"second"`
	Commits int   `json:"commits"`
	latency
}

func (m measurement) check() error {
	switch {
	case !slices.Contains(situations, m.Situation):
		return fmt.Errorf("situation %q is not one of %v", m.Situation, situations)
	case m.End <= m.Begin:
		return fmt.Errorf("%s, round %d: the backup ends at %.1f, and begins at %.1f", m.Situation, m.Round, m.End,
			m.Begin)
	case m.During.Commits == 0 || m.During.Latency.P50 <= 0 || len(m.Around.Seconds) == 0:
		return fmt.Errorf("%s, round %d: no client committed", m.Situation, m.Round)
	}
	return nil
}

// point is a latency in ms, by the seconds since the backup began. It is infinite if no transaction was finished in
// that second.
type point struct{ X, Y float64 }

// curve is a situation: the 50th and the 99th percentile of each second, in each round, and their medians.
type curve struct {
	Situation situation
	Rounds    []measurement
	P50, P99  []point   // the medians of the rounds
	Each      [][]point // the 99th percentile of each round
}

func curveOf(s situation, all []measurement) curve {
	c := curve{Situation: s}
	var p50 [][]point
	for _, m := range all {
		if m.Situation != s {
			continue
		}
		c.Rounds = append(c.Rounds, m)
		p50 = append(p50, m.points(func(l latency) float64 { return l.P50 }))
		c.Each = append(c.Each, m.points(func(l latency) float64 { return l.P99 }))
	}
	c.P50, c.P99 = medians(p50), medians(c.Each)
	return c
}

// points returns the seconds of a measurement; each is drawn at its middle, to the next half second.
func (m measurement) points(of func(latency) float64) []point {
	var points []point
	for _, s := range m.Around.Seconds {
		p := point{X: math.Round(float64(s.Second)-m.Begin) + 0.5, Y: of(s.latency)}
		if s.Commits == 0 {
			p.Y = math.Inf(1)
		}
		points = append(points, p)
	}
	return points
}

// medians returns the median of the rounds in each second in which most of them were measured.
func medians(rounds [][]point) []point {
	at := map[float64][]float64{}
	for _, points := range rounds {
		for _, p := range points {
			at[p.X] = append(at[p.X], p.Y)
		}
	}
	var middle []point
	for x, values := range at {
		if 2*len(values) > len(rounds) {
			middle = append(middle, point{x, median(values)})
		}
	}
	slices.SortFunc(middle, func(a, b point) int { return cmp.Compare(a.X, b.X) })
	return middle
}

// median is the middle value, or the larger of the two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// of returns the median of a value of the rounds.
func (c curve) of(value func(measurement) float64) float64 {
	var values []float64
	for _, m := range c.Rounds {
		values = append(values, value(m))
	}
	return median(values)
}

func (c curve) seconds() float64 { return c.of(func(m measurement) float64 { return m.End - m.Begin }) }

func (c curve) p99() float64 {
	return c.of(func(m measurement) float64 { return m.During.Latency.P99 })
}

// errors counts the errors of all rounds, from before each backup until after it.
func (c curve) errors() (n int) {
	for _, m := range c.Rounds {
		n += m.Around.Errors
	}
	return n
}

// silent counts the seconds of all rounds in which no transaction was finished.
func (c curve) silent() (n int) {
	for _, m := range c.Rounds {
		for _, s := range m.Around.Seconds {
			if s.Commits == 0 {
				n++
			}
		}
	}
	return n
}
