// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/tests/sets"
)

// verified verifies a set in a copy of the repository, and lists the set afterwards.
func verified(t *testing.T, destination, path string, level repository.Level) (repository.Outcome, repository.Entry) {
	t.Helper()
	s := sets.Open(t, destination, path)
	o := Options{Level: level, Host: "here", MadeBy: "test",
		Rebuild: rebuild.Options{Scratch: sets.ScratchFolder(t), Memory: 64 * sets.Mebibyte}}
	v, err := Prepare(context.Background(), s, o)
	must(t, err)
	outcome, err := v.Run(context.Background())
	must(t, err)
	return outcome, listed(t, destination)
}

// listed returns the only set of a repository.
func listed(t *testing.T, destination string) repository.Entry {
	t.Helper()
	r, err := stores.Open(destination)
	must(t, err)
	defer r.Close()
	l, err := r.List("")
	if err != nil || len(l.Sets) != 1 || len(l.Damaged) != 0 {
		t.Fatalf("%+v, %v", l, err)
	}
	return l.Sets[0]
}

func TestTheDeepestLevelThatHoldsIsListed(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	if e := listed(t, destination); e.Verified != "" || e.Method != "physical" || e.Bytes == 0 ||
		e.Position.Seqno == 0 {
		t.Errorf("before: %+v", e)
	}
	if o, e := verified(t, destination, path, repository.LevelRead); !o.OK || e.Verified != repository.LevelRead ||
		e.VerifiedAt != o.At {
		t.Errorf("read: %+v, %+v", o, e)
	}
	o, e := verified(t, destination, path, repository.LevelRestore)
	if !o.OK || o.Restored == nil || e.Verified != repository.LevelRestore || e.VerifiedAt != o.At {
		t.Errorf("restore: %+v, %+v", o, e)
	}
	if _, e := verified(t, destination, path, repository.LevelRead); e.Verified != repository.LevelRestore {
		t.Errorf("read again: %+v", e)
	}
	content := sets.Read(t, path, sets.PhysicalFile)
	content[len(content)/2] ^= 1
	must(t, os.WriteFile(filepath.Join(path, sets.PhysicalFile), content, 0o600))
	if o, e := verified(t, destination, path, repository.LevelRestore); o.OK || e.Verified != "" ||
		len(e.Problems) != 1 {
		t.Errorf("damaged: %+v, %+v", o, e)
	}
	info, err := os.Stat(filepath.Join(path, repository.RecordName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestARestoreThatFailsLeavesTheReadingGood(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	sets.RecordDefinitions(t, path, func(d catalog.Definitions) {
		d[catalog.Object{Kind: "table", Schema: "nova",
			Name: "t"}] = "other"
	})
	o, e := verified(t, destination, path, repository.LevelRestore)
	if o.OK || e.Verified != repository.LevelRead || len(e.Problems) != 1 ||
		e.Problems[0].Kind != repository.Differing {
		t.Errorf("%+v, %+v", o, e)
	}
}

func TestAManifestThatContradictsItselfIsRecorded(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	sets.EditManifest(t, path, func(m *repository.Manifest) { m.Files[0].Frames++ })
	o, e := verified(t, destination, path, repository.LevelRestore)
	if o.OK || e.Verified != "" || len(e.Problems) == 0 || e.Problems[0].File != repository.ManifestName {
		t.Errorf("%+v, %+v", o, e)
	}
}

func TestARecordOfAnotherSetOrManifestCountsForNothing(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	verified(t, destination, path, repository.LevelRead)
	record := sets.Read(t, path, repository.RecordName)
	sets.EditManifest(t, path, func(m *repository.Manifest) { m.Warnings = append(m.Warnings, "edited") })
	if e := listed(t, destination); e.Verified != "" || len(e.Warnings) != 1 ||
		!strings.Contains(e.Warnings[0], "not the one that was verified") {
		t.Errorf("another manifest: %+v", e)
	}
	if _, e := verified(t, destination, path, repository.LevelRead); e.Verified != repository.LevelRead ||
		len(e.Warnings) != 0 {
		t.Errorf("verified again: %+v", e)
	}
	otherDestination, other := sets.Copy(t, "logical")
	must(t, os.WriteFile(filepath.Join(other, repository.RecordName), record, 0o600))
	if e := listed(t, otherDestination); e.Verified != "" || len(e.Warnings) != 1 ||
		!strings.Contains(e.Warnings[0], "belongs to the set") {
		t.Errorf("another set: %+v", e)
	}
	must(t, os.WriteFile(filepath.Join(other, repository.RecordName), []byte("{"), 0o600))
	if e := listed(t, otherDestination); e.Verified != "" || len(e.Warnings) != 1 {
		t.Errorf("no JSON: %+v", e)
	}
}
