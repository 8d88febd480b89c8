// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
)

func TestParseGrastate(t *testing.T) {
	const good = "# GALERA saved state\nversion: 2.1\nuuid:    27402082-e6a9-11f1-967f-cfd7a985c0a3\nseqno:  " +
		" 1\nsafe_to_bootstrap: 1\n"
	for name, c := range map[string]struct{ file, wrong string }{
		"a whole one":         {good, ""},
		"before Galera 3.19":  {strings.Replace(good, "safe_to_bootstrap: 1\n", "", 1), ""},
		"an empty file":       {"", "version is missing"},
		"no uuid":             {strings.Replace(good, "uuid:", "uid:", 1), "uuid is missing"},
		"a short uuid":        {strings.Replace(good, "-cfd7a985c0a3", "", 1), "uuid is"},
		"a position in words": {strings.Replace(good, "seqno:   1", "seqno: one", 1), "seqno is"},
		"a position below -1": {strings.Replace(good, "seqno:   1", "seqno: -2", 1), "seqno is"},
		"neither safe nor not": {strings.Replace(good, "bootstrap: 1", "bootstrap: yes", 1),
			"safe_to_bootstrap is"},
		"a line that says nothing":   {good + "garbage\n", `line 6: "garbage" is not "name: value"`},
		"zeroes of a crashed server": {"\x00\x00\x00\x00", "line 1:"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := ParseGrastate([]byte(c.file))
			if c.wrong == "" && (err != nil || g.Seqno != 1 || g.UUID != "27402082-e6a9-11f1-967f-cfd7a985c0a3" ||
				g.Version != "2.1") {
				t.Errorf("%+v %v", g, err)
			}
			if c.wrong != "" && (err == nil || !strings.HasPrefix(err.Error(), c.wrong)) {
				t.Errorf("got %v, want %s", err, c.wrong)
			}
		})
	}
	for file, want := range map[string]Grastate{
		"running": {Version: "2.1", UUID: "1f3c653c-e6a8-11f1-851b-82aa4432fad4", Seqno: -1},
		"stopped": {Version: "2.1", UUID: "27402082-e6a9-11f1-967f-cfd7a985c0a3", Seqno: 1, SafeToBootstrap: true},
	} {
		data, err := os.ReadFile("testdata/grastate/" + file + ".dat")
		if err != nil {
			t.Fatal(err)
		}
		if g, err := ParseGrastate(data); err != nil || g != want {
			t.Errorf("%s: %+v %v", file, g, err)
		}
	}
}

func FuzzParseGrastate(f *testing.F) {
	f.Add([]byte("version: 2.1\nuuid: 27402082-e6a9-11f1-967f-cfd7a985c0a3\nseqno: -1\nsafe_to_bootstrap: 0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseGrastate(data)
		if err == nil && (len(g.UUID) != 36 || g.Seqno < -1 || g.Version == "") {
			t.Fatalf("%+v", g)
		}
		if messages.Check(t, err); err != nil && g != (Grastate{}) {
			t.Fatalf("an error and values: %+v", g)
		}
	})
}

func TestReadGrastateRefusesALink(t *testing.T) {
	dir := t.TempDir()
	if g, err := ReadGrastate(dir); g != nil || err != nil {
		t.Errorf("an empty datadir: %v %v", g, err)
	}
	if err := os.Symlink("/etc/shadow", filepath.Join(dir, "grastate.dat")); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadGrastate(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a link: %v", err)
	}
}
