// SPDX-License-Identifier: GPL-3.0-or-later

package confine_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/process"
)

func TestOnlyFoldersCanBeShown(t *testing.T) {
	_, o := cell(t)
	o.Confined.Write = []string{"/no/such/folder"}
	if err := o.Run(t.Context(), "/bin/true"); err == nil ||
		!strings.Contains(err.Error(), "confine a program: stat /no/such/folder") {
		t.Error(err)
	}
}

// data creates a folder like a server's, which only its user can read.
func data(t *testing.T, dir string) string {
	t.Helper()
	at := filepath.Join(dir, "data")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(at, "below"), 0o700),
		os.WriteFile(filepath.Join(at, "rows"), []byte("rows\n"), 0o600),
		os.WriteFile(filepath.Join(at, "prog"), []byte("#!/bin/sh\necho run\n"), 0o755),
		os.Chown(at, 65534, 65534), os.Chown(filepath.Join(at, "rows"), 65534, 65534),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// A tool is root, because only root may log in to its server, and it reads paths that an untrusted server names. The
// server's account must not gain root's rights by that.
func TestRootHasNothingButWhatItIsShown(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	if err := unix.Mount("tmpfs", filepath.Join(at, "below"), "tmpfs", 0, "uid=65534"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(filepath.Join(at, "below"), 0)
	if err := os.WriteFile(filepath.Join(at, "below", "prog"), []byte("#!/bin/sh\necho run\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	o.Owner, o.Dir = confine.Owner{}, ""
	o.Confined = &confine.Confinement{Data: []string{at}, Reader: confine.Owner{UID: 65534, GID: 65534},
		Temporary: "/scratch",
		Files:     map[string][]byte{"/login/client.cnf": []byte("secret\n")}}
	for script, want := range map[string]string{
		"id -u; pwd; cat " + at +
			"/rows /login/client.cnf; echo x > /scratch/y && cat /scratch/y": "0\n/\nrows\nsecret\nx\n",
		"for f in " + at + "/x " + at + "/below/x /login/x /etc/passwd /usr/x /x; do (echo x > $f) && echo wrote $f;" +
			" done": "",
		at + "/prog; " + at + "/below/prog; cp " + at + "/prog /scratch && /scratch/prog": "",
		"cat /etc/shadow; ls " + dir: "data\n",
		"mount -t tmpfs x /usr && echo mounted; mknod /scratch/d b 8 0 && echo made; kill -9 1; chroot / /bin/true &&" +
			" echo chrooted": "",
		"umount " + at + "; mount -o remount,exec " + at + "; " + at + "/prog": "",
	} {
		var out bytes.Buffer
		o.Stdout = &out
		_ = o.Run(t.Context(), "/bin/sh", "-c", script)
		if out.String() != want {
			t.Errorf("%s: %q", script, out.String())
		}
	}
	c, err := process.StartChild(t.Context(), o, "/bin/sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Kill()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID()))
	for _, line := range []string{"CapInh:\t0000000000000000", "CapPrm:\t0000000000000002", "CapBnd:\t0000000000000002",
		"CapAmb:\t0000000000000000", "NoNewPrivs:\t1"} {
		if err != nil || !strings.Contains(string(status), line) {
			t.Errorf("%v: no %q in\n%s", err, line, status)
		}
	}
}

func TestFilesAreHiddenAndCopied(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	o.Owner, o.Dir = confine.Owner{}, ""
	o.Confined = &confine.Confinement{Data: []string{at}, Reader: confine.Owner{UID: 65534, GID: 65534},
		Hidden: []string{"/usr/bin/env", "/usr/bin/no-such-program"},
		Copies: map[string][]byte{filepath.Join(at, "rows"): []byte("copied\n")}}
	for script, want := range map[string]string{
		"cat " + at + "/rows; echo more >> " + at + "/rows; cat " + at +
			"/rows": "copied\ncopied\nmore\n",
		"[ -s /usr/bin/env ] && echo there; /usr/bin/env": "",
		"echo '#!/bin/sh' > " + at + "/rows; echo 'echo run' >> " + at + "/rows; chmod 700 " + at + "/rows; " + at +
			"/rows": "",
	} {
		var out bytes.Buffer
		o.Stdout = &out
		_ = o.Run(t.Context(), "/bin/sh", "-c", script)
		if out.String() != want {
			t.Errorf("%s: %q", script, out.String())
		}
	}
	if rows, err := os.ReadFile(filepath.Join(at, "rows")); string(rows) != "rows\n" {
		t.Errorf("%q, %v", rows, err)
	}
}

// A copy is written where it was requested, and not where a link of the server leads.
func TestACopyIsNotMountedWhereALinkLeads(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	link := filepath.Join(at, "t.isl")
	if err := os.Symlink("/proc/login/client.cnf", link); err != nil {
		t.Fatal(err)
	}
	o.Owner, o.Dir = confine.Owner{}, ""
	o.Confined = &confine.Confinement{Data: []string{at}, Reader: confine.Owner{UID: 65534, GID: 65534},
		Files:  map[string][]byte{"/login/client.cnf": []byte("ours")},
		Copies: map[string][]byte{link: []byte("theirs")}}
	if err := o.Run(t.Context(), "/bin/true"); err == nil ||
		!strings.Contains(err.Error(), link+" was exchanged while it was looked at") {
		t.Error(err)
	}
	// A login is never written into a folder of the server.
	o.Confined = &confine.Confinement{Data: []string{at}, Reader: confine.Owner{UID: 65534, GID: 65534},
		Files: map[string][]byte{filepath.Join(at, "client.cnf"): nil}}
	if err := o.Run(t.Context(), "/bin/true"); err == nil ||
		!strings.Contains(err.Error(), "client.cnf is the server's, too") {
		t.Error(err)
	}
}

// A path that a server names is shown only if the server's account could have read it.
func TestPathsThatAServerNamesAreShownIfItCanReadThem(t *testing.T) {
	dir, o := cell(t)
	at := data(t, dir)
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("key\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(at, "link")
	if err := os.Symlink("/etc/shadow", link); err != nil {
		t.Fatal(err)
	}
	o.Owner, o.Dir = confine.Owner{}, ""
	show := func(paths ...string) (string, error) {
		var out bytes.Buffer
		o.Stdout = &out
		o.Confined = &confine.Confinement{Data: paths, Reader: confine.Owner{UID: 65534, GID: 65534}}
		err := o.Run(t.Context(), "/bin/cat", paths[len(paths)-1])
		return out.String(), err
	}
	for path, want := range map[string]string{
		"/etc/shadow": "user 65534 cannot read what is to be shown as his: open /etc/shadow",
		"/root":       "user 65534 cannot read", link: "user 65534 cannot read",
		key: "user 65534 cannot read", "/": "the folder / is not of user 65534, whose it is to be shown as",
		"/etc": "the folder /etc is not of user 65534",
	} {
		if out, err := show(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", path, out, err)
		}
	}
	if err := os.Chown(key, 0, 65534); err != nil {
		t.Fatal(err)
	}
	if out, err := show(at, key); out != "key\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	// A mount in it was made by root, and is not the server's.
	below := filepath.Join(at, "below")
	if err := unix.Mount("tmpfs", below, "tmpfs", 0, "mode=0755"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(below, 0)
	if err := os.WriteFile(filepath.Join(below, "theirs"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Confined = &confine.Confinement{Data: []string{at}, Reader: confine.Owner{UID: 65534, GID: 65534}}
	var out bytes.Buffer
	o.Stdout = &out
	if err := o.Run(t.Context(), "/bin/sh", "-c", "ls "+below+"; ls "+at); err != nil ||
		out.String() != "below\nlink\nprog\nrows\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if out, err := show(at, filepath.Join(at, "rows")); out != "rows\n" || err != nil {
		t.Errorf("below what shows already: %q, %v", out, err)
	}
	// Our own groups and capabilities are unchanged afterwards.
	if _, err := os.ReadFile("/etc/shadow"); err != nil {
		t.Error(err)
	}
}

func TestASocketIsTheOneThatWasReached(t *testing.T) {
	dir, o := cell(t)
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	reached, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	o.Confined.Sockets = map[string]os.FileInfo{path: reached}
	var out bytes.Buffer
	o.Stdout = &out
	if err := o.Run(t.Context(), "/bin/sh", "-c", "[ -S "+path+" ] && echo there"); err != nil ||
		out.String() != "there\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if err := os.Rename(path, path+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/shadow", path); err != nil {
		t.Fatal(err)
	}
	if err := o.Run(t.Context(), "/bin/true"); err == nil ||
		!strings.Contains(err.Error(), path+" was exchanged while it was looked at") {
		t.Error(err)
	}
}
