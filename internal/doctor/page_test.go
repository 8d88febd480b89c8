// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"os"
	"strings"
	"testing"
)

// The page shows what the program prints: the table of the story of that name.
func TestThePageShowsATable(t *testing.T) {
	page, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	story, err := os.ReadFile("testdata/stories/page.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(story), "\n----\n")
	table, _, ended := strings.Cut(table, "\n=> ")
	if !found || !ended || strings.Count(table, "\n") < 30 {
		t.Fatalf("testdata/stories/page.txt has no table:\n%s", story)
	}
	shown := "    " + strings.ReplaceAll(table, "\n", "\n    ")
	if !strings.Contains(string(page), "\n\n"+shown+"\n\n") {
		t.Errorf("docs/doctor.md does not show\n%s", shown)
	}
}
