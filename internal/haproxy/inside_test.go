// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A container's absolute links begin at its own root, and none leads out of it.
func TestLinksAreFollowedInsideTheRoot(t *testing.T) {
	h := machine(t, map[string]string{"/secret": "the host's", "/c/secret": "the container's", "/c/etc/x/file": "file"})
	root, err := os.OpenFile(h.path("/c"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for link, to := range map[string]string{
		"/absolute": "/secret", "/chain": "etc/../absolute", "/out": "../../../../../../secret", "/etc/up": "../../secret",
		"/folder": "/etc/x", "/loop": "/loop2", "/loop2": "loop", "/self": h.path("/secret"), "/root": "/",
	} {
		if err := os.Symlink(to, h.path("/c"+link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"/absolute": "the container's", "/chain": "the container's", "/out": "the container's", "/etc/up": "the container's",
		"/../secret": "the container's", "/root/root/../secret": "the container's", "/folder/file": "file",
		"//etc/./x//file": "file", "/folder/../../secret": "the container's",
	} {
		f, err := inside(root, path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		b, err := readFile(found{name: path, held: f, may: stats("").may})
		if err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", path, b, err)
		}
		f.Close()
	}
	before := descriptors(t)
	for path, want := range map[string]error{
		"/loop": syscall.ELOOP, "/self": syscall.ENOENT, "/none": syscall.ENOENT, "/secret/x": syscall.ENOTDIR,
		"/" + strings.Repeat("x", 300): syscall.ENAMETOOLONG,
	} {
		if f, err := inside(root, path); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", path, f, err)
		}
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors became %d", before, after)
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// The configuration and the socket of a container are links, as the host's /etc/alternatives are.
func TestReadFollowsAContainersLinks(t *testing.T) {
	h := machine(t, map[string]string{"/proc/7/root/opt/x.cfg": "global\n stats socket /s\nlisten mysql\n bind 10.99.0.100:3306\n",
		"/proc/7/root/etc/haproxy/x": ""})
	run(t, h, fakeProcess{pid: 7})
	fakeAt(t, h.path("/proc/7/root/run/stats"), scripted(lab(t)))
	for link, to := range map[string]string{"/etc/haproxy/haproxy.cfg": "/opt/x.cfg", "/s": "/run/stats"} {
		if err := os.Symlink(to, h.path("/proc/7/root"+link)); err != nil {
			t.Fatal(err)
		}
	}
	f := read(t, Options{host: h})
	if told(f) != "" || f.Reached != h.path("/proc/7/root/s") || f.Database == nil || len(f.Database.Binds) != 1 {
		t.Errorf("%s: %+v", told(f), f)
	}
}

// A pipe in place of a file would wait for its writer for ever.
func TestPipesInPlaceOfTheConfigurationDoNotHang(t *testing.T) {
	for _, at := range []string{"/etc/haproxy/haproxy.cfg", "/proc/7/root/etc/haproxy/haproxy.cfg"} {
		h := machine(t, nil)
		run(t, h, fakeProcess{pid: 7})
		pipe := h.path(at)
		if err := os.MkdirAll(filepath.Dir(pipe), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(pipe, 0o644); err != nil {
			t.Fatal(err)
		}
		f := read(t, Options{host: h})
		if e := f.Failed(SourceConfig); e == nil || e.Message != "it is not a regular file" || e.Where != pipe {
			t.Errorf("%s: %s", at, told(f))
		}
	}
}

// What is looked at is what is opened, whatever takes its name meanwhile.
func TestAFileThatIsExchangedIsNotOpened(t *testing.T) {
	h := machine(t, map[string]string{"/c/file": "first"})
	root, err := os.OpenFile(h.path("/c"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, err := inside(root, "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := errors.Join(os.Remove(h.path("/c/file")), syscall.Mkfifo(h.path("/c/file"), 0o644)); err != nil {
		t.Fatal(err)
	}
	b, err := readFile(found{name: "/file", held: f, may: stats("").may})
	if err != nil || string(b) != "first" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := io.ReadAll(f); err == nil {
		t.Error("it is held open for reading")
	}
}
