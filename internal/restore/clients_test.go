// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fences puts fakes of nft and iptables on PATH, which record their arguments. The fake iptables remembers whether the
// jump exists.
func fences(t *testing.T, nft string) (calls func() string) {
	t.Helper()
	bin := t.TempDir()
	log := filepath.Join(bin, "log")
	for name, body := range map[string]string{
		"nft":       nft,
		"ip6tables": "[ \"$2\" != -C ]",
		"iptables": "case $2 in -C) [ -e " + bin + "/jump ];; -I) touch " + bin + "/jump;; -D) rm " + bin +
			"/jump;; esac",
	} {
		script := "#!/bin/sh\necho " + name + " \"$1 $2 $3\" >>" + log + "\n" + body + "\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return func() string {
		content, _ := os.ReadFile(log)
		_ = os.Remove(log)
		return string(content)
	}
}

func TestAFirewallThatDoesNotWorkIsNotInTheWayOfAnother(t *testing.T) {
	calls := fences(t, "echo 'Unable to initialize Netlink socket: Protocol not supported' >&2; exit 1")
	n, b := &Node{Port: "3306"}, open(t, home(t))
	defer b.Close()
	if err := b.Begin("j", of("/set")); err != nil {
		t.Fatal(err)
	}
	if _, err := n.KeepOut(t.Context(), b, FenceAuto); err == nil || !strings.Contains(err.Error(), "Netlink") ||
		b.UnderWay() {
		t.Fatalf("%v, %+v", err, b.Fence)
	}
	calls()
	if changed, err := n.KeepOut(t.Context(), b, FenceIptables); err != nil || !changed ||
		b.Fence.Program != FenceIptables || strings.Contains(calls(), "nft") {
		t.Fatalf("%v, %+v", err, b.Fence)
	}
	if changed, err := LetIn(t.Context(), b); err != nil || !changed || b.Fence != nil || !strings.Contains(calls(),
		"iptables -w -X") {
		t.Errorf("%v, %+v", err, b.Fence)
	}
}

// A restore that was killed between its note and the first rule has noted a firewall that does not work.
func TestANamedFirewallReplacesAnother(t *testing.T) {
	for how, want := range map[string]string{FenceIptables: FenceIptables, FenceNone: ""} {
		calls := fences(t, "exit 1")
		n, b := &Node{Port: "3306"}, open(t, home(t))
		if err := b.Begin("j", func(b *Book) { b.Fence = &Fence{Program: FenceNft, Port: "3306"} }); err != nil {
			t.Fatal(err)
		}
		_, err := n.KeepOut(t.Context(), b, how)
		if calls := b.Fence; err != nil || (calls != nil) != (want != "") || calls != nil && calls.Program != want {
			t.Errorf("%s: %v, %+v", how, err, calls)
		}
		if !strings.Contains(calls(), "nft -f") {
			t.Errorf("%s: the rules of nft were not taken away", how)
		}
		b.Close()
	}
}

func TestRulesThatCannotBeRemovedKeepTheirNote(t *testing.T) {
	fences(t, "[ \"$1\" = list ]")
	b := open(t, home(t))
	defer b.Close()
	if err := b.Begin("j", func(b *Book) { b.Fence = &Fence{Program: FenceNft, Port: "3306"} }); err != nil {
		t.Fatal(err)
	}
	if _, err := LetIn(t.Context(), b); err == nil || b.Fence == nil || b.Opened {
		t.Errorf("%v, %+v", err, b)
	}
}
