// SPDX-License-Identifier: GPL-3.0-or-later

package setlist

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/repository"
)

// hostileTexts would forge a row, or be obeyed by a terminal.
var hostileTexts = []string{
	"x\n" + physical + "  3 h  controller-0  complete", "\x1b[2J\x1b[H", "a\rb", "a\x00b", "\u202eabc", "\u2028x",
	"\u009b2J", strings.Repeat("word ", 20000), strings.Repeat("x", 1<<20), "\xff\xfe",
}

// Nothing that a host says, at any place of its answer, makes a line that begins like another row, moves a terminal, or
// is long.
func TestALiarWritesInItsOwnRow(t *testing.T) {
	honest := listed("controller-0", good(physical))
	rows := strings.Count(merged(t, Options{}, honest, listed("liar")).Text(), "\n")
	for i, text := range hostileTexts {
		lie := with(good(older), func(e *repository.Entry) {
			e.Path, e.Controller, e.Method, e.Server, e.Compression = text, text, text, text, text
			e.ManifestSHA256, e.Cluster.UUID, e.Cluster.Name = text, text, text
			e.Position.UUID, e.Position.GTID = text, text
			e.Problems = []repository.Problem{{Kind: repository.ProblemKind(text), File: text, Object: text,
				Reason: text}}
			e.Verified = repository.Level(text)
			e.Verifications = []repository.Verification{{Level: repository.Level(text), Host: text},
				{Level: repository.LevelRead, Host: text, OK: true}}
			e.Warnings = []string{text, text}
		})
		liar := listed("liar", lie)
		liar.Error = text
		liar.Listing.Damaged = []repository.Damaged{{Set: "c/" + older, Path: text, Problems: lie.Problems}}
		for _, folders := range []*[]repository.Folder{&liar.Listing.NoSets, &liar.Listing.Unreadable} {
			*folders = []repository.Folder{{Path: text, Reason: text}, {Path: destination + "/c/" + text, Reason: text},
				{Path: destination + "/" + text + "/x", Reason: text}}
		}
		raw, err := json.Marshal(map[string]any{"host": "liar", "destination": destination, "error": liar.Error,
			"listing": liar.Listing})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := DecodeAnswer(raw)
		if err != nil {
			t.Fatal(err)
		}
		l := merged(t, Options{}, honest, answer)
		out := l.Text()
		if strings.ContainsFunc(out, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
			t.Errorf("%d: not printable: %q", i, out)
		}
		if n := strings.Count(out, "\n"); n > rows+400 {
			t.Errorf("%d: %d lines", i, n)
		}
		for _, line := range strings.Split(out, "\n") {
			if strings.HasPrefix(line, physical) && !strings.Contains(line, "controller-0  30.0 MiB") {
				t.Errorf("%d: a forged row: %s", i, line)
			}
			if len(line) > 5000 {
				t.Errorf("%d: a line of %d bytes", i, len(line))
			}
		}
		if document, err := json.Marshal(l); err != nil || len(document) > 60000 {
			t.Errorf("%d: %d bytes, %v", i, len(document), err)
		}
	}
}

// A host with a flood of sets leaves room for the rows of others, and says how many are not shown.
func TestAFloodOfSetsHidesNothing(t *testing.T) {
	flood := listed("liar")
	for i := range 5000 {
		name := fmt.Sprintf("2099%04d", i) + "T000000Z_physical_x"
		flood.Listing.Sets = append(flood.Listing.Sets, with(good(name), func(*repository.Entry) {}))
	}
	started := time.Now()
	text := merged(t, Options{}, flood, listed("controller-0", good(physical))).Text()
	if n := strings.Count(text, "\n"); n > 3*mostRows || !strings.Contains(text, physical) ||
		!strings.Contains(text, "... and 4950 older ones on liar") {
		t.Errorf("%d lines, %s", n, text)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Error(took)
	}
}

// Nor does a flood of clusters hide anything, each of which would have a table.
func TestAFloodOfClustersHidesNothing(t *testing.T) {
	flood := listed("liar")
	for i := range 5000 {
		flood.Listing.Sets = append(flood.Listing.Sets, with(good(older), func(e *repository.Entry) {
			e.Set = fmt.Sprintf("a%d/%s", i, older)
		}))
	}
	text := merged(t, Options{}, flood, listed("controller-0", good(physical))).Text()
	if n := strings.Count(text, "\n"); n > 6*mostClusters || !strings.Contains(text, physical) ||
		!strings.Contains(text, "... and 4990 more clusters that only liar reports") {
		t.Errorf("%d lines, %.3000s", n, text)
	}
}

