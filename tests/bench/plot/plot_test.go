// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const epoch = 1_795_375_496.3

// observed is a round of a situation as tests/bench/latency writes it: 15 s before a backup of some seconds, and 15 s
// after. The latency of second n after its begin is that of at.
func observed(s situation, round int, seconds float64, at func(n int) latency) measurement {
	begin := epoch + float64(1000*round)
	m := measurement{Situation: s, Round: round, Begin: begin, End: begin + seconds}
	m.Around.Clients, m.Around.Rate = 16, 120
	for n := -15; n < int(seconds)+15; n++ {
		m.Around.Seconds = append(m.Around.Seconds, second{int64(math.Floor(begin)) + int64(n), 120, at(n)})
	}
	m.During.Commits, m.During.Latency = int(seconds)*120, at(1)
	return m
}

func constant(ms float64) func(int) latency {
	return func(int) latency { return latency{ms / 2, ms, ms, ms} }
}

// run is three rounds of every situation, in which a backup of the active controller costs its clients much.
func run() (all []measurement) {
	random := rand.New(rand.NewPCG(1, 2))
	noisy := func(ms float64) latency {
		ms *= 0.8 + 0.4*random.Float64()
		return latency{P50: ms / 3, P95: ms / 1.5, P99: ms, Max: ms * 1.5}
	}
	for round := 1; round <= 3; round++ {
		length := 38.0 + 2*float64(round)
		all = append(all,
			observed(none, round, length, func(int) latency { return noisy(22) }),
			observed(idle, round, length, func(int) latency { return noisy(26) }),
			observed(active, round, length+15, func(n int) latency {
				if n < 0 || n > int(length)+15 {
					return noisy(22)
				}
				return noisy(180)
			}))
	}
	return all
}

func encoded(t *testing.T, all []measurement) io.Reader {
	t.Helper()
	var b strings.Builder
	for _, m := range all {
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(raw, '\n'))
	}
	return strings.NewReader(b.String())
}

func TestThePictureAndTheTableOfARun(t *testing.T) {
	all := run()
	all[2].Around.Seconds[30].Commits = 0 // a second in which the clients of the active controller waited
	all[2].Around.Errors = 7
	picture := filepath.Join(t.TempDir(), "latency.svg")
	var table strings.Builder
	missed, err := plot(encoded(t, all), &table, picture, setting{Machine: "2 processors & 23 GiB", DataMiB: 1349})
	if err != nil || missed {
		t.Fatal(missed, err)
	}
	raw, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("TESTS_PICTURE"); keep != "" {
		_ = os.WriteFile(keep, raw, 0o600) // to look at
	}
	wellFormed(t, raw)
	svg := string(raw)
	for _, want := range []string{
		"<title id=", "<desc id=", "prefers-color-scheme: dark", ">no backup<", ">backup of an idle controller<",
		">backup of the active controller<", "seconds since the backup began", "milliseconds, logarithmic",
		"16 clients, together 120 transactions a second; 1349 MiB of data; 3 rounds.",
		"2 processors &amp; 23 GiB", "7 errors",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in the picture", want)
		}
	}
	for class, want := range map[string]int{`"backup"`: 3, `"each none"`: 3, `"each active"`: 3, `"line p50"`: 4,
		`"line idle"`: 1, `"line active"`: 1} {
		if got := strings.Count(svg, "class="+class); got != want {
			t.Errorf("%s: %d in the picture, want %d", class, got, want)
		}
	}
	rows := strings.Split(strings.TrimSpace(table.String()), "\n")
	if len(rows) != 5 {
		t.Fatalf("the table is\n%s", table.String())
	}
	for i, want := range map[int]string{
		2: `^\| no backup \| 42 \| .* \| 1\.00 \| 0 \| 0 \|$`,
		3: `^\| backup of an idle controller \| 42 \| .* \| 0 \| 0 \|$`,
		4: `^\| backup of the active controller \| 57 \| .* \| 7 \| 1 \|$`,
	} {
		if !regexp.MustCompile(want).MatchString(rows[i]) {
			t.Errorf("row %d is %s", i, rows[i])
		}
	}
}

