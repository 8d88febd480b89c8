// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/container"
)

// TestABuiltDatadirIsWhole starts a server on what was built, as a restore gives it to the cluster.
func TestABuiltDatadirIsWhole(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		destination, path := copySet(t, method)
		s := openSet(t, destination, path)
		scratch := scratchFolder(t)
		p := prepared(t, s, scratch)
		to := filepath.Join(filepath.Dir(scratch), filepath.Base(scratch)+".built-"+method)
		t.Cleanup(func() { os.RemoveAll(to) })
		built, err := p.Build(context.Background(), to)
		if err != nil || built.Bytes < s.Manifest.Files[0].Bytes {
			t.Fatalf("%s: %+v, %v", method, built, err)
		}
		wantEmpty(t, scratch)
		if _, err := p.Build(context.Background(), to); err == nil {
			t.Errorf("%s: built over what is there", method)
		}
		place, err := newScratch(t.Context(), scratch, p.owner, container.Image{})
		must(t, err)
		must(t, os.Remove(place.path(dataName)))
		must(t, os.Rename(to, place.path(dataName)))
		server, err := place.start(context.Background(), p.tools.Paths["server"], 64*mebibyte, built.Options)
		must(t, err)
		fingerprint, err := server.Fingerprint(context.Background())
		if err != nil || fingerprint != s.Manifest.Schema.Fingerprint {
			t.Errorf("%s: %s, %v", method, fingerprint, err)
		}
		server.stop()
		must(t, place.remove())
	}
}

func TestNothingIsBuiltOfADamagedSet(t *testing.T) {
	destination, path := copySet(t, "physical")
	s := openSet(t, destination, path)
	must(t, os.Truncate(filepath.Join(path, data(s.Manifest).Name), 1000))
	scratch := scratchFolder(t)
	to := filepath.Join(filepath.Dir(scratch), filepath.Base(scratch)+".built")
	_, err := prepared(t, s, scratch).Build(context.Background(), to)
	var unusable *Unusable
	if !errors.As(err, &unusable) || unusable.File != data(s.Manifest).Name {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(to); err == nil {
		t.Error("something was built")
	}
	wantEmpty(t, scratch)
}

func TestALaterServersSetIsNotGivenToAnEarlierOne(t *testing.T) {
	for a, b := range map[string]string{"10.11.9": "10.11.18", "10.11.18": "10.11.18"} {
		if later(a, b) {
			t.Errorf("%s is said to be later than %s", a, b)
		}
	}
	if !later("10.11.18", "10.11.9") {
		t.Error("10.11.18 is later than 10.11.9")
	}
}
