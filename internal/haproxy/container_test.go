// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"overcloud.backup/tests/haproxytest"
)

// The configuration and the socket of a container may be links, like /etc/alternatives on the host.
func TestReadFollowsAContainersLinks(t *testing.T) {
	h := machine(t, map[string]string{"/proc/7/root/opt/x.cfg": "global\n stats socket /s\nlisten mysql\n bind" +
		" 10.99.0.100:3306\n",
		"/proc/7/root/etc/haproxy/x": ""})
	haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
	haproxytest.FakeAt(t, h.Path("/proc/7/root/run/stats"), haproxytest.Scripted(haproxytest.Lab(t)))
	for link, to := range map[string]string{"/etc/haproxy/haproxy.cfg": "/opt/x.cfg", "/s": "/run/stats"} {
		if err := os.Symlink(to, h.Path("/proc/7/root"+link)); err != nil {
			t.Fatal(err)
		}
	}
	f := read(t, Options{host: h})
	if allErrors(f) != "" || f.Reached != h.Path("/proc/7/root/s") || f.Database == nil || len(f.Database.Binds) != 1 {
		t.Errorf("%s: %+v", allErrors(f), f)
	}
}

// Opening a pipe in place of the file would block until somebody writes to it.
func TestPipesInPlaceOfTheConfigurationDoNotHang(t *testing.T) {
	for _, at := range []string{"/etc/haproxy/haproxy.cfg", "/proc/7/root/etc/haproxy/haproxy.cfg"} {
		h := machine(t, nil)
		haproxytest.Run(t, h.Root, haproxytest.Process{PID: 7})
		pipe := h.Path(at)
		if err := os.MkdirAll(filepath.Dir(pipe), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(pipe, 0o644); err != nil {
			t.Fatal(err)
		}
		f := read(t, Options{host: h})
		if e := f.Failed(SourceConfig); e == nil || e.Message != "it is not a regular file" || e.Where != pipe {
			t.Errorf("%s: %s", at, allErrors(f))
		}
	}
}
