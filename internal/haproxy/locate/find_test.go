// SPDX-License-Identifier: GPL-3.0-or-later

package locate

import (
	"fmt"
	"os"
	"testing"

	"overcloud.backup/internal/peer"
	"overcloud.backup/tests/haproxytest"
	"overcloud.backup/tests/user"
)

// somebody is an untrusted user.
const somebody = 54321

// hostWith returns a file system to search: content by path.
func hostWith(t testing.TB, files map[string]string) Host {
	return Host{Root: haproxytest.Machine(t, files)}
}

func first(t *testing.T, h Host, paths ...string) string {
	t.Helper()
	all := h.Processes(peer.Trust())
	defer CloseProcesses(all)
	if len(all) == 0 {
		t.Error("the process was not found")
	}
	f := h.First(paths, all, peer.Trust())
	f.held.Close()
	return f.Name
}

func TestFirstLooksOnlyWhereItMay(t *testing.T) {
	h := hostWith(t, map[string]string{"/proc/7/root/s": "", "/etc/b": "", "/locked/s": ""})
	haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
	if got := first(t, h, "/s", "/etc/b"); got != h.Path("/etc/b") {
		t.Errorf("a path on the host goes before a container's: %q", got)
	}
	for _, dir := range []string{"/proc/7/root", "/locked"} {
		if err := os.Chmod(h.Path(dir), 0); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(h.Path(dir), 0o755)
	}
	if err := os.Chmod(h.Root, 0o755); err != nil {
		t.Fatal(err)
	}
	user.Reading(t, 65534, func() {
		if got := first(t, h, "/s"); got != "" {
			t.Errorf("a container that may not be looked into gave %q", got)
		}
		if got := first(t, h, "/locked/s"); got != h.Path("/locked/s") {
			t.Errorf("what may not be looked at on the host is to be named in an error, got %q", got)
		}
	})
}

// Processes count according to what the kernel reports about them.
func TestProcessesThatCount(t *testing.T) {
	self := os.Geteuid()
	four := func(uids ...any) string { return fmt.Sprintf("%d\t%d\t%d\t%d", uids...) }
	his := four(somebody, somebody, somebody, somebody)
	worker := four(42454, 42454, 42454, 42454)
	for name, c := range map[string]struct {
		all  []haproxytest.Process
		want string
	}{
		"root's, or our own":         {[]haproxytest.Process{{PID: 7}}, "[7]"},
		"haproxy's":                  {[]haproxytest.Process{{PID: 7, UIDs: four(188, 188, 188, 188)}}, "[7]"},
		"a stranger's":               {[]haproxytest.Process{{PID: 7, UIDs: his}}, "[]"},
		"root's beside a stranger's": {[]haproxytest.Process{{PID: 6, UIDs: his}, {PID: 7}}, "[7]"},
		"a worker in a container": {[]haproxytest.Process{{PID: 7}, {PID: 8, Parent: 7, UIDs: worker}},
			"[7 8]"},
		"behind the wrapper": {[]haproxytest.Process{{PID: 8, Parent: 6, UIDs: worker,
			Exe: "/usr/sbin/haproxy"}, {PID: 6, Exe: "/usr/sbin/haproxy-systemd-wrapper"}}, "[6 8]"},
		"a worker whose master is gone": {[]haproxytest.Process{{PID: 8, Parent: 1, UIDs: worker}}, "[]"},
		"the child of a stranger's": {[]haproxytest.Process{{PID: 7, UIDs: his},
			{PID: 8, Parent: 7, UIDs: worker}}, "[]"},
		"the child of root's shell": {[]haproxytest.Process{{PID: 8, Parent: 6, UIDs: his},
			{PID: 6, Exe: "/usr/bin/bash"}}, "[]"},
		"its own parent":                  {[]haproxytest.Process{{PID: 8, Parent: 8, UIDs: his}}, "[]"},
		"a setuid program by that name":   {[]haproxytest.Process{{PID: 7, UIDs: four(somebody, 0, 0, 0)}}, "[]"},
		"another setuid program":          {[]haproxytest.Process{{PID: 7, Exe: "/usr/bin/sudo"}}, "[]"},
		"an update took its program away": {[]haproxytest.Process{{PID: 7, Exe: "/usr/sbin/haproxy (deleted)"}}, "[7]"},
		"in another user namespace":       {[]haproxytest.Process{{PID: 7, Namespace: "his"}}, "[]"},
		"a worker in another": {[]haproxytest.Process{{PID: 7},
			{PID: 8, Parent: 7, UIDs: worker, Namespace: "his"}}, "[7]"},
		"its status lacks users":    {[]haproxytest.Process{{PID: 7, UIDs: fmt.Sprint(self)}}, "[]"},
		"its users are not numbers": {[]haproxytest.Process{{PID: 7, UIDs: "0 0 0 x"}}, "[]"},
	} {
		h := hostWith(t, nil)
		for _, p := range c.all {
			haproxytest.Run(t, h.Root, p)
		}
		all := h.Processes(peer.Trust().And(188, "haproxy"))
		pids := []string{}
		for _, p := range all {
			pids = append(pids, p.PID)
		}
		if got := fmt.Sprint(pids); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		CloseProcesses(all)
	}
}