// An answer with more sets than a destination can have is left out, and the list is not complete.
func TestTooManySetsAreNotListed(t *testing.T) {
	flood := listed("liar")
	for range mostSets + 1 {
		flood.Listing.Damaged = append(flood.Listing.Damaged, repository.Damaged{Set: "c/" + older})
	}
	l := merged(t, Options{}, flood, listed("controller-0", good(physical)))
	if len(l.Sets) != 1 || l.Complete || !strings.Contains(l.Text(), "10001 sets, more than 10000") {
		t.Errorf("%d sets, %.3000s", len(l.Sets), l.Text())
	}
}

// Names that lead elsewhere, or that no set has, are left out, and the place is not completely known.
func TestImpossibleNamesAreLeftOut(t *testing.T) {
	for _, name := range []string{"", "x", "a/b/c", "../x", "a/..", "a b/c", "/etc/passwd", "a/b\n",
		"a/" + strings.Repeat("x", 300)} {
		bad := with(good(older), func(e *repository.Entry) { e.Set = name })
		l := merged(t, Options{}, listed("c0", good(physical), bad))
		if len(l.Sets) != 1 || l.Complete || l.Places[0].State != Partly ||
			!strings.Contains(l.Places[0].Reason, "left out of its answer for an impossible name: 1 set") {
			t.Errorf("%q: %+v", name, l)
		}
	}
}

func TestNumbersOutOfRange(t *testing.T) {
	for _, v := range []float64{0, -1, 1e300, -1e300, math.MaxInt64} {
		l := merged(t, Options{}, listed("c0", with(good(physical), func(e *repository.Entry) {
			e.VerifiedAt, e.Started, e.Ended, e.Bytes, e.Position.Seqno = v, v, v, math.MinInt64, math.MinInt64
			e.Verifications[1].At = v
		})))
		if text := l.Text(); !strings.Contains(text, "at an impossible time") {
			t.Errorf("%g: %s", v, text)
		}
		if _, err := json.Marshal(l); err != nil {
			t.Error(err)
		}
	}
}

// An answer that is none is a reason of its place, and never a host without sets.
func TestAnAnswerThatIsNone(t *testing.T) {
	for listing, why := range map[string]string{
		`null`: "it gave no answer", `{}`: "its answer has no list of sets", `{"sets":null}`: "its answer has no list",
		`[]`: "is not one of backup_info", `{"sets":{}}`: "is not one of backup_info", `7`: "is not one of backup_info",
		`{"sets":[7]}`: "is not one of backup_info", `{"sets":[{"bytes":"x"}]}`: "is not one of backup_info",
		`{"sets":[],"no_sets":3}`: "is not one of backup_info",
	} {
		a, err := DecodeAnswer([]byte(`{"host":"c0","destination":"/sets","listing":` + listing + `}`))
		if err != nil {
			t.Fatalf("%s: %v", listing, err)
		}
		l := merged(t, Options{}, a)
		if p := l.Places[0]; p.State != Unreadable || p.Sets != nil || !strings.Contains(p.Reason, why) || l.Complete ||
			len(l.Asked) > 0 {
			t.Errorf("%s: %+v", listing, l)
		}
	}
	for _, raw := range []string{``, `[]`, `7`, `{}`, `{"host":"c0"}`, `{"destination":"/x"}`, `{"host":7}`} {
		if a, err := DecodeAnswer([]byte(raw)); err == nil || len(err.Error()) > 700 {
			t.Errorf("%s: %+v, %v", raw, a, err)
		}
	}
}

// Whatever a host answers, another host's rows stay as they are.
func FuzzAnswers(f *testing.F) {
	for _, answers := range stories() {
		for _, a := range answers {
			raw, _ := json.Marshal(a.Listing)
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, listing []byte) {
		if !json.Valid(listing) {
			return
		}
		raw, _ := json.Marshal(map[string]any{"host": "liar", "destination": destination,
			"listing": json.RawMessage(listing)})
		a, err := DecodeAnswer(raw)
		if err != nil {
			t.Fatal(err)
		}
		honest := Merge([]Answer{listed("c0", good(physical))}, Options{Now: now}).Sets[0]
		l := Merge([]Answer{listed("c0", good(physical)), a}, Options{Now: now})
		kept := false
		for _, s := range l.Sets {
			s.Hosts = []string{s.Hosts[0]}
			mine, _ := json.Marshal(s)
			want, _ := json.Marshal(honest)
			kept = kept || string(mine) == string(want)
		}
		text := l.Text()
		if !kept || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
			t.Errorf("%v\n%s", kept, text)
		}
	})
}
