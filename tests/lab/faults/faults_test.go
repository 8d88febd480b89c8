// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
)

func TestEveryCaseIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range cases.All() {
		if seen[f.Name] {
			t.Errorf("two cases are named %s", f.Name)
		}
		seen[f.Name] = true
		if f.Breaks == "" || f.When.Name == "" || f.Want == "" || !f.When.Early && f.When.Wait == nil {
			t.Errorf("%s: incomplete", f.Name)
		}
		if f.Says != "" {
			regexp.MustCompile(f.Says)
		}
		if f.Recover && f.Want == harness.Good {
			t.Errorf("%s: what recovers was no good backup", f.Name)
		}
	}
}

func TestThePartsOfSeveralCommitsAreEverything(t *testing.T) {
	seen := map[string]bool{}
	for _, commit := range []string{"00000000a", "00000001b", "00000002c", "00000003d"} {
		part := everyNth(cases.All(), 4, commit)
		always := 0
		for _, f := range part {
			seen[f.Name] = true
			if f.Always {
				always++
			}
		}
		if always < 4 {
			t.Errorf("%s: the cases that always run are %d", commit, always)
		}
	}
	if len(seen) != len(cases.All()) {
		t.Errorf("%d of %d cases are in a part", len(seen), len(cases.All()))
	}
}

func TestThePartsOfAllCasesAreAllCasesOnce(t *testing.T) {
	times := map[string]int{}
	for n := 1; n <= 3; n++ {
		part, err := partOf(cases.All(), fmt.Sprintf("%d/3", n))
		if err != nil || len(part) < len(cases.All())/3 {
			t.Fatalf("part %d: %d cases, %v", n, len(part), err)
		}
		for _, f := range part {
			times[f.Name]++
		}
	}
	for _, f := range cases.All() {
		if times[f.Name] != 1 {
			t.Errorf("%s is in %d parts", f.Name, times[f.Name])
		}
	}
	for _, bad := range []string{"0/3", "4/3", "1", "1/", "a/b", "1/3/4", "1/3x", "-1/3"} {
		if _, err := partOf(cases.All(), bad); err == nil {
			t.Errorf("%q is a part", bad)
		}
	}
}

func TestASeedDrawsTheSameFaults(t *testing.T) {
	a, b, c := draw(cases.All(), 7, 30), draw(cases.All(), 7, 30), draw(cases.All(), 8, 30)
	same := true
	for i := range a {
		if a[i].Name != b[i].Name || a[i].When.Name != b[i].When.Name {
			t.Errorf("%d: %s and %s", i, a[i].Name, b[i].Name)
		}
		same = same && a[i].Name == c[i].Name
	}
	if same {
		t.Error("another seed draws the same")
	}
}

func TestTheTableHasNothingThatDiffersInEveryRun(t *testing.T) {
	said := "job 20261123T081500Z-4f2a9c of controller-1 at cbf5d78c-e713-11f1-af59-aa484bf1c1c6:53018 since" +
		" 2026-11-23 08:27:53 | *_x_*"
	want := `job JOB of controller-1 at POSITION since TIME / \*\_x\_\*`
	if got := tidySaid(said); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	v := harness.Verdict{Name: "job-killed", Outcome: harness.Good, Said: said,
		Clean: 1234 * time.Millisecond, Wrong: []string{"lost"}}
	text := write([]harness.Verdict{v}, nil)
	for _, want := range []string{
		"| SIGKILL of the job, desynced (`job-killed`) | while streaming | **not as it must be** |\n",
		"- `job-killed`: job JOB", "| `job-killed` | 1.2 | 0.0 | 0 |", "## Not as it must be\n\n- `job-killed`: lost"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestFaultsThatNeedNoLabHaveTheirTest: docs/faults.md lists these tests.
func TestFaultsThatNeedNoLabHaveTheirTest(t *testing.T) {
	for _, e := range unitFaults {
		files, err := filepath.Glob(filepath.Join("../../..", e.folder, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s has no tests: %v", e.folder, err)
		}
		found := false
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "func "+e.test+"(")
		}
		if !found {
			t.Errorf("%s is not in %s", e.test, e.folder)
		}
	}
}

func TestAShotDependsOnSeedAndNumberAlone(t *testing.T) {
	seen := map[string]bool{}
	for i := range 200 {
		a, b := aim(rand.New(rand.NewPCG(3, uint64(i)))), aim(rand.New(rand.NewPCG(3, uint64(i))))
		if a != b {
			t.Errorf("%d: %s and %s", i, a, b)
		}
		seen[a.signal.String()+a.method+a.desync] = true
	}
	if len(seen) != 16 {
		t.Errorf("200 shots have %d of 16 kinds", len(seen))
	}
}

func TestOnlyABusyMachineGetsASecondRun(t *testing.T) {
	stall := harness.Verdict{Outcome: harness.Failed,
		Said:  "controller-2: stream: the guard stopped the backup (commit_stall, since 2026-11-23T19:55:22Z): …",
		Wrong: []string{"the backup was to be good"}}
	hurt, other, meant := stall, stall, stall
	hurt.Wrong = append([]string{"3 errors of clients"}, stall.Wrong...)
	other.Said = "controller-2: stream: the guard stopped the backup (clients, since 2026-11-23T19:55:22Z): …"
	meant.Wrong = nil
	for v, want := range map[*harness.Verdict]bool{&stall: true, &hurt: false, &other: false, &meant: false} {
		if tooSlow(*v, harness.Fault{Want: harness.Good}) != want ||
			tooSlow(*v, harness.Fault{Want: harness.Either}) != want ||
			tooSlow(*v, harness.Fault{Want: harness.Failed}) {
			t.Errorf("%+v", *v)
		}
	}
	for _, v := range []harness.Verdict{{Outcome: harness.Good, Escaped: true}, {Outcome: harness.Good},
		{Outcome: harness.Failed, Escaped: true}} {
		v.Wrong = []string{"the backup was to be failed"}
		if want := v.Outcome == harness.Good && v.Escaped; tooSlow(v, harness.Fault{Want: harness.Failed}) != want ||
			tooSlow(v, harness.Fault{Want: harness.Either}) {
			t.Errorf("%+v", v)
		}
	}
}

func TestASlowCommitIsMeasuredAgain(t *testing.T) {
	slow := harness.Verdict{Outcome: harness.Good, Wrong: []string{"a commit took 4350 ms"}}
	slow.Clients.Latency.Max = 4350
	hurt := slow
	hurt.Wrong = []string{"3 errors of clients", "a commit took 4350 ms"}
	for name, tt := range map[string]struct {
		verdict harness.Verdict
		fault   harness.Fault
		want    bool
	}{
		"only slow":          {slow, harness.Fault{}, true},
		"errors as well":     {hurt, harness.Fault{}, false},
		"compared otherwise": {slow, harness.Fault{Control: true}, false},
	} {
		if got := tooSlow(tt.verdict, tt.fault); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
