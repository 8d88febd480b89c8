// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func ours(t *testing.T) []step {
	t.Helper()
	steps, err := parse(table)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func TestTheTableIsWhole(t *testing.T) {
	script, err := os.ReadFile("../run")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range ours(t) {
		if !strings.Contains(string(script), "\n"+s.name+")") {
			t.Errorf("tests/run does not say what to do for the step %s", s.name)
		}
		for _, p := range s.paths {
			if there, _ := filepath.Glob("../../" + p + "*"); len(there) == 0 {
				t.Errorf("%s: there is no %s", s.name, p)
			}
		}
	}
}

func TestWrongTablesAreRefused(t *testing.T) {
	for name, line := range map[string]string{
		"too few columns":       "a always - 1",
		"no such kind":          "a often - 1 1",
		"no such lab":           "a always moon 1 1",
		"no number":             "a always - soon 1",
		"no time in make test":  "a always - - 1",
		"time for test-all":     "a all - 1 1",
		"a turn without paths":  "a turn - 1 1",
		"paths that say little": "a always - 1 1 internal",
		"the same step twice":   "a always - 1 1\na always - 1 1",
	} {
		if _, err := parse(line + "\n"); err == nil {
			t.Errorf("%s: %q was taken", name, line)
		}
	}
}

// Five steps of 200 s each take turns; there is time for three.
func fiveTurns() []step {
	base := seconds(fmt.Sprint(testLimit - labUp - 600))
	steps := []step{{name: "base", when: "always", lab: "own", test: base, all: "1"}}
	for i := range 5 {
		name := fmt.Sprintf("t%d", i)
		steps = append(steps, step{name: name, when: "turn", lab: "own", test: "200", all: "200",
			paths: []string{"dir/" + name}})
	}
	return append(steps, step{name: "slow", when: "all", test: "-", all: "100"})
}

func TestTouchedStepsComeFirst(t *testing.T) {
	four := []string{"dir/t1", "dir/t2", "dir/t3", "dir/t4"}
	for name, c := range map[string]struct {
		commit commit
		want   string
		why    string
	}{
		"nothing":        {commit{"0000000", nil}, "base t0 t1 t2", "by turn come: t0, t1, t2"},
		"another commit": {commit{"0000003", nil}, "base t0 t3 t4", "by turn come: t3, t4, t0"},
		"a file": {
			commit{"0000000", []string{"dir/t4"}}, "base t0 t1 t4", "touches what these test: t4; by turn come: t0, t1",
		},
		"a file below":             {commit{"0000000", []string{"dir/t4/x.go"}}, "base t0 t1 t4", "test: t4;"},
		"a file with a suffix":     {commit{"0000000", []string{"dir/t4_test.go"}}, "base t0 t1 t4", "test: t4;"},
		"a file of a longer name":  {commit{"0000000", []string{"dir/t42"}}, "base t0 t1 t2", "test: none;"},
		"more than there is time":  {commit{"0000000", four}, "base t1 t2 t3", "no time for: t4 (run: tests/run t4)"},
		"the same, another commit": {commit{"0000002", four}, "base t2 t3 t4", "no time for: t1"},
	} {
		chosen, why := forTest(fiveTurns(), c.commit)
		if got := strings.Join(names(chosen), " "); got != c.want || !strings.Contains(why, c.why) {
			t.Errorf("%s: %s, want %s\n%s", name, got, c.want, why)
		}
	}
}

// A step that does not fit would never run in make test, whatever a commit touches: split it.
func TestEachStepThatTakesTurnsFits(t *testing.T) {
	left := always(ours(t))
	if left.lab < 5*60 || left.beside < 5*60 {
		t.Errorf("the steps that always run leave %d s with a lab and %d s without, and the others need 300",
			left.lab, left.beside)
	}
	for _, s := range ours(t) {
		if then := left.less(s, nil); s.when == "turn" && !then.enough() {
			t.Errorf("%s takes %s s, and there are %d with a lab and %d without", s.name, s.test, left.lab, left.beside)
		}
	}
}

// A step may have the name of a lab.
func TestOnlyWhatFitsIsChosen(t *testing.T) {
	for i := range 64 {
		chosen, why := forTest(ours(t), commit{hash: fmt.Sprintf("%07x", i)})
		left, up := always(ours(t)), map[string]bool{}
		for _, s := range chosen {
			if s.when == "turn" {
				left = left.less(s, up)
				up[s.lab] = true
			}
		}
		if !left.enough() {
			t.Errorf("%d: %v leave %+v: %s", i, names(chosen), left, why)
		}
	}
}

