// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/repository"
)

// verified verifies a set in a copy of the repository and lists it afterwards.
func verified(t *testing.T, destination, path string, level Level) (Outcome, Entry) {
	t.Helper()
	s := openSet(t, destination, path)
	o := Options{Level: level, Host: "here", MadeBy: "test", RestoreOptions: RestoreOptions{Scratch: scratchFolder(t), Memory: 64 * mebibyte}}
	v, err := Prepare(context.Background(), s, o)
	must(t, err)
	outcome, err := v.Run(context.Background())
	must(t, err)
	return outcome, listed(t, destination)
}

// listed is the only set of a repository.
func listed(t *testing.T, destination string) Entry {
	t.Helper()
	r, err := Open(destination)
	must(t, err)
	defer r.Close()
	l, err := r.List("")
	if err != nil || len(l.Sets) != 1 || len(l.Damaged) != 0 {
		t.Fatalf("%+v, %v", l, err)
	}
	return l.Sets[0]
}

func TestTheDeepestLevelThatHoldsIsListed(t *testing.T) {
	destination, path := copySet(t, "physical")
	if e := listed(t, destination); e.Verified != "" || e.Method != "physical" || e.Bytes == 0 || e.Position.Seqno == 0 {
		t.Errorf("before: %+v", e)
	}
	if o, e := verified(t, destination, path, LevelRead); !o.OK || e.Verified != LevelRead || e.VerifiedAt != o.At {
		t.Errorf("read: %+v, %+v", o, e)
	}
	o, e := verified(t, destination, path, LevelRestore)
	if !o.OK || o.Restored == nil || e.Verified != LevelRestore || e.VerifiedAt != o.At {
		t.Errorf("restore: %+v, %+v", o, e)
	}
	if _, e := verified(t, destination, path, LevelRead); e.Verified != LevelRestore {
		t.Errorf("read again: %+v", e)
	}
	content := read(t, path, physicalFile)
	content[len(content)/2] ^= 1
	must(t, os.WriteFile(filepath.Join(path, physicalFile), content, 0o600))
	if o, e := verified(t, destination, path, LevelRestore); o.OK || e.Verified != "" || len(e.Problems) != 1 {
		t.Errorf("damaged: %+v, %+v", o, e)
	}
	info, err := os.Stat(filepath.Join(path, recordName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestARestoreThatFailsLeavesTheReadingGood(t *testing.T) {
	destination, path := copySet(t, "logical")
	record(t, path, func(d galera.Definitions) { d[galera.Object{Kind: "table", Schema: "nova", Name: "t"}] = "other" })
	o, e := verified(t, destination, path, LevelRestore)
	if o.OK || e.Verified != LevelRead || len(e.Problems) != 1 || e.Problems[0].Kind != Differing {
		t.Errorf("%+v, %+v", o, e)
	}
}

func TestAManifestThatContradictsItselfIsRecorded(t *testing.T) {
	destination, path := copySet(t, "logical")
	editManifest(t, path, func(m *repository.Manifest) { m.Files[0].Frames++ })
	o, e := verified(t, destination, path, LevelRestore)
	if o.OK || e.Verified != "" || len(e.Problems) == 0 || e.Problems[0].File != manifestName {
		t.Errorf("%+v, %+v", o, e)
	}
}

func TestARecordOfAnotherSetOrManifestCountsForNothing(t *testing.T) {
	destination, path := copySet(t, "physical")
	verified(t, destination, path, LevelRead)
	record := read(t, path, recordName)
	editManifest(t, path, func(m *repository.Manifest) { m.Warnings = append(m.Warnings, "edited") })
	if e := listed(t, destination); e.Verified != "" || len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "not the one that was verified") {
		t.Errorf("another manifest: %+v", e)
	}
	if _, e := verified(t, destination, path, LevelRead); e.Verified != LevelRead || len(e.Warnings) != 0 {
		t.Errorf("verified again: %+v", e)
	}
	otherDestination, other := copySet(t, "logical")
	must(t, os.WriteFile(filepath.Join(other, recordName), record, 0o600))
	if e := listed(t, otherDestination); e.Verified != "" || len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "that of the set") {
		t.Errorf("another set: %+v", e)
	}
	must(t, os.WriteFile(filepath.Join(other, recordName), []byte("{"), 0o600))
	if e := listed(t, otherDestination); e.Verified != "" || len(e.Warnings) != 1 {
		t.Errorf("no JSON: %+v", e)
	}
}

func TestFoldersThatAreNoSetsAreNamed(t *testing.T) {
	destination, path := copySet(t, "physical")
	cluster := filepath.Dir(path)
	must(t, os.MkdirAll(filepath.Join(cluster, "20991231T000000Z_physical_x"), 0o700))
	must(t, os.MkdirAll(filepath.Join(cluster, ".partial-20991231T000000Z_physical_y"), 0o700))
	must(t, os.MkdirAll(filepath.Join(destination, "lost+found"), 0o700))
	must(t, os.WriteFile(filepath.Join(cluster, "a file"), nil, 0o600))
	r, err := Open(destination)
	must(t, err)
	defer r.Close()
	l, err := r.List("solo")
	if err != nil || len(l.Sets) != 1 || len(l.NoSets) != 2 {
		t.Fatalf("%+v, %v", l, err)
	}
	for _, c := range []struct{ cluster, name, why string }{
		{"", "20991231T000000Z_physical_x", "give <cluster>/<set>"}, {"solo", "20991231T000000Z_physical_x", "there is no set"},
		{"", "solo/../..", "give <cluster>"}, {"", "/etc/passwd", "give <cluster>"}, {"..", Newest, "cannot name"}, {"other", Newest, "list"},
	} {
		if _, err := r.Set(c.cluster, c.name); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	s, err := r.Set("", Newest)
	if err != nil || s.Path() != path {
		t.Errorf("newest: %v", err)
	}
}

func TestADirectoryThatOthersCanWriteToIsRefused(t *testing.T) {
	destination, _ := copySet(t, "logical")
	must(t, os.Chmod(destination, 0o777))
	if _, err := Open(destination); err == nil {
		t.Error("it is accepted")
	}
	if _, err := Open("/var/tmp/there/is/nothing"); err == nil {
		t.Error("a missing one is accepted")
	}
}
