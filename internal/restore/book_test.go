// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/pacemaker/cib"
)

func home(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "restore")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func open(t *testing.T, at string) *Book {
	t.Helper()
	b, err := OpenBook(at)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A step that is killed during a write leaves a temporary file beside the book.
func TestTheNextStepRemovesWhatAKilledOneWrote(t *testing.T) {
	at := home(t)
	left := []string{".restore.json.ABCDEFGH.new", ".definitions.jsonl.ABCDEFGH.new"}
	for _, name := range append(left, ".other.ABCDEFGH.new") {
		if err := os.WriteFile(filepath.Join(at, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open(t, at).Close()
	for _, name := range left {
		if _, err := os.Lstat(filepath.Join(at, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(at, ".other.ABCDEFGH.new")); err != nil {
		t.Errorf("a file of another name: %v", err)
	}
}

func of(set string) func(*Book) { return func(b *Book) { b.Set = set } }

func TestARestoreIsContinuedAndNoOtherBegun(t *testing.T) {
	at := home(t)
	b := open(t, at)
	if b.Open() || b.UnderWay() {
		t.Fatalf("an empty book: %+v", b)
	}
	if err := b.Begin("one", of("/set")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBook(at); err == nil || !strings.Contains(err.Error(), "another step") {
		t.Errorf("opened twice: %v", err)
	}
	if err := b.Begin("two", of("/other")); err != nil || b.Set != "/other" {
		t.Errorf("one that has changed nothing is in the way: %v", err)
	}
	b.Fence = &Fence{Program: FenceNft, Port: "3306"}
	if err := b.save(); err != nil {
		t.Fatal(err)
	}
	b.Close()
	b = open(t, at)
	if err := b.Begin("three", of("/third")); err == nil || !strings.Contains(err.Error(), "/other") || b.Job != "two" {
		t.Errorf("another one was begun: %v, %+v", err, b)
	}
	if err := b.Begin("two", of("ignored")); err != nil || b.Set != "/other" {
		t.Errorf("not continued: %v", err)
	}
	if err := b.Of("three"); err == nil {
		t.Error("a step of another restore may be done")
	}
	if err := b.End(Restored); err != nil || b.Open() {
		t.Errorf("not ended: %v", err)
	}
	if err := b.RollBack(); err != nil || !b.UnderWay() {
		t.Errorf("a restore that ended cannot be rolled back: %v", err)
	}
	if err := b.Forward(); err == nil || !strings.Contains(err.Error(), "being rolled back") {
		t.Errorf("a rollback may be turned round: %v", err)
	}
	if err := errors.Join(b.End(RolledBack), b.Forward()); err != nil {
		t.Error(err)
	}
	if err := b.RollBack(); err != nil || b.Open() {
		t.Errorf("rolled back twice: %v", err)
	}
	if err := b.Begin("three", of("/third")); err != nil {
		t.Errorf("no new one can be begun after the end: %v", err)
	}
	b.Close()
}

func TestARefusedRestoreLeavesTheWayBackFromTheOneBefore(t *testing.T) {
	at := home(t)
	b := open(t, at)
	defer b.Close()
	if err := b.Begin("one", func(b *Book) { b.Aside = []string{"/old"} }); err != nil {
		t.Fatal(err)
	}
	if err := b.End(Restored); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"two", "three"} {
		if err := b.Begin(job, of("/set")); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Drop(); err != nil {
		t.Fatal(err)
	}
	read, err := ReadBook(at)
	if err != nil || read.Job != "one" || read.Ended != Restored || len(read.Aside) != 1 || b.Job != "one" {
		t.Errorf("%+v, %v", read, err)
	}
	if err := b.RollBack(); err != nil || !b.UnderWay() {
		t.Error(err)
	}
}

// TestAControllerThatRejoinedGoesBackWithTheOthers: the note of the cluster's restore is kept behind the notes of its
// rejoining.
func TestAControllerThatRejoinedGoesBackWithTheOthers(t *testing.T) {
	n, b := place(t)
	fill(t, n.Datadir+".aside-j", "old")
	fill(t, n.Datadir, "copied from the others")
	b.Aside, b.Replaced = []string{n.Datadir + ".aside-j"}, true
	if err := b.End(Restored); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"k", "l"} {
		if err := errors.Join(b.Begin(job, func(b *Book) { b.Rejoin = true }), b.End(Rejoined)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(b.Begin("j", of("ignored")), b.RollBack()); err != nil || b.Rejoin || b.Set != "" {
		t.Fatalf("%v, %+v", err, b)
	}
	if _, err := n.PutBack(context.Background(), b); err != nil || what(n.Datadir) != "old" {
		t.Errorf("%v, %s", err, what(n.Datadir))
	}
}

func TestARestoreTakesOverARejoiningThatWasNotEnded(t *testing.T) {
	at := home(t)
	b := open(t, at)
	defer b.Close()
	begin := func(job string) error { return b.Begin(job, of("/set")) }
	if err := errors.Join(begin("one"), b.End(Restored), b.Begin("rejoin", func(b *Book) {
		b.Rejoin, b.Banned = true,
			true
	})); err != nil {
		t.Fatal(err)
	}
	if err := begin("one"); err == nil || b.Job != "rejoin" {
		t.Errorf("a rollback has taken it over: %v", err)
	}
	// A refused set changes nothing, and a restore that was begun later takes it over again.
	for _, job := range []string{"two", "three"} {
		if err := begin(job); err != nil || b.UnderWay() || b.Before == nil || !b.Before.Banned {
			t.Fatalf("%s: %v, %+v", job, err, b)
		}
	}
	if err := b.Drop(); err != nil || b.Job != "rejoin" || !b.Banned {
		t.Fatalf("%v, %+v", err, b)
	}
	if err := begin("four"); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	log := filepath.Join(bin, "log")
	if err := os.WriteFile(filepath.Join(bin, "crm_resource"), []byte("#!/bin/sh\necho $* >>"+log+"\n"),
		0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	n := &Node{Name: "controller-2"}
	n.Agent.Parent = "galera-master"
	for range 2 {
		if err := n.EndBan(context.Background(), b); err != nil || b.Before.Banned {
			t.Error(err)
		}
	}
	if content, _ := os.ReadFile(log); string(content) != "--clear --resource galera-master --node controller-2\n" {
		t.Errorf("%s", content)
	}
}

func TestADamagedBookIsNotTakenForNone(t *testing.T) {
	at := home(t)
	if err := os.WriteFile(filepath.Join(at, bookName), []byte(`{"job":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBook(at); err == nil || !strings.Contains(err.Error(), bookName) {
		t.Errorf("%v", err)
	}
}

func TestOnlyWhatTheRestoreNamedIsRemoved(t *testing.T) {
	folder := t.TempDir()
	n := &Node{Datadir: filepath.Join(folder, "mysql")}
	mine, other := n.Datadir+".aside-j", filepath.Join(folder, "precious")
	for _, path := range []string{mine, other} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.RemoveOld(&Book{Aside: []string{mine, other}}); err != nil {
		t.Fatal(err)
	}
	if exists(mine) || !exists(other) {
		t.Errorf("mine: %v, other: %v", exists(mine), exists(other))
	}
}

// TestADatadirThatIsHalfRemovedIsNoWayBack sets up the state after a kill during the removal of old datadirs.
func TestADatadirThatIsHalfRemovedIsNoWayBack(t *testing.T) {
	n, b := place(t)
	b.Aside, b.Replaced = []string{n.Datadir + ".aside-j", n.Datadir + ".aside-j-2"}, true
	fill(t, n.Datadir+".removing-j", "half of it")
	fill(t, b.Aside[1], "came back")
	if n.HasOld(b) {
		t.Error("what is half removed counts as old")
	}
	if got, err := n.RemoveOld(b); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if left, _ := filepath.Glob(n.Datadir + ".*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestFilesOutsideOfTheDatadirAreRefused(t *testing.T) {
	config := filepath.Join(t.TempDir(), "my.cnf")
	n := &Node{Datadir: "/var/lib/mysql"}
	n.Agent.Config = config
	for _, c := range []struct{ text, want string }{
		{"[mysqld]\nport=3307\ninnodb_page_size=4k\nwsrep_cluster_name=c\n", ""},
		{"[mysqld]\ninnodb-log-group-home-dir=/srv/redo\n", "/srv/redo"},
		{"[galera]\ninnodb_undo_directory=./\n[mysqld]\ninnodb_data_home_dir=/var/lib/mysql/\n", ""},
	} {
		if err := os.WriteFile(config, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		err := n.readOptions()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.text, err)
		}
		if c.text[9:18] == "port=3307" && (n.Port != "3307" || n.Cluster != "c" || strings.Join(n.Options,
			" ") != "--innodb-page-size=4k") {
			t.Errorf("%+v", n)
		}
	}
}

// Their number is how many servers a rejoining controller must see.
func TestOnlyTheDatabasesNodesAreCounted(t *testing.T) {
	online := among([]string{"a", "b", "database-0"}, []string{"a", "compute-0", "database-0", "messaging-0"})
	if !slices.Equal(online, []string{"a", "database-0"}) {
		t.Errorf("%q", online)
	}
}

func TestAClusterOfWhichSomethingIsMissingIsRefused(t *testing.T) {
	n := &Node{Members: []string{"a", "b", "c"}, Online: []string{"a", "c"}}
	if err := n.Whole(); err == nil || !strings.Contains(err.Error(), ": b;") {
		t.Errorf("%v", err)
	}
	n.Online = append(n.Online, "b")
	if err := n.Whole(); err != nil {
		t.Error(err)
	}
}

func TestDataThatTheServerCannotReadAreRefused(t *testing.T) {
	n := &Node{Options: []string{"--innodb-page-size=4k"}}
	for _, c := range []struct {
		options []string
		refused bool
	}{
		{[]string{"--innodb-page-size=4096", "--innodb-data-file-path=ibdata1:12582912:autoextend",
			"--innodb-undo-tablespaces=3"}, false},
		{[]string{"--innodb-page-size=16384"}, true},
		{[]string{"--innodb-data-file-path=ibdata1:12M;ibdata2:1G:autoextend"}, true},
		{[]string{"--lower-case-table-names=0"}, false},
		{[]string{"--lower-case-table-names=1"}, true},
		{nil, false},
	} {
		if err := n.Readable(c.options); (err != nil) != c.refused {
			t.Errorf("%v: %v", c.options, err)
		}
	}
}

func TestAMountOfTheSameFileSystemIsSeen(t *testing.T) {
	const mountinfo = "28 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n40 28 8:1 /srv/mysql /var/lib/mysql rw,relatime " +
		"shared:1 - ext4 /dev/sda1 rw\n"
	for folder, want := range map[string]bool{"/var/lib/mysql": true, "/var/lib/mysql2": false, "/srv/mysql": false,
		"/var/lib": false} {
		if mountPoint(mountinfo, folder) != want {
			t.Errorf("%s: %v", folder, !want)
		}
	}
	n := &Node{Datadir: t.TempDir()}
	if err := n.Movable(); err != nil {
		t.Error(err)
	}
}

func TestACopyThatThePromotionWouldCutOffIsWarnedOf(t *testing.T) {
	n := &Node{Members: []string{"a", "b"}, Agent: cib.Agent{Resource: "galera", Promote: 5 * time.Minute}}
	for bytes, want := range map[int64]string{200 << 20: "", 29e9: "",
		60e9: "pcs resource update galera op promote timeout=1800s"} {
		if got := n.TooSlow(bytes); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%d: %q", bytes, got)
		}
	}
	n.Agent.Promote = 0
	if got := n.TooSlow(60e9); got != "" {
		t.Errorf("a limit that is not known: %q", got)
	}
}
