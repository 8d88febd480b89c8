// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
)

// A physical set copies what was broken truly: that is no damage of it, and is named.
func TestWhatWasBrokenWhenItWasBackedUpIsAWarning(t *testing.T) {
	s := bareServer(t)
	at := func(name string) string { return filepath.Join(s.Data, name) }
	_, err := s.SQL("CREATE DATABASE c_broken; USE c_broken; CREATE TABLE keep (id INT PRIMARY KEY); CREATE TABLE dropped (id INT); CREATE VIEW v AS SELECT * FROM dropped; DROP TABLE dropped")
	must(t, err)
	frame, err := os.ReadFile(at("c_broken/keep.frm"))
	must(t, err)
	must(t, os.Mkdir(at("old_dumps"), 0o700))
	must(t, os.WriteFile(at("old_dumps/x.sql"), nil, 0o600))
	for _, name := range []string{"orphan", "#sql-alter-1-2", "#sql-1a2b_3"} {
		must(t, os.WriteFile(at("c_broken/"+name+".frm"), frame, 0o600))
	}
	t.Cleanup(func() {
		os.RemoveAll(at("old_dumps"))
		for _, name := range []string{"orphan", "#sql-alter-1-2", "#sql-1a2b_3"} {
			os.Remove(at("c_broken/" + name + ".frm"))
		}
		clear(t, s)
	})
	path, err := s.backUp("physical")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(path) })
	why := "Table 'c_broken.orphan' doesn't exist in engine"
	editManifest(t, path, func(m *repository.Manifest) {
		m.Schema.Folders = []string{"old_dumps"}
		m.Schema.Broken = []repository.Broken{{Name: repository.Name{Schema: "c_broken", Name: "orphan"}, Why: why}, {Name: repository.Name{Schema: "c_broken", Name: "v"}, Why: "gone"}}
	})
	_, problems, warnings := restored(t, openSet(t, filepath.Dir(filepath.Dir(path)), path))
	said := strings.Join(warnings, "\n")
	t.Log(said)
	if len(problems) > 0 || !strings.Contains(said, "c_broken.orphan: was so when it was backed up ("+why+")") ||
		!strings.Contains(said, "schema old_dumps: was a plain folder of the datadir, which no backup has") {
		t.Errorf("%v\n%s", problems, said)
	}
}
