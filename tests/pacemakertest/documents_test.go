// SPDX-License-Identifier: GPL-3.0-or-later

package pacemakertest

import (
	"maps"
	"slices"
	"testing"

	"github.com/beevik/etree"
)

// The seeds must still have everything that the recordings were chosen for.
func TestThinnedDocumentsKeepEveryFeature(t *testing.T) {
	whole, small := map[string]bool{}, map[string]bool{}
	for _, name := range slices.Concat(StatusSeeds, CIBSeeds) {
		b := Recorded(t, name)
		b2 := Thinned(t, b)
		for into, content := range map[*map[string]bool][]byte{&whole: b, &small: b2} {
			doc := etree.NewDocument()
			if err := doc.ReadFromBytes(content); err != nil {
				t.Fatal(err)
			}
			thin(doc.Root(), "", *into)
		}
		if len(b2) > 8000 || len(b2) > len(b) {
			t.Errorf("%s: %d bytes of %d are left", name, len(b2), len(b))
		}
	}
	if !maps.Equal(whole, small) {
		t.Errorf("%d features of %d are left", len(small), len(whole))
	}
}
