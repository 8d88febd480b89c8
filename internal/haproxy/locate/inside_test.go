// SPDX-License-Identifier: GPL-3.0-or-later

package locate

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/peer"
)

// A container's absolute links begin at its own root, and none leads out of it.
func TestLinksAreFollowedInsideTheRoot(t *testing.T) {
	h := hostWith(t, map[string]string{"/secret": "the host's", "/c/secret": "the container's",
		"/c/etc/x/file": "file"})
	root, err := os.OpenFile(h.Path("/c"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for link, to := range map[string]string{
		"/absolute": "/secret", "/chain": "etc/../absolute", "/out": "../../../../../../secret",
		"/etc/up": "../../secret",
		"/folder": "/etc/x", "/loop": "/loop2", "/loop2": "loop", "/self": h.Path("/secret"), "/root": "/",
	} {
		if err := os.Symlink(to, h.Path("/c"+link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"/absolute": "the container's", "/chain": "the container's", "/out": "the container's",
		"/etc/up":    "the container's",
		"/../secret": "the container's", "/root/root/../secret": "the container's", "/folder/file": "file",
		"//etc/./x//file": "file", "/folder/../../secret": "the container's",
	} {
		f, err := inside(root, path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		b, err := readFile(File{Name: path, held: f, may: peer.Trust()})
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

// The file that was checked is the file that is opened, even if its name is replaced meanwhile.
func TestAFileThatIsExchangedIsNotOpened(t *testing.T) {
	h := hostWith(t, map[string]string{"/c/file": "first"})
	root, err := os.OpenFile(h.Path("/c"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, err := inside(root, "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := errors.Join(os.Remove(h.Path("/c/file")), syscall.Mkfifo(h.Path("/c/file"), 0o644)); err != nil {
		t.Fatal(err)
	}
	b, err := readFile(File{Name: "/file", held: f, may: peer.Trust()})
	if err != nil || string(b) != "first" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := io.ReadAll(f); err == nil {
		t.Error("it is held open for reading")
	}
}
