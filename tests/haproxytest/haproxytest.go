// SPDX-License-Identifier: GPL-3.0-or-later

// Package haproxytest gives tests recorded answers of HAProxy, and hosts with HAProxy's files and processes.
package haproxytest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// StatHead is the header line of "show stat" with the columns that matter.
const StatHead = "# pxname,svname,scur,stot,status,type,lastsess,bck,pid,sid,last_chk,\n"

// folder is the path of the recordings from internal/haproxy and from the packages below it.
func folder(t testing.TB) string {
	t.Helper()
	for _, path := range []string{"testdata", "../testdata"} {
		if _, err := os.Stat(filepath.Join(path, "haproxy-lab.cfg")); err == nil {
			return path
		}
	}
	t.Fatal("there are no recordings of HAProxy")
	return ""
}

// Recorded returns a recording.
func Recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Seeds adds the recordings that match a pattern to a fuzz target.
func Seeds(f *testing.F, pattern string) {
	f.Helper()
	files, _ := filepath.Glob(filepath.Join(folder(f), pattern))
	if len(files) == 0 {
		f.Fatal("no seeds match ", pattern)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// ShortDir returns a folder with a short name: the path of a unix socket has at most 108 bytes.
func ShortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Machine creates a root directory with files, by path and content.
func Machine(t testing.TB, files map[string]string) (root string) {
	t.Helper()
	root = ShortDir(t)
	for path, content := range files {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Process is the content of /proc for one process: root's or this user's haproxy, unless fields say otherwise.
type Process struct {
	PID, Parent int
	UIDs        string // all four uids
	Exe         string
	Namespace   string // the user namespace; another name gets another inode
}

// Run adds a process to the /proc below a root directory.
func Run(t testing.TB, root string, p Process) {
	t.Helper()
	if p.UIDs == "" {
		p.UIDs = fmt.Sprintf("%[1]d\t%[1]d\t%[1]d\t%[1]d", os.Geteuid())
	}
	dir := filepath.Join(root, fmt.Sprint("/proc/", p.PID))
	for name, content := range map[string]string{
		"comm":   "haproxy\n",
		"status": fmt.Sprintf("Name:\thaproxy\nPPid:\t%d\nUid:\t%s\n", p.Parent, p.UIDs),
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(cmp.Or(p.Exe, "/usr/sbin/haproxy"), filepath.Join(dir, "exe")); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{dir, filepath.Join(root, "/proc/self")} {
		if err := os.MkdirAll(filepath.Join(of, "ns"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own := filepath.Join(root, "/proc/self/ns/user")
	if err := os.WriteFile(own, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if p.Namespace != "" {
		own = filepath.Join(root, "/proc/self/ns/"+p.Namespace)
		if err := os.WriteFile(own, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(own, filepath.Join(dir, "ns/user")); err != nil {
		t.Fatal(err)
	}
}