func wellFormed(t *testing.T, raw []byte) {
	t.Helper()
	for decoder := xml.NewDecoder(strings.NewReader(string(raw))); ; {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrorsOfClientsDuringABackupOfAnIdleControllerAreMissed(t *testing.T) {
	all := run()
	all[1].Around.Errors = 2
	var table strings.Builder
	missed, err := plot(encoded(t, all), &table, filepath.Join(t.TempDir(), "a.svg"), setting{})
	if err != nil || !missed ||
		!strings.Contains(table.String(), "\nMissed: the backup of an idle controller gave clients 2 errors") {
		t.Errorf("missed: %v, %v, and the table is\n%s", missed, err, table.String())
	}
}

func TestMeasurementsThatAreNotARunAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		change func([]measurement) []measurement
		want   string
	}{
		"nothing": {func([]measurement) []measurement { return nil }, `"none" was measured in the rounds []`},
		"a lost round": {func(all []measurement) []measurement { return all[:8] },
			`"active" was measured in the rounds [1 2]`},
		"two of a kind": {func(all []measurement) []measurement { return append(all, all[8]) },
			`"active" was measured in the rounds [1 2 3 3]`},
		"another situation": {func(all []measurement) []measurement {
			all[4].Situation = "both"
			return all
		}, `measurement 5: situation "both" is not one of`},
		"an end before the begin": {func(all []measurement) []measurement {
			all[1].End = all[1].Begin
			return all
		}, "measurement 2: idle, round 1: the backup ends at"},
		"no commit": {func(all []measurement) []measurement {
			all[0].During.Commits = 0
			return all
		}, "measurement 1: none, round 1: no client committed"},
		"a report with other names": {func(all []measurement) []measurement {
			all[0].During.Latency = latency{}
			return all
		}, "measurement 1: none, round 1: no client committed"},
	} {
		t.Run(name, func(t *testing.T) {
			picture := filepath.Join(t.TempDir(), "a.svg")
			_, err := plot(encoded(t, tt.change(run())), io.Discard, picture, setting{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, err := os.Stat(picture); err == nil {
				t.Error("a picture was made of it")
			}
		})
	}
}

// A second in which no transaction was finished is worse than any latency, not better.
func TestASecondWithoutACommitIsAGap(t *testing.T) {
	var all []measurement
	for round := 1; round <= 3; round++ {
		m := observed(active, round, 20, constant(10))
		for _, n := range []int{20, 21, 22}[:round] { // 20 in all rounds, 21 in two, 22 in one
			m.Around.Seconds[n].Commits = 0
			m.Around.Seconds[n].latency = latency{}
		}
		all = append(all, m)
	}
	c := curveOf(active, all)
	var gaps []float64
	for _, p := range c.P99 {
		if math.IsInf(p.Y, 1) {
			gaps = append(gaps, p.X)
		} else if p.Y != 10 {
			t.Errorf("at %g s: %g ms", p.X, p.Y)
		}
	}
	if want := []float64{5.5, 6.5}; !slices.Equal(gaps, want) {
		t.Errorf("gaps at %v, want %v", gaps, want)
	}
	if c.silent() != 6 {
		t.Errorf("%d seconds without a commit, want 6", c.silent())
	}
	canvas := canvas{from: -15, to: 35, low: 0, high: 2}
	canvas.line("line", 0, c.P99)
	if n := strings.Count(canvas.String(), "M"); n != 2 {
		t.Errorf("the line has %d parts, want 2: %s", n, canvas.String())
	}
}

func TestTheMedianOfRoundsNeedsMostOfThem(t *testing.T) {
	rounds := [][]point{{{0.5, 1}, {1.5, 9}}, {{0.5, 5}, {1.5, 7}, {2.5, 4}}, {{0.5, 3}}}
	if got, want := fmt.Sprint(medians(rounds)), fmt.Sprint([]point{{0.5, 3}, {1.5, 9}}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The picture is of one scale: the same latency has the same height in each panel, and nothing is outside of its panel.
func TestEverythingIsWithinItsPanel(t *testing.T) {
	for _, ms := range []float64{0.2, 1, 10, 4321} {
		c := &canvas{from: math.Inf(1), to: math.Inf(-1), low: math.Inf(1), high: math.Inf(-1)}
		of := curveOf(idle, []measurement{observed(idle, 1, 30, constant(ms))})
		c.fit(of)
		c.low, c.high = math.Floor(c.low), math.Ceil(c.high)
		for _, p := range append(of.P50, of.P99...) {
			x, y := c.x(left, p.X), c.y(p.Y)
			if x < left || x > left+panelWidth || y < top-0.01 || y > top+panelHeight+0.01 {
				t.Errorf("%g ms at %g s is drawn at %g, %g", p.Y, p.X, x, y)
			}
		}
	}
}
