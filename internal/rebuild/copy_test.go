// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/sets"
)

func TestSetsAreRestoredByAUserWithFoldersOfItsOwnOnly(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		destination, path := sets.Copy(t, method)
		r := ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t))
		r.owner = sets.Nobody
		found, err := looked(t, r)
		if err != nil || len(found.Problems) > 0 || found.Restored == nil {
			t.Errorf("%s: %+v, %v", method, found, err)
		}
	}
}

func ready(t *testing.T, s *repository.Set, scratch string) *Rebuild {
	t.Helper()
	r, err := Prepare(context.Background(), s, Options{Scratch: scratch, Memory: 64 * sets.Mebibyte})
	must(t, err)
	return r
}

// seen is the result of an inspection of a copy: Restored is nil if no copy started.
type seen struct {
	Seen
	Restored *repository.Restored
}

// looked rebuilds the set and compares the copy with its record.
func looked(t *testing.T, r *Rebuild) (found seen, err error) {
	t.Helper()
	found.Seen, err = r.Look(t.Context(), func(ctx context.Context, c *Copy) (err error) {
		found.Restored, err = c.Compare(ctx)
		return err
	})
	return found, err
}
