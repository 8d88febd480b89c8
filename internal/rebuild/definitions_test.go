// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/sets"
)

// built builds the set, as a restore does before it locks clients out.
func built(t *testing.T, destination, path string, accept bool) (Built, string, error) {
	t.Helper()
	r := ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t))
	r.o.AcceptDifferences = accept
	to := filepath.Join(filepath.Dir(r.o.Scratch), "built")
	b, err := r.Build(t.Context(), to)
	return b, to, err
}

func TestNothingIsBuiltThatDiffersUnlessItIsAccepted(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		destination, path := sets.Copy(t, method)
		sets.RecordDefinitions(t, path, func(d catalog.Definitions) {
			d[catalog.Object{Kind: "table", Schema: "nova", Name: "t"}] = "other"
			for i := range 20 {
				d[catalog.Object{Kind: "view", Schema: "nova", Name: fmt.Sprintf("gone%02d", i)}] = "1"
			}
		})
		_, to, err := built(t, destination, path, false)
		var unusable *repository.Unusable
		want := "it differs from what was recorded: " + sets.Open(t, destination, path).Manifest.Data().Name +
			": view nova.gone00 is missing, "
		if !errors.As(err, &unusable) || unusable.Kind != repository.Differing ||
			!strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(),
			"view nova.gone09 is missing, and 11 more") {
			t.Errorf("%s: %v", method, err)
		}
		if _, err := os.Lstat(to); err == nil {
			t.Errorf("%s: it was built", method)
		}
		b, to, err := built(t, destination, path, true)
		if err != nil || len(b.Differences) != excerpt.FewNames+1 || len(b.Warnings) > 0 {
			t.Errorf("%s, accepted: %+v, %v", method, b, err)
		}
		if _, err := os.Stat(to); err != nil {
			t.Errorf("%s, accepted: %v", method, err)
		}
	}
}

func TestASetThatContradictsItselfIsDamaged(t *testing.T) {
	for name, fingerprint := range map[string]string{"another fingerprint": strings.Repeat("0", 64),
		"no fingerprint": ""} {
		destination, path := sets.Copy(t, "logical")
		sets.EditManifest(t, path, func(m *repository.Manifest) { m.Schema.Fingerprint = fingerprint })
		s := sets.Open(t, destination, path)
		problems, err := s.Read(t.Context(), nil)
		if err != nil || len(problems) != 1 || problems[0].Kind != repository.Damaging ||
			problems[0].File != "definitions.jsonl" {
			t.Errorf("%s: %v, %v", name, problems, err)
		}
		if _, _, err := built(t, destination, path, true); !errors.As(err, new(*repository.Unusable)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// earlier turns a set into one of a version that had no list of definitions.
func earlier(t *testing.T, path string, tables func(map[string]int)) {
	t.Helper()
	must(t, os.Remove(filepath.Join(path, "definitions.jsonl")))
	sets.EditManifest(t, path, func(m *repository.Manifest) {
		m.Files = slices.DeleteFunc(m.Files,
			func(f repository.File) bool { return f.Content == repository.ContentDefinitions })
		m.Schema.Fingerprint = strings.Repeat("0", 64)
		tables(m.Schema.Tables)
	})
}

func TestASetOfAnEarlierVersionIsComparedByItsTables(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	earlier(t, path, func(tables map[string]int) { tables["old_dumps"] = 0 })
	b, _, err := built(t, destination, path, false)
	if err != nil || len(b.Warnings) != 2 || !strings.Contains(b.Warnings[0], "of an earlier version") ||
		!strings.Contains(b.Warnings[1], "old_dumps") {
		t.Errorf("%q, %v", b.Warnings, err)
	}
	destination, path = sets.Copy(t, "logical")
	earlier(t, path, func(tables map[string]int) { tables["nova"]++; tables["gone"] = 1; delete(tables, "empty") })
	_, _, err = built(t, destination, path, false)
	if err == nil || !strings.HasSuffix(err.Error(), ": the schema gone is missing, the schema nova has another"+
		" number of tables and sequences: 4, not 5, the schema empty is not in the manifest") {
		t.Error(err)
	}
}

func TestASetOfAnotherVersionIsComparedByItsTables(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	sets.EditManifest(t, path, func(m *repository.Manifest) { m.Server.Version = "10.11.0-MariaDB" })
	sets.RecordDefinitions(t, path, func(d catalog.Definitions) {
		d[catalog.Object{Kind: "table", Schema: "nova",
			Name: "t"}] = "other"
	})
	b, _, err := built(t, destination, path, false)
	if err != nil || len(b.Warnings) != 1 || !strings.Contains(b.Warnings[0], "the set is of 10.11.0-MariaDB") {
		t.Errorf("%q, %v", b.Warnings, err)
	}
}

// A server shows the times of an event in the system's time zone if the event uses that.
func TestEventsOfAnotherSystemsTimeZoneAreNoDifference(t *testing.T) {
	event := catalog.Object{Kind: "event", Schema: "nova", Name: "e"}
	for zone, want := range map[string]string{"XYT": "event nova.e: has its times shown in the time zone of the" +
		" system, which was XYT, and ", "": ""} {
		destination, path := sets.Copy(t, "physical")
		sets.RecordDefinitions(t, path, func(d catalog.Definitions) { d[event] = "other" })
		sets.EditManifest(t, path, func(m *repository.Manifest) {
			if zone != "" {
				m.Server.Settings["system_time_zone"] = zone
			}
		})
		b, _, err := built(t, destination, path, false)
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "event nova.e is defined differently") {
				t.Errorf("%q: %q, %v", zone, b.Warnings, err)
			}
		} else if err != nil || len(b.Warnings) != 1 || !strings.HasPrefix(b.Warnings[0], want) {
			t.Errorf("%q: %q, %v", zone, b.Warnings, err)
		}
	}
}
