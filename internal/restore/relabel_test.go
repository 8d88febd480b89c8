// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// labelling puts fakes in place of SELinux and its programs. calls returns how they were called.
func labelling(t *testing.T, on bool) (calls func() string) {
	t.Helper()
	bin := t.TempDir()
	log := filepath.Join(bin, "log")
	for _, name := range []string{"chcon", "restorecon"} {
		script := "#!/bin/sh\necho " + name + " \"$@\" >>" + log + "\n[ ! -e " + bin + "/broken ]\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	before := selinux
	t.Cleanup(func() { selinux = before })
	if selinux = filepath.Join(bin, "enforce"); on {
		if err := os.WriteFile(selinux, []byte("1"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return func() string {
		content, _ := os.ReadFile(log)
		_ = os.Remove(log)
		return string(content)
	}
}

func TestTheRestoredDatadirHasTheLabelsOfTheOldOne(t *testing.T) {
	n, b := place(t)
	b.Target = true
	fill(t, n.Ready(b), "set")
	calls := labelling(t, true)
	broken := filepath.Join(filepath.Dir(selinux), "broken")
	if err := os.WriteFile(broken, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	want := "chcon --recursive --reference=" + n.Datadir + ".aside-j " + n.Datadir + "\n"
	if _, err := n.Replace(context.Background(), b); err == nil || calls() != want {
		t.Errorf("a label that could not be set: %v", err)
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	// The datadir is already in place, and is labelled anyway.
	if _, err := n.Replace(context.Background(), b); err != nil || what(n.Datadir) != "set" || calls() != want {
		t.Errorf("%v, %s", err, what(n.Datadir))
	}
	if _, err := n.PutBack(context.Background(), b); err != nil || what(n.Datadir) != "old" || calls() != "" {
		t.Errorf("one that came back was labelled anew: %v, %s", err, what(n.Datadir))
	}
}

func TestADatadirWithoutAnOldOneHasTheLabelsOfThePolicy(t *testing.T) {
	needsServer(t)
	for _, on := range []bool{true, false} {
		n, b := place(t)
		b.Target = true
		fill(t, n.Ready(b), "set")
		if err := os.RemoveAll(n.Datadir); err != nil {
			t.Fatal(err)
		}
		calls, want := labelling(t, on), ""
		if on {
			want = "restorecon -R " + n.Datadir + "\n"
		}
		if _, err := n.Replace(context.Background(), b); err != nil || what(n.Datadir) != "set" {
			t.Errorf("%v, %s", err, what(n.Datadir))
		}
		if got := calls(); got != want {
			t.Errorf("SELinux %v: %q", on, got)
		}
		// No datadir is aside, so the rollback creates an empty one, which is labelled like the restored one before it
		// is marked.
		if on {
			want = "chcon --recursive --reference=" + n.Datadir + " " + n.Datadir + ".empty-j\n"
		}
		if _, err := n.PutBack(context.Background(), b); err != nil {
			t.Error(err)
		}
		if got := calls(); got != want {
			t.Errorf("SELinux %v: %q, want %q", on, got, want)
		}
	}
}
