// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"overcloud.backup/internal/process"
)

// firewall is a host with fake firewalls that record everything they get, and remember iptables' rules.
type firewall struct{ dir string }

const fakeNft = `#!/bin/sh
echo "nft $*" >>DIR/log
[ ! -e DIR/book ] || grep program DIR/book >>DIR/noted
if [ "$1" = -f ]; then cat >DIR/rules; cat DIR/rules >>DIR/log; fi
[ ! -e DIR/broken ]
`

const fakeIptables = `#!/bin/sh
me=${0##*/}
echo "$me $*" >>DIR/log
[ ! -e DIR/broken ] || exit 4
shift
case $1 in
-N) [ ! -e DIR/$me.chain ] && : >DIR/$me.chain ;;
-F) [ -e DIR/$me.chain ] && : >DIR/$me.chain ;;
-A) [ -e DIR/$me.chain ] && echo "$*" >>DIR/$me.chain ;;
-C) [ -s DIR/$me.jumps ] ;;
-I) echo "$*" >>DIR/$me.jumps ;;
-D) sed -i 1d DIR/$me.jumps ;;
-X) [ ! -s DIR/$me.jumps ] && [ ! -s DIR/$me.chain ] && rm DIR/$me.chain ;;
-n) [ -e DIR/$me.chain ] ;;
*) exit 2 ;;
esac
`

func newFirewall(t *testing.T, programs ...string) *firewall {
	t.Helper()
	f := &firewall{t.TempDir()}
	for _, name := range programs {
		script := fakeIptables
		if name == "nft" {
			script = fakeNft
		}
		putFile(t, filepath.Join(f.dir, name), strings.ReplaceAll(script, "DIR", f.dir))
	}
	t.Setenv("PATH", f.dir+":/usr/bin:/bin")
	for _, name := range []string{"nft", "iptables", "ip6tables"} {
		if path, err := process.Find(name); err == nil && filepath.Dir(path) != f.dir {
			t.Skipf("this machine has %s, which the test would call", path)
		}
	}
	return f
}

func (f *firewall) file(name string) string {
	content, _ := os.ReadFile(filepath.Join(f.dir, name))
	return string(content)
}

func (f *firewall) log() string {
	got := f.file("log")
	_ = os.Remove(filepath.Join(f.dir, "log"))
	return got
}

func fenced(t *testing.T, change func(*Book)) (*Node, *Book) {
	t.Helper()
	b := open(t, home(t))
	t.Cleanup(func() { b.Close() })
	if err := b.Begin("j", change); err != nil {
		t.Fatal(err)
	}
	return &Node{Port: "3307"}, b
}

// HAProxy reaches the server of its own host by one of the host's addresses, over lo: only the loopback addresses are
// admitted.
const wantRules = `table inet overcloud_backup_restore
delete table inet overcloud_backup_restore
table inet overcloud_backup_restore {
  chain input {
    type filter hook input priority -10; policy accept;
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    tcp dport 3307 reject with tcp reset
  }
}
`

func TestNftKeepsClientsFromThePortOfTheServer(t *testing.T) {
	f := newFirewall(t, "nft", "iptables")
	n, b := fenced(t, of("/set"))
	for i, want := range []bool{true, false} { // a rule that was removed meanwhile exists again
		if changed, err := n.KeepOut(t.Context(), b, FenceAuto); err != nil || changed != want ||
			b.Fence.Program != FenceNft {
			t.Fatalf("time %d: %v %v %+v", i, changed, err, b.Fence)
		}
		if got := f.log(); got != "nft -f -\n"+wantRules {
			t.Errorf("time %d: %s", i, got)
		}
	}
	for i, want := range []bool{true, false} {
		if changed, err := LetIn(t.Context(), b); err != nil || changed != want || b.Fence != nil || !b.Opened {
			t.Fatalf("time %d: %v %v", i, changed, err)
		}
	}
	const gone = "table inet overcloud_backup_restore\ndelete table inet overcloud_backup_restore\n"
	if got := f.log(); got != "nft -f -\n"+gone {
		t.Error(got)
	}
	if changed, err := n.KeepOut(t.Context(), b, FenceAuto); err != nil || changed || f.log() != "" {
		t.Errorf("clients were let in, and are kept out again: %v %v", changed, err)
	}
}

