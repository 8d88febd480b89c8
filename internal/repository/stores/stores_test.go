// SPDX-License-Identifier: GPL-3.0-or-later

package stores

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// home returns a folder that is suitable as the destination's parent.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestADestinationIsMadeOnlyByWhoWritesToIt(t *testing.T) {
	at := filepath.Join(home(t), "a", "b")
	if err := Check(at); err != nil {
		t.Errorf("one that is missing is fine: %v", err)
	}
	if free, asked, err := Free(at); err != nil || free <= 0 || asked != filepath.Dir(filepath.Dir(at)) {
		t.Errorf("%d bytes at %s, %v", free, asked, err)
	}
	if r, err := Open(at); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is opened to read: %v, %v", r, err)
	}
	if _, err := os.Lstat(at); err == nil {
		t.Fatal("it was made to read it")
	}
	r, err := Make(at)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if info, err := os.Stat(at); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestADestinationThatIsGoneHasNothingToDiscard(t *testing.T) {
	at := filepath.Join(home(t), "backups")
	if removed, err := Discard(at, "solo", ".partial-20261122T191500Z_physical_a"); removed || err != nil {
		t.Errorf("%t, %v", removed, err)
	}
	r, err := Make(at)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var cluster, working string
	r.Announce = func(c, w, _ string) error { cluster, working = c, w; return nil }
	if _, err := r.Create("solo", "physical", "a", time.Now()); err != nil {
		t.Fatal(err)
	}
	if removed, err := Discard(at, cluster, working); !removed || err != nil {
		t.Errorf("%s of %s: %t, %v", working, cluster, removed, err)
	}
}

func TestAnInvalidDestinationIsRefusedByName(t *testing.T) {
	for _, location := range []string{"", "backups", "/", "/srv/../etc", "/srv/", "s3://bucket/sets",
		"sftp://host/srv"} {
		_, openErr := Open(location)
		_, makeErr := Make(location)
		for _, err := range []error{Check(location), openErr, makeErr} {
			if err == nil || !strings.Contains(err.Error(), "give an absolute path") {
				t.Errorf("%q: %v", location, err)
			}
		}
	}
}
