// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestEveryCaseSaysWhatItIs(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range all() {
		if seen[f.name] {
			t.Errorf("two cases are named %s", f.name)
		}
		seen[f.name] = true
		if f.breaks == "" || f.when.name == "" || f.want == "" || !f.when.early && f.when.wait == nil {
			t.Errorf("%s: incomplete", f.name)
		}
		if f.says != "" {
			regexp.MustCompile(f.says)
		}
		if f.recover && f.want == good {
			t.Errorf("%s: what recovers was no good backup", f.name)
		}
	}
}

func TestTheThreeThirdsAreEverything(t *testing.T) {
	seen := map[string]bool{}
	for _, commit := range []string{"00000000a", "00000001b", "00000002c"} {
		part := third(all(), commit)
		always := 0
		for _, f := range part {
			seen[f.name] = true
			if f.always {
				always++
			}
		}
		if always < 4 {
			t.Errorf("%s: the cases that always run are %d", commit, always)
		}
	}
	if len(seen) != len(all()) {
		t.Errorf("%d of %d cases are in a third", len(seen), len(all()))
	}
}

func TestASeedDrawsTheSameFaults(t *testing.T) {
	a, b, c := draw(all(), 7, 30), draw(all(), 7, 30), draw(all(), 8, 30)
	same := true
	for i := range a {
		if a[i].name != b[i].name || a[i].when.name != b[i].when.name {
			t.Errorf("%d: %s and %s", i, a[i].name, b[i].name)
		}
		same = same && a[i].name == c[i].name
	}
	if same {
		t.Error("another seed draws the same")
	}
}

func TestClientsFareWorse(t *testing.T) {
	for _, tt := range []struct {
		name                 string
		errors, of           int
		silent, silentBefore int
		worse                bool
	}{
		{name: "neither had anything"},
		{name: "one error where there was none", errors: 1, worse: true},
		{name: "as many", errors: 40, of: 40},
		{name: "each client one more", errors: 88, of: 40},
		{name: "far more", errors: 89, of: 40, worse: true},
		{name: "a longer silence", silent: 9, silentBefore: 2, worse: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := quietFor(tt.silent), quietFor(tt.silentBefore)
			a.Errors, b.Errors = tt.errors, tt.of
			if got := a.worse(b); (got != "") != tt.worse {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWhatComesAfterTheBackupIsNotItsDoing(t *testing.T) {
	var v verdict
	v.Clients.Errors = 248
	if got := v.worse(clients{}); got != "" {
		t.Errorf("the errors came later, and it says %q", got)
	}
	v.During.Errors = 1
	if got := v.worse(clients{}); got == "" {
		t.Error("errors during the backup pass")
	}
}

func quietFor(seconds int) (c clients) {
	for range seconds {
		c.Seconds = append(c.Seconds, struct {
			Commits int `json:"commits"`
		}{})
	}
	return c
}

func TestTheTableHasNothingThatDiffersInEveryRun(t *testing.T) {
	said := "job 20261123T081500Z-4f2a9c of controller-1 at cbf5d78c-e713-11f1-af59-aa484bf1c1c6:53018 since 2026-11-23 08:27:53 | *_x_*"
	want := `job JOB of controller-1 at POSITION since TIME / \*\_x\_\*`
	if got := tidySaid(said); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	v := verdict{Name: "a", Breaks: "b", When: "c", Outcome: good, Said: said, Clean: 1234 * time.Millisecond, Wrong: []string{"lost"}}
	text := lab{}.write([]verdict{v})
	for _, want := range []string{"| a | b | c | good | job JOB", "| 1.2 | 0.0 | 0 |", "## Not as it must be\n\n- a: lost"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestTheFailureThatIsShownIsTheLast(t *testing.T) {
	p := &play{}
	p.out.WriteString("fatal: [controller-1]: FAILED! => {\"msg\": \"first\"}\n" +
		"failed: [localhost -> controller-1(10.99.0.11)] (item=controller-1) => {\"changed\": false, \"msg\": \"the cause\"}\n")
	if got := p.said(); got != "the cause" {
		t.Errorf("got %q", got)
	}
	p = &play{}
	p.out.WriteString("ok: [localhost] => {\n    \"msg\": [\n        \"physical backup of controller-2\"\n    ]\n}\n")
	if got := p.said(); got != "physical backup of controller-2" {
		t.Errorf("got %q", got)
	}
}

// TestFaultsThatNeedNoLabHaveTheirTest: docs/faults.md promises them.
func TestFaultsThatNeedNoLabHaveTheirTest(t *testing.T) {
	for _, e := range elsewhere {
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

func TestAFileThatIsNotTheManifestsIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup.xbstream.zst")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sameFile(path, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); err != nil {
		t.Error(err)
	}
	if err := sameFile(path, strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "backup.xbstream.zst") {
		t.Errorf("got %v", err)
	}
}

func TestATouchedSetHasAnotherDigest(t *testing.T) {
	dir := t.TempDir()
	before := digest(dir)
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	written := digest(dir)
	if err := os.Chtimes(filepath.Join(dir, "manifest.json"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if before == written || written == digest(dir) {
		t.Error("not noticed")
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
	stall := verdict{Outcome: failed, Said: "controller-2: stream: the guard stopped the backup (commit_stall, since 2026-11-23T19:55:22Z): …", Wrong: []string{"the backup was to be good"}}
	hurt, other, meant := stall, stall, stall
	hurt.Wrong = append([]string{"3 errors of clients"}, stall.Wrong...)
	other.Said = "controller-2: stream: the guard stopped the backup (clients, since 2026-11-23T19:55:22Z): …"
	meant.Wrong = nil
	for v, want := range map[*verdict]bool{&stall: true, &hurt: false, &other: false, &meant: false} {
		if v.tooSlow(fault{want: good}) != want || v.tooSlow(fault{want: either}) != want || v.tooSlow(fault{want: failed}) {
			t.Errorf("%+v", *v)
		}
	}
	for _, v := range []verdict{{Outcome: good, Escaped: true}, {Outcome: good}, {Outcome: failed, Escaped: true}} {
		v.Wrong = []string{"the backup was to be failed"}
		if want := v.Outcome == good && v.Escaped; v.tooSlow(fault{want: failed}) != want || v.tooSlow(fault{want: either}) {
			t.Errorf("%+v", v)
		}
	}
}

func TestAToolThatIsSlowedWritesNoMoreThanItsRate(t *testing.T) {
	for _, c := range []struct {
		written  int64
		in, rest time.Duration
	}{{0, 0, 200 * time.Millisecond}, {3 << 20, time.Second, 200 * time.Millisecond}, {6 << 20, time.Second, time.Second}, {90 << 20, time.Second, 2 * time.Second}} {
		if got := rest(c.written, c.in); got != c.rest {
			t.Errorf("%d bytes in %s: %s", c.written, c.in, got)
		}
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	me := []process{{pid: os.Getpid()}}
	before := written(me)
	if _, err := out.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if more := written(me) - before; more < 1<<20 {
		t.Errorf("%d bytes", more)
	}
}
