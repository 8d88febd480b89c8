// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/option"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore"
	"overcloud.backup/tests/sets"
)

func TestASetThatAVerificationFoundBadIsNotRestored(t *testing.T) {
	destination, _ := sets.Small(t)
	o := Options{Set: option.Set{Destination: destination, Set: "newest"}}
	s, err := o.open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := &restore.Node{Datadir: filepath.Join(t.TempDir(), "mysql"), Cluster: "another"}
	for _, c := range []struct {
		outcome repository.Outcome
		want    string
	}{
		{
			repository.Outcome{Problems: []repository.Problem{{File: "nova", Reason: "table instances is corrupt"}}},
			"failed: it is damaged: nova: table instances is corrupt; restore another set",
		},
		{repository.Outcome{OK: true}, "it belongs to the cluster"}, // the next thing to check
	} {
		if err := s.Write(repository.LevelRestore, c.outcome); err != nil {
			t.Fatal(err)
		}
		if _, err := o.fits(t.Context(), n, s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestHiddenChangesAreNamedAndCounted(t *testing.T) {
	places := slices.Repeat([]string{`"passwd" of nvpair "p"`}, 25)
	got := hiddenChanges(places, "/sets/a")
	if !strings.HasPrefix(got, "the set differs from the cluster in 25 values") ||
		strings.Count(got, "passwd") != maxNamed ||
		!strings.Contains(got, "among others; read cib.xml of /sets/a") {
		t.Error(got)
	}
	if got := hiddenChanges(places[:1], "/sets/a"); strings.Contains(got, "among others") {
		t.Error(got)
	}
}
