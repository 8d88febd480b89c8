// SPDX-License-Identifier: GPL-3.0-or-later

package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// tree is a root directory with a file outside of it that no path below the root may reach.
func tree(t *testing.T) (folder string, root *os.File) {
	t.Helper()
	outside := t.TempDir()
	folder = filepath.Join(outside, "root")
	must(t, errors.Join(os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600),
		os.MkdirAll(filepath.Join(folder, "etc/sub"), 0o755),
		os.WriteFile(filepath.Join(folder, "etc/file"), []byte("content"), 0o644)))
	root, err := os.Open(folder)
	must(t, err)
	t.Cleanup(func() { root.Close() })
	return folder, root
}

// A path of a container means what it means there, and never leads to the host.
func TestAWalkStaysBelowItsRoot(t *testing.T) {
	folder, root := tree(t)
	at := func(name string) string { return filepath.Join(folder, name) }
	outside := filepath.Dir(folder)
	must(t, errors.Join(os.Symlink("/etc/file", at("absolute")), os.Symlink("../etc/file", at("etc/relative")),
		os.Symlink("../../../../../../secret", at("up")), os.Symlink(outside+"/secret", at("host")),
		os.Symlink("etc/", at("slash")), os.Symlink("loop", at("loop")), os.Symlink("absolute", at("chain")),
		os.Symlink("/", at("etc/sub/top")), os.Symlink("none", at("dangling"))))
	for path, want := range map[string]string{
		"/etc/file": "/etc/file", "etc/file": "/etc/file", "/etc/./sub/../file": "/etc/file",
		"//etc//file": "/etc/file", "/absolute": "/etc/file", "/etc/relative": "/etc/file", "/chain": "/etc/file",
		"/slash/file": "/etc/file", "/etc/sub/top/etc/file": "/etc/file", "/../../etc/file": "/etc/file", "/": "/",
		"": "/", "/etc/..": "/", "/..": "/", "/etc": "/etc",
	} {
		w, err := Inside(root, path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		there, statErr := os.Stat(at(want))
		here, hereErr := w.Here().Stat()
		if w.Path() != want || errors.Join(statErr, hereErr) != nil || !os.SameFile(there, here) {
			t.Errorf("%s leads to %s, not to %s", path, w.Path(), want)
		}
		w.Close()
	}
	for path, want := range map[string]error{
		"/none": fs.ErrNotExist, "/secret": fs.ErrNotExist, "/up": fs.ErrNotExist, "/host": fs.ErrNotExist,
		"/../secret": fs.ErrNotExist, "/dangling": fs.ErrNotExist, "/loop": syscall.ELOOP,
		"/etc/file/x": syscall.ENOTDIR,
	} {
		w, err := Inside(root, path)
		var named *fs.PathError
		if err == nil {
			t.Errorf("%s leads to %s", path, w.Path())
			w.Close()
		} else if !errors.Is(err, want) || !errors.As(err, &named) || named.Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAWalkFollowsAsManyLinksAsTheKernel(t *testing.T) {
	folder, root := tree(t)
	target := "etc/file"
	for n := 1; n <= 41; n++ {
		name := fmt.Sprint("link", n)
		must(t, os.Symlink(target, filepath.Join(folder, name)))
		target = name
	}
	for n, want := range map[int]error{40: nil, 41: syscall.ELOOP} {
		_, kernel := os.Stat(fmt.Sprintf("%s/link%d", folder, n))
		w, err := Inside(root, fmt.Sprint("link", n))
		if err == nil {
			w.Close()
		}
		if !errors.Is(err, want) || !errors.Is(kernel, want) {
			t.Errorf("%d links: %v; the kernel: %v", n, err, kernel)
		}
	}
}

// The first file on the way that users other than root have in their hands is named, and no later one.
func TestAWalkNotesWhoElseCanChangeItsWay(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: folders of other users")
	}
	for name, c := range map[string]struct {
		mode     fs.FileMode
		uid, gid int
		foreign  string
	}{
		"root's":             {0o755, 0, 0, ""},
		"of root's group":    {0o775, 0, 0, ""},
		"only read by group": {0o755, 0, stranger, ""},
		"of a group":         {0o775, 0, stranger, "/etc"},
		"for all":            {0o757, 0, 0, "/etc"},
		"sticky for all":     {fs.ModeSticky | 0o757, 0, 0, "/etc"},
		"a stranger's":       {0o755, stranger, 0, "/etc"},
	} {
		folder, root := tree(t)
		must(t, errors.Join(os.Chown(filepath.Join(folder, "etc"), c.uid, c.gid),
			os.Chmod(filepath.Join(folder, "etc"), c.mode),
			os.Chown(filepath.Join(folder, "etc/sub"), stranger, stranger)))
		for path, want := range map[string]string{"/etc/file": c.foreign, "/etc/sub": c.foreign, "/": ""} {
			if path == "/etc/sub" && want == "" {
				want = "/etc/sub"
			}
			w, err := Inside(root, path)
			must(t, err)
			if w.Foreign != want {
				t.Errorf("%s, %s: %q, not %q", name, path, w.Foreign, want)
			}
			w.Close()
		}
	}
	folder, root := tree(t)
	must(t, errors.Join(os.Chown(folder, stranger, 0), os.Symlink("file", filepath.Join(folder, "etc/link"))))
	must(t, os.Chmod(filepath.Join(folder, "etc"), 0o777))
	for _, path := range []string{"/etc/file", "/etc/link"} { // in a container, its users' links count
		w, err := Inside(root, path)
		must(t, err)
		if w.Close(); w.Foreign != "/" || w.Path() != "/etc/file" {
			t.Errorf("a stranger's root: %q, %s", w.Foreign, w.Path())
		}
	}
}

// descriptors counts the open descriptors of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(open)
}

// A module that looks through the files of many containers must not run out of descriptors.
func TestAWalkLeavesNoDescriptorOpen(t *testing.T) {
	folder, root := tree(t)
	must(t, os.Symlink("/etc/file", filepath.Join(folder, "link")))
	before := descriptors(t)
	for _, path := range []string{"/etc/sub/../file", "/link", "/etc/sub/none", "/etc/file/x"} {
		if w, err := Inside(root, path); err == nil {
			w.Close()
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d before, %d after", before, after)
	}
	if _, err := root.Stat(); err != nil {
		t.Errorf("the root was closed: %v", err)
	}
}

func TestAFileOfAnOpenFolderIsReadWhole(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	must(t, errors.Join(os.WriteFile(at("file"), []byte("content"), 0o600), os.Symlink("file", at("link")),
		os.Mkdir(at("folder"), 0o700), syscall.Mkfifo(at("pipe"), 0o600), os.Symlink("/etc/passwd", at("out"))))
	root, err := os.OpenRoot(folder)
	must(t, err)
	defer root.Close()
	for name, c := range map[string]struct {
		max  int64
		want string
	}{
		"file": {7, ""}, "link": {7, "not a regular file"}, "out": {1 << 20, "not a regular file"},
		"folder": {7, "not a regular file"}, "pipe": {7, "not a regular file"}, "none": {7, "no such file"},
		"../file": {7, "escapes"},
	} {
		var content []byte
		err := soon(t, name, func() (err error) { content, err = ReadIn(root, name, c.max); return err })
		if name == "file" {
			if err != nil || string(content) != "content" {
				t.Errorf("%q, %v", content, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) || content != nil {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
	if content, err := ReadIn(root, "file", 6); err == nil || err.Error() != "it has more than 6 bytes" {
		t.Errorf("%q, %v", content, err)
	}
}