func TestStepsWithAndWithoutALabRunBesideEachOther(t *testing.T) {
	paths := []string{"x"}
	half := seconds(fmt.Sprint(testLimit/2 - labUp))
	quarter := seconds(fmt.Sprint(testLimit / 4))
	steps := []step{
		{name: "check", when: "always", lab: "-", test: quarter},
		{name: "lab", when: "always", lab: "hosts", test: half},
		{name: "go", when: "always", lab: "-", test: half},
		{name: "hosts", when: "turn", lab: "hosts", test: quarter, paths: paths},
		{name: "bundle", when: "turn", lab: "bundle", test: quarter, paths: paths},
		{name: "none", when: "turn", lab: "-", test: quarter, paths: paths},
	}
	for hash, want := range map[string]string{"0": "check lab go hosts none", "1": "check lab go hosts none"} {
		// The lab of a bundle has to be brought up, too, for which there is no time.
		if chosen, why := forTest(steps, commit{hash: "000000" + hash}); strings.Join(names(chosen), " ") != want {
			t.Errorf("%s: %v, want %s: %s", hash, names(chosen), want, why)
		}
	}
}

func TestEveryStepHasItsTurn(t *testing.T) {
	seen := map[string]bool{}
	for i := range 64 {
		chosen, _ := forTest(ours(t), commit{hash: fmt.Sprintf("%07x", i)})
		for _, s := range chosen {
			seen[s.name] = true
		}
	}
	for _, s := range ours(t) {
		if s.when != "all" && !seen[s.name] {
			t.Errorf("make test never runs %s", s.name)
		}
	}
}

func TestThePartsAreTheWhole(t *testing.T) {
	steps := ours(t)
	var m int
	for m = 1; ; m++ {
		if _, _, err := part(steps, fmt.Sprintf("1/%d", m)); err == nil {
			break
		} else if m > 6 {
			t.Fatalf("six parts are not enough: %v", err)
		}
	}
	var got []string
	for n := 1; n <= m; n++ {
		chosen, why, err := part(steps, fmt.Sprintf("%d/%d", n, m))
		if err != nil || total(chosen) > partLimit || total(chosen) < partLimit/4 {
			t.Errorf("%d/%d takes %d s, %v: %s", n, m, total(chosen), err, why)
		}
		got = append(got, names(chosen)...)
	}
	var want []string
	for _, s := range steps {
		if !s.all.none() {
			want = append(want, s.name)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the parts have %v, all steps are %v", got, want)
	}
}

func TestPartsThatCannotBeAreRefused(t *testing.T) {
	long := []step{
		{name: "a", when: "always", test: "1", all: "3000"},
		{name: "b", when: "always", test: "1", all: "3000"},
	}
	for which, want := range map[string]string{
		"": "is not N/M", "1": "is not N/M", "0/2": "is not N/M", "3/2": "is not N/M", "x/2": "is not N/M",
		"1/1": "make it 2",
	} {
		if _, _, err := part(long, which); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", which, err)
		}
	}
	long[0].all = "4000"
	if _, _, err := part(long, "1/2"); err == nil || !strings.Contains(err.Error(), "split it") {
		t.Error(err)
	}
}

func TestMeasuredTimesAreRecorded(t *testing.T) {
	text := "# step\n" +
		"a              always  -      ~10    ~20    \n" +
		"b              all     hosts  -      ~30\n" +
		"c              turn    -      5      6      x/y z\n"
	got, err := recorded(text, "test", "a 11\nb 31\nlab-up 60\n")
	want := "# step\n" +
		"a              always  -      11     ~20\n" +
		"b              all     hosts  -      ~30\n" +
		"c              turn    -      5      6      x/y z\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	want = "c              turn    -      5      7      x/y z\n"
	if got, err = recorded(got, "all", "c 7\n"); err != nil || !strings.Contains(got, want) {
		t.Errorf("%v\n%s", err, got)
	}
	for _, wrong := range []string{"a\n", "a soon\n", "a 0\n"} {
		if _, err := recorded(text, "all", wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}
