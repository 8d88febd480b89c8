// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
)

func verdict(name string, o harness.Outcome, said string, wrong ...string) harness.Verdict {
	return harness.Verdict{Name: name, Outcome: o, Said: said, Wrong: wrong}
}

func TestTheMatrixHasAColumnForEachShapeThatWasRun(t *testing.T) {
	hosts := of([]harness.Verdict{verdict("none", harness.Good, ""), verdict("cancelled", harness.Failed, ""),
		verdict("ssh-cut", harness.Good, "", "lost")})
	bundles := of([]harness.Verdict{verdict("none", harness.Good, ""), verdict("dump-killed", harness.Failed, "")})
	for _, tt := range []struct {
		name           string
		hosts, bundles outcomes
		want           []string
	}{
		{"both", hosts, bundles, []string{
			"| fault | when | hosts | bundles |",
			"|---|---|---|---|",
			"| nothing (`none`) | while streaming | good | good |",
			"| state: cancelled (`cancelled`) | while streaming | undone | - |",
			"| ssh to the backup node gone for 8 s (`ssh-cut`) | while streaming | **not as it must be** | - |",
			"| SIGKILL of mariadb-dump (`dump-killed`) | while streaming | - | undone |",
		}},
		{"bundles alone", nil, bundles, []string{
			"| fault | when | bundles |",
			"|---|---|---|",
			"| nothing (`none`) | while streaming | good |",
			"| SIGKILL of mariadb-dump (`dump-killed`) | while streaming | undone |",
		}},
	} {
		got := matrix(tt.hosts, tt.bundles)
		if want := strings.Join(tt.want, "\n") + "\n"; got != want {
			t.Errorf("%s: got\n%swant\n%s", tt.name, got, want)
		}
		page := "# A\n\nb\n\n" + got + "\nafter\n\n| fault | test |\n"
		if read := outcomesOf(page, onHosts); !maps.Equal(read, tt.hosts) {
			t.Errorf("%s: on the hosts %v is read as %v", tt.name, tt.hosts, read)
		}
		if read := outcomesOf(page, inBundles); !maps.Equal(read, tt.bundles) {
			t.Errorf("%s: in bundles %v is read as %v", tt.name, tt.bundles, read)
		}
	}
}

func TestARunInBundlesRenewsTheMatrixOfBothShapes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faults.md")
	hosts := []harness.Verdict{verdict("none", harness.Good, "physical backup"),
		verdict("cancelled", harness.Failed, "stopped")}
	before := write(hosts, outcomes{"none": "undone"})
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	bundles := outcomes{"none": "good", "cancelled": "undone"}
	if err := refresh(path, bundles); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := write(hosts, bundles); string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := os.WriteFile(path, []byte("# Faults\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refresh(path, bundles); err == nil || !strings.Contains(err.Error(), "it has no matrix") {
		t.Errorf("a page without a matrix: %v", err)
	}
}

func TestOnlyMessagesThatSaySomethingAreListed(t *testing.T) {
	text := write([]harness.Verdict{
		verdict("none", harness.Good, "overcloud-controller-2: physical backup of controller-2 at x stored of y"),
		verdict("none-logical", harness.Good, "logical backup"),
		verdict("playbook-killed", harness.Good, ""),
		verdict("two-playbooks", harness.Good, "physical backup; the second: Nobody was chosen"),
		verdict("cancelled", harness.Failed, "stopped"),
	}, nil)
	_, said, _ := strings.Cut(text, "## The messages")
	said, _, _ = strings.Cut(said, "\n## ")
	if strings.Count(said, "\n- ") != 2 || !strings.Contains(said, "- `two-playbooks`: physical") ||
		!strings.Contains(said, "- `cancelled`: stopped\n") {
		t.Errorf("the list is %s", said)
	}
}

// The pages are written by runs; this holds what needs none.
func TestThePagesOfTheFaultsAgree(t *testing.T) {
	pages := map[string]string{}
	for _, name := range []string{"faults.md", "faults-bundle.md"} {
		page, err := os.ReadFile(filepath.Join("../../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = string(page)
	}
	hosts := outcomesOf(pages["faults.md"], onHosts)
	bundles := outcomesOf(pages["faults-bundle.md"], inBundles)
	if len(hosts) < 60 || len(bundles) < 50 {
		t.Fatalf("%d cases on the hosts, %d in bundles", len(hosts), len(bundles))
	}
	if shown := outcomesOf(pages["faults.md"], inBundles); !maps.Equal(shown, bundles) {
		t.Errorf("faults.md has %v for the bundles, faults-bundle.md %v", shown, bundles)
	}
	for _, f := range cases.All() {
		for page, got := range map[string]string{"faults.md": hosts[f.Name], "faults-bundle.md": bundles[f.Name]} {
			if f.Want == harness.Good && got == "undone" || f.Want == harness.Failed && got == "good" {
				t.Errorf("%s: %s is %s, and must be %s", page, f.Name, got, f.Want)
			}
		}
	}
	for _, c := range unitFaults {
		if !strings.Contains(pages["faults.md"], c.row()) {
			t.Errorf("faults.md lacks %s", c.row())
		}
	}
}
