// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is a controller whose datadir has a marker in the file mysql/what.
func place(t *testing.T) (*Node, *Book) {
	t.Helper()
	withoutContainers(t)
	n := &Node{Datadir: filepath.Join(t.TempDir(), "mysql")}
	b := open(t, home(t))
	t.Cleanup(func() { b.Close() })
	if err := b.Begin("j", func(b *Book) { b.UUID, b.Seqno = "cbf5d78c-e713-11f1-af59-aa484bf1c1c6", 42 }); err != nil {
		t.Fatal(err)
	}
	fill(t, n.Datadir, "old")
	return n, b
}

// withoutContainers puts fakes of podman and docker on PATH that list no containers, whatever runs on this machine.
func withoutContainers(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	for _, engine := range []string{"podman", "docker"} {
		if err := os.WriteFile(filepath.Join(bin, engine), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

// needsServer skips a test that creates the datadir of an empty server, if that is not possible.
func needsServer(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: an empty datadir is given to the server's user")
	}
	if err := (&Node{}).canMakeEmpty(t.Context()); err != nil {
		t.Skip(err)
	}
}

func fill(t *testing.T, datadir, what string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(datadir, "mysql"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(datadir, "mysql", "what"), []byte(what), 0o600); err != nil {
		t.Fatal(err)
	}
}

func what(datadir string) string {
	content, err := os.ReadFile(filepath.Join(datadir, "mysql", "what"))
	if err != nil {
		return "nothing"
	}
	return string(content)
}

func TestTheSetReplacesTheDatadirAndCanBePutBack(t *testing.T) {
	n, b := place(t)
	b.Target = true
	if _, err := n.Replace(context.Background(), b); err == nil || what(n.Datadir) != "old" {
		t.Fatalf("replaced by what is not there: %v, %s", err, what(n.Datadir))
	}
	fill(t, n.Ready(b), "set")
	for range 2 {
		if _, err := n.Replace(context.Background(), b); err != nil || what(n.Datadir) != "set" || !n.HasOld(b) {
			t.Fatalf("%v, %s", err, what(n.Datadir))
		}
	}
	state, err := os.ReadFile(filepath.Join(n.Datadir, "grastate.dat"))
	if err != nil || !strings.Contains(string(state), b.UUID+"\nseqno:   42\nsafe_to_bootstrap: 1\n") {
		t.Errorf("%s, %v", state, err)
	}
	if len(b.Aside) != 1 || what(b.Aside[0]) != "old" {
		t.Errorf("aside: %v", b.Aside)
	}
	for range 2 {
		if _, err := n.PutBack(context.Background(), b); err != nil || what(n.Datadir) != "old" {
			t.Fatalf("%v, %s", err, what(n.Datadir))
		}
	}
	if what(n.Datadir+".restored-j") != "set" {
		t.Error("the restored data are gone")
	}
}

func TestADatadirThatCameBackGoesAsideToo(t *testing.T) {
	n, b := place(t)
	b.Target = true
	fill(t, n.Ready(b), "set")
	if _, err := n.aside(b); err != nil {
		t.Fatal(err)
	}
	fill(t, n.Datadir, "came back")
	if _, err := n.Replace(context.Background(), b); err != nil || what(n.Datadir) != "set" || len(b.Aside) != 2 ||
		what(b.Aside[0]) != "old" || what(b.Aside[1]) != "came back" {
		t.Errorf("%v, %s, %v", err, what(n.Datadir), b.Aside)
	}
}

// TestARollbackThatWasKilledIsDoneAgain sets up the state after a kill at each point of a rollback, or before it.
func TestARollbackThatWasKilledIsDoneAgain(t *testing.T) {
	aside := func(n *Node, b *Book) {
		b.Aside = []string{n.Datadir + ".aside-j"}
		_ = os.Rename(n.Datadir, b.Aside[0])
	}
	for name, arrange := range map[string]func(t *testing.T, n *Node, b *Book){
		"nothing was touched": func(*testing.T, *Node, *Book) {},
		"the name was recorded, nothing moved": func(_ *testing.T, n *Node,
			b *Book) {
			b.Aside = []string{n.Datadir + ".aside-j"}
		},
		"moved aside, nothing put in place": func(_ *testing.T, n *Node, b *Book) { aside(n, b) },
		"moved aside, and something made an empty one": func(t *testing.T, n *Node, b *Book) {
			aside(n, b)
			if err := os.Mkdir(n.Datadir, 0o755); err != nil {
				t.Fatal(err)
			}
		},
		"recorded as replaced, nothing there": func(_ *testing.T, n *Node, b *Book) { aside(n, b); b.Replaced = true },
		"replaced": func(t *testing.T, n *Node, b *Book) {
			aside(n,
				b)
			b.Replaced = true
			fill(t, n.Datadir, "set")
		},
		"the restored one was moved, no old one": func(t *testing.T, n *Node, b *Book) {
			aside(n, b)
			b.Replaced = true
			fill(t, n.Datadir+".restored-j", "set")
		},
		"put back, and not recorded": func(t *testing.T, n *Node, b *Book) {
			b.Aside, b.Replaced = []string{n.Datadir + ".aside-j"}, true
			if err := os.WriteFile(filepath.Join(n.Datadir, markName), []byte("back-j\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		n, b := place(t)
		arrange(t, n, b)
		for range 2 {
			if _, err := n.PutBack(context.Background(), b); err != nil || what(n.Datadir) != "old" || b.Replaced {
				t.Errorf("%s: %v, %s", name, err, what(n.Datadir))
			}
		}
	}
}

// TestRestoredDataDoNotStayWhereThereWereNone: a controller without a datadir before the restore must not keep the
// restored one while the others have their old ones.
func TestRestoredDataDoNotStayWhereThereWereNone(t *testing.T) {
	needsServer(t)
	n, b := place(t)
	if err := os.RemoveAll(n.Datadir); err != nil {
		t.Fatal(err)
	}
	fill(t, n.Datadir, "copied from the set")
	b.Replaced = true
	if n.HasOld(b) {
		t.Error("what the restore made counts as old")
	}
	if _, err := n.PutBack(context.Background(), b); err != nil || what(n.Datadir) != "nothing" ||
		!exists(filepath.Join(n.Datadir, "mysql")) {
		t.Errorf("%v, %s", err, what(n.Datadir))
	}
}

// TestTheMarkIsNotWrittenThroughALink: the datadir belongs to the server's user, and a restore runs as root.
func TestTheMarkIsNotWrittenThroughALink(t *testing.T) {
	n, b := place(t)
	other := filepath.Join(t.TempDir(), "other")
	if err := errors.Join(os.WriteFile(other, []byte("root's"), 0o600), os.Symlink(other, filepath.Join(n.Datadir,
		markName))); err != nil {
		t.Fatal(err)
	}
	if err := mark(n.Datadir, b.Job); err != nil || !marked(n.Datadir, b.Job) {
		t.Error(err)
	}
	if content, err := os.ReadFile(other); err != nil || string(content) != "root's" {
		t.Errorf("%q, %v", content, err)
	}
}

func TestAnAccountOfTheHealthCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clustercheck")
	for text, want := range map[string]string{
		"MYSQL_USERNAME=clustercheck\nMYSQL_PASSWORD=se=cret\nMYSQL_HOST=localhost\n": "clustercheck se=cret",
		"export MYSQL_USERNAME=\"c\"\nexport MYSQL_PASSWORD='s'\n":                    "c s",
		"MYSQL_USERNAME=c\n": "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, found := checkAccount(path)
		if got := strings.TrimSpace(a.User + " " + a.Password); found != (want != "") || found && got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// The server's user can put links into its datadirs, and root writes there.
func TestNothingIsWrittenThroughALinkInADatadir(t *testing.T) {
	n, b := place(t)
	b.Target = true
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("root's"), 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, n.Ready(b), "set")
	for _, link := range []string{filepath.Join(n.Ready(b), "grastate.dat"), filepath.Join(n.Ready(b), markName),
		filepath.Join(n.Datadir, markName)} {
		if err := os.Symlink(victim, link); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.Replace(context.Background(), b); err != nil || what(n.Datadir) != "set" || !marked(n.Datadir, "j") {
		t.Errorf("%v, %s", err, what(n.Datadir))
	}
	if _, err := n.PutBack(context.Background(), b); err != nil || what(n.Datadir) != "old" || !marked(n.Datadir,
		backOf("j")) {
		t.Errorf("%v, %s", err, what(n.Datadir))
	}
	if content, _ := os.ReadFile(victim); string(content) != "root's" {
		t.Errorf("the link led to what is %q now", content)
	}
}

func TestFilesWrittenIntoADatadirBelongToItsOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to give files away")
	}
	datadir := t.TempDir()
	if err := os.Chown(datadir, 65534, 65533); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := writeInto(datadir, "grastate.dat", "x"); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(datadir, "grastate.dat"))
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 65534 || owner.Gid != 65533 {
		t.Errorf("%+v", owner)
	}
}

// The server's user can put a pipe where root reads a file: without a writer, opening it would block.
func TestAPipeInADatadirBlocksNobody(t *testing.T) {
	datadir := t.TempDir()
	for _, name := range []string{markName, "clustercheck"} {
		if err := syscall.Mkfifo(filepath.Join(datadir, name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan bool, 2)
	go func() { ended <- marked(datadir, "j") }()
	go func() { _, found := checkAccount(filepath.Join(datadir, "clustercheck")); ended <- found }()
	for range 2 {
		select {
		case taken := <-ended:
			if taken {
				t.Error("a pipe was taken for a file")
			}
		case <-time.After(5 * time.Second):
			t.Fatal("a read of the pipe hangs")
		}
	}
}

// A mark behind a link says nothing about this datadir.
func TestAMarkBehindALinkDoesNotCount(t *testing.T) {
	datadir, other := t.TempDir(), filepath.Join(t.TempDir(), "other")
	if err := errors.Join(os.WriteFile(other, []byte("j\n"), 0o600), os.Symlink(other, filepath.Join(datadir,
		markName))); err != nil {
		t.Fatal(err)
	}
	if marked(datadir, "j") {
		t.Error("the link was followed")
	}
}