func TestIptablesKeepsClientsFromThePortOfTheServer(t *testing.T) {
	f := newFirewall(t, "iptables", "ip6tables")
	n, b := fenced(t, of("/set"))
	for range 3 {
		if _, err := n.KeepOut(t.Context(), b, FenceAuto); err != nil || b.Fence.Program != FenceIptables {
			t.Fatalf("%v %+v", err, b.Fence)
		}
	}
	for program, home := range map[string]string{"iptables": "127.0.0.0/8", "ip6tables": "::1/128"} {
		if program == "ip6tables" && len(iptables()) == 1 {
			continue // a kernel without IPv6
		}
		want := "-A OVERCLOUD_BACKUP_RESTORE -d " + home + " -j RETURN\n" +
			"-A OVERCLOUD_BACKUP_RESTORE -p tcp -j REJECT --reject-with tcp-reset\n"
		if got := f.file(program + ".chain"); got != want {
			t.Errorf("%s: the chain is %s", program, got)
		}
		if got := f.file(program + ".jumps"); got != "-I INPUT -p tcp --dport 3307 -j OVERCLOUD_BACKUP_RESTORE\n" {
			t.Errorf("%s: it is jumped to by %s", program, got)
		}
	}
	// A reload by somebody else added the jump a second time.
	putFile(t, filepath.Join(f.dir, "iptables.jumps"), "one\ntwo\nthree\n")
	if changed, err := LetIn(t.Context(), b); err != nil || !changed {
		t.Error(changed, err)
	}
	if f.file("iptables.jumps") != "" || exists(filepath.Join(f.dir, "iptables.chain")) ||
		exists(filepath.Join(f.dir, "ip6tables.chain")) {
		t.Errorf("rules are left: %s", f.log())
	}
}

// The note comes first: the next call sets the rules, or removes them.
func TestAFenceIsNotedBeforeItStands(t *testing.T) {
	f := newFirewall(t, "nft")
	n, b := fenced(t, func(b *Book) { b.Fence = &Fence{Program: FenceNft, Port: "3307"} })
	if !b.UnderWay() {
		t.Error("a fence that may stand changes nothing")
	}
	other, note := fenced(t, of("/set"))
	if err := os.Symlink(note.path, filepath.Join(f.dir, "book")); err != nil {
		t.Fatal(err)
	}
	if _, err := other.KeepOut(t.Context(), note, FenceNft); err != nil || !strings.Contains(f.file("noted"), `"nft"`) {
		t.Errorf("the note at the time of the rules: %q, %v", f.file("noted"), err)
	}
	if changed, err := n.KeepOut(t.Context(), b, FenceAuto); err != nil || changed || f.file("rules") != wantRules {
		t.Errorf("killed between note and rules: %v %v %s", changed, err, f.file("rules"))
	}
	// The note counts, even if the server has another port by now.
	n.Port = "3308"
	if _, err := n.KeepOut(t.Context(), b, FenceNft); err != nil || f.file("rules") != wantRules {
		t.Errorf("%v %s", err, f.file("rules"))
	}
	putFile(t, filepath.Join(f.dir, "broken"), "")
	n, b = fenced(t, of("/set"))
	if changed, err := n.KeepOut(t.Context(), b, FenceAuto); err == nil || changed || b.UnderWay() {
		t.Errorf("a firewall that does not work: %v %v %+v", changed, err, b.Fence)
	}
	read, err := ReadBook(filepath.Dir(b.path))
	if err != nil || read.Fence != nil {
		t.Errorf("%+v %v", read, err)
	}
}

func TestAHostWithoutTheFirewallIsReported(t *testing.T) {
	for how, c := range map[string]struct {
		installed []string
		want      string
	}{
		FenceAuto:     {nil, "nft nor iptables is not installed here"},
		FenceNft:      {[]string{"iptables"}, "nft is not installed here"},
		FenceIptables: {[]string{"nft"}, "iptables is not installed here"},
	} {
		f := newFirewall(t, c.installed...)
		n, b := fenced(t, of("/set"))
		changed, err := n.KeepOut(t.Context(), b, how)
		if err == nil || !strings.Contains(err.Error(), c.want) || changed || b.UnderWay() || f.log() != "" {
			t.Errorf("%s: %v %v", how, changed, err)
		}
	}
	f := newFirewall(t)
	n, b := fenced(t, of("/set"))
	if changed, err := n.KeepOut(t.Context(), b, FenceNone); err != nil || changed || b.UnderWay() || f.log() != "" {
		t.Errorf("the operator keeps them out: %v %v", changed, err)
	}
	if changed, err := LetIn(t.Context(), b); err != nil || changed || !b.Opened {
		t.Errorf("%v %v", changed, err)
	}
}
