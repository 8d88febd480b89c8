// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestClientsFareWorse(t *testing.T) {
	for _, tt := range []struct {
		name                 string
		errors, of           int
		silent, silentBefore int
		worse                bool
	}{
		{name: "neither had anything"},
		{name: "one error where there was none", errors: 1, worse: true},
		{name: "as many", errors: 40, of: 40},
		{name: "each client one more", errors: 88, of: 40},
		{name: "far more", errors: 89, of: 40, worse: true},
		{name: "a longer silence", silent: 9, silentBefore: 2, worse: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := quietFor(tt.silent), quietFor(tt.silentBefore)
			a.Errors, b.Errors = tt.errors, tt.of
			if got := a.worse(b); (got != "") != tt.worse {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestTheBackupIsNotBlamedForLaterErrors(t *testing.T) {
	var v Verdict
	v.Clients.Errors = 248
	if got := v.Worse(clients{}); got != "" {
		t.Errorf("the errors came later, and it says %q", got)
	}
	v.During.Errors = 1
	if got := v.Worse(clients{}); got == "" {
		t.Error("errors during the backup pass")
	}
}

func quietFor(seconds int) (c clients) {
	for range seconds {
		c.Seconds = append(c.Seconds, struct {
			Commits int `json:"commits"`
		}{})
	}
	return c
}

func TestTheFailureThatIsShownIsTheLast(t *testing.T) {
	p := &Playbook{}
	p.out.WriteString("fatal: [controller-1]: FAILED! => {\"msg\": \"first\"}\n" +
		"failed: [localhost -> controller-1(10.99.0.11)] (item=controller-1) => {\"changed\": false, \"msg\": \"the" +
		" cause\"}\n")
	if got := p.Said(); got != "the cause" {
		t.Errorf("got %q", got)
	}
	p = &Playbook{}
	p.out.WriteString("ok: [localhost] => {\n    \"msg\": [\n        \"physical backup of controller-2\"\n    ]\n}\n")
	if got := p.Said(); got != "physical backup of controller-2" {
		t.Errorf("got %q", got)
	}
}

func TestAFileThatIsNotTheManifestsIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup.xbstream.zst")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sameFile(path, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); err != nil {
		t.Error(err)
	}
	if err := sameFile(path, strings.Repeat("0", 64)); err == nil ||
		!strings.Contains(err.Error(), "backup.xbstream.zst") {
		t.Errorf("got %v", err)
	}
}

func TestATouchedSetHasAnotherDigest(t *testing.T) {
	dir := t.TempDir()
	before := digest(dir)
	if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	written := digest(dir)
	if err := os.Chtimes(filepath.Join(dir, "manifest.json"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if before == written || written == digest(dir) {
		t.Error("not noticed")
	}
}
