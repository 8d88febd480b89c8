// SPDX-License-Identifier: GPL-3.0-or-later

package safefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// soon fails a test whose function hangs, such as an open of a pipe without a writer.
func soon(t *testing.T, name string, do func() error) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- do() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(5 * time.Second):
		t.Fatalf("%s: it hangs", name)
		return nil
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyARegularFileIsRead(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	must(t, os.WriteFile(at("file"), []byte("content"), 0o600))
	must(t, errors.Join(os.Symlink("file", at("link")), syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink("pipe", at("link to a pipe")),
		os.Symlink("/dev/zero", at("link to a device")), os.Mkdir(at("folder"), 0o700),
		os.Symlink("none", at("link to nothing"))))
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(socket)
	must(t, unix.Bind(socket, &unix.SockaddrUnix{Name: at("socket")}))
	for name, want := range map[string]struct{ read, own string }{
		"file":             {"", ""},
		"link":             {"", "is a symbolic link, not a regular file"},
		"pipe":             {"is a pipe", "is a pipe"},
		"link to a pipe":   {"is a pipe", "is a symbolic link"},
		"link to a device": {"is a device", "is a symbolic link"},
		"folder":           {"is a directory", "is a directory"},
		"socket":           {"is a socket", "is a socket"},
		"link to nothing":  {"no such file", "is a symbolic link"},
		"missing":          {"no such file", "no such file"},
	} {
		for form, c := range map[string]struct {
			read func(string, int64) ([]byte, error)
			want string
		}{"Read": {Read, want.read}, "ReadOwn": {ReadOwn, want.own}} {
			var content []byte
			err := soon(t, name, func() (err error) { content, err = c.read(at(name), 7); return err })
			switch {
			case c.want == "" && (err != nil || string(content) != "content"):
				t.Errorf("%s %s: %q, %v", form, name, content, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) ||
				!strings.Contains(err.Error(), at(name)) || content != nil):
				t.Errorf("%s %s: %q, %v", form, name, content, err)
			}
		}
	}
	if _, err := Read(at("missing"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestAFileWithoutAnEndIsCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge")
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, os.Truncate(path, 1<<40)) // needs no space
	for _, read := range []func(string, int64) ([]byte, error){Read, ReadOwn} {
		if content, err := read(path, 1<<10); err == nil || content != nil ||
			!strings.Contains(err.Error(), "larger than 1024 bytes") {
			t.Errorf("%d bytes, %v", len(content), err)
		}
	}
}

// A name whose target changes at each access is either refused or leads to the file.
func TestAChangingNameIsJudgedByTheOpenFile(t *testing.T) {
	folder := t.TempDir()
	file, pipe, at := filepath.Join(folder, "file"), filepath.Join(folder, "pipe"), filepath.Join(folder, "at")
	must(t, errors.Join(os.WriteFile(file, []byte("content"), 0o600), syscall.Mkfifo(pipe, 0o600), os.Link(file, at)))
	other := filepath.Join(folder, "other")
	must(t, os.Link(pipe, other))
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_ = unix.Renameat2(unix.AT_FDCWD, at, unix.AT_FDCWD, other, unix.RENAME_EXCHANGE)
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	for range 2000 {
		err := soon(t, "a name that changes", func() error {
			content, err := ReadOwn(at, 100)
			if err == nil && string(content) != "content" {
				t.Errorf("%q", content)
			}
			return err
		})
		if err != nil && !strings.Contains(err.Error(), "is a pipe") {
			t.Fatal(err)
		}
	}
}

func TestAFolderBehindALinkIsNotOpened(t *testing.T) {
	folder := t.TempDir()
	must(t, os.Symlink(folder, filepath.Join(folder, "link")))
	if f, err := OpenFolder(filepath.Join(folder, "link")); err == nil {
		f.Close()
		t.Error("a link was followed")
	}
	f, err := OpenFolder(folder)
	must(t, err)
	must(t, f.Close())
}
