// SPDX-License-Identifier: GPL-3.0-or-later

package locate

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/peer"
	"overcloud.backup/tests/haproxytest"
)

// A reading sees the processes of its own /proc and no others, wherever that is.
func TestProcessesAreThoseOfTheHostsProc(t *testing.T) {
	root, other := haproxytest.ShortDir(t), haproxytest.ShortDir(t)
	haproxytest.Run(t, root, haproxytest.Process{PID: 7, Parent: 1})
	haproxytest.Run(t, other, haproxytest.Process{PID: 8, Parent: 1})
	for _, c := range []struct {
		host Host
		want string
	}{
		{Host{Root: root}, "7"}, {Host{Root: root, Proc: filepath.Join(other, "proc")}, "8"},
		{Host{Root: root, Proc: t.TempDir()}, ""},
	} {
		all := c.host.Processes(peer.Trust())
		got := ""
		for _, p := range all {
			if got += p.PID; !c.host.Runs(p) {
				t.Errorf("process %s does not run", p.PID)
			}
		}
		CloseProcesses(all)
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c.host, got, c.want)
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "proc/7")); err != nil {
		t.Fatal(err)
	}
	if (Host{Root: root}).Runs(Process{PID: "7"}) {
		t.Error("a process that has ended runs")
	}
}

func TestTheFilesOfACommandLine(t *testing.T) {
	for line, want := range map[string]string{
		"haproxy": "", "haproxy -f /a": "/a", "haproxy -f a -f /b": "/run/a /b", "haproxy -D -f /a -p /pid": "/a",
		"haproxy -C /etc -f a": "/etc/a", "haproxy -f a -C /etc": "/etc/a", "haproxy -f": "",
		"haproxy -f /a -- /b c": "/a /b /run/c",
		"haproxy -- /b":         "/b", "haproxy --": "", "haproxy -C": "", "haproxy -f -- ": "/run/--",
		"haproxy -sf 12 -f /a": "/a",
	} {
		if got := strings.Join(filesOf(strings.Split(line, " "), "/run"), " "); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// A status that cannot be read is nobody's: no user may vouch for the process.
func TestTheStatusOfAProcess(t *testing.T) {
	for text, want := range map[string]status{
		"Name:\thaproxy\nPPid:\t1\nUid:\t0\t1\t2\t3\nGid:\t9\t9\t9\t9\n": {[]uint32{0, 1, 2, 3}, "1"},
		"Uid:\t0\t0\t0\n": {}, "Uid:\t0\t0\t0\tx\nPPid:\t1\n": {}, "Uid:\t0\t0\t0\t-1\n": {}, "": {},
		"PPid:\t1 2\n":                {},
		"Uid:\t0\t0\t0\t4294967296\n": {}, "Name:\tUid: 0 0 0 0\n": {},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "status"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := statusOf(f); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
		f.Close()
	}
}

func TestAConfigurationIsAFileOrAFolderOfThem(t *testing.T) {
	h := hostWith(t, map[string]string{"/f/b.cfg": "b", "/f/a.cfg": "a", "/f/c.txt": "c", "/one": "1", "/empty/x": ""})
	if err := errors.Join(syscall.Mkfifo(h.Path("/pipe"), 0o600), os.Truncate(h.Path("/empty/x"), maxConfig+1),
		os.Symlink("/dev/zero", h.Path("/device"))); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/f": "a b", "/one": "1", "/none": "no such file or directory", "/pipe": "it is not a regular file",
		"/device": "it is not a regular file", "/empty/x": "it is larger than 16 MiB",
	} {
		files, at, err := ReadConfigs([]File{{Name: h.Path(path)}})
		var all []string
		for _, f := range files {
			all = append(all, string(f.Content))
		}
		got := strings.Join(all, " ")
		if err != nil {
			got = err.Error()
		}
		if got != want || (err != nil) != (at == h.Path(path)) {
			t.Errorf("%s: %q at %s, want %q", path, got, at, want)
		}
	}
}
