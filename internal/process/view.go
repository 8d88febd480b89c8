// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// system is what programs need to run. What is not there, and what is a link, stays as it is.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
	"/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
}

// devices are its own: those of a container are what its root made of them, and the modes of this host's are root's to change.
var devices = map[string]int{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}

func makeDevices() error {
	at := filepath.Join(root, "dev")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC, "size=64k,mode=0755"); err != nil {
		return err
	}
	for name, minor := range devices {
		path := filepath.Join(at, name)
		if err := errors.Join(unix.Mknod(path, unix.S_IFCHR, int(unix.Mkdev(1, uint32(minor)))), os.Chmod(path, 0o666)); err != nil {
			return fmt.Errorf("make %s for it: %w", path, err)
		}
	}
	return protect(at, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NOEXEC)
}

// names is what programs need besides to look an address up.
var names = []string{"/etc/hosts", "/etc/resolv.conf"}

// root is where that which the program sees is mounted first, for its thread alone: a folder that every system and every
// container has, and that holds nothing to be shown.
const root = "/proc"

// view is what a confined program sees, while it is put together below root.
type view struct {
	// table is this thread's folder of /proc, which is out of sight where the view is.
	table   *os.File
	program string
	owner   Owner
	shown   []string
	data    []string // of these, where nothing can be executed
}

// fill mounts what the program sees. A unit's umask would close its folders to the user that it runs as; the thread has
// a umask of its own since it has mounts of its own.
func (v *view) fill(c *Confinement) error {
	defer unix.Umask(unix.Umask(0o022))
	const readOnly = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV
	if err := makeDevices(); err != nil {
		return err
	}
	for _, path := range system {
		if err := v.showSystem(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if c.Network {
		for _, path := range names {
			if err := v.show(path, readOnly); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	// Sorted, each path comes before what is below it: what is mounted first would be hidden by the other.
	for _, path := range slices.Sorted(slices.Values(slices.Concat(c.Read, c.Data))) {
		var err error
		if slices.Contains(c.Data, path) {
			err = v.showData(path, c.Reader, readOnly|unix.MS_NOEXEC)
		} else {
			err = v.show(path, readOnly)
		}
		if err != nil {
			return err
		}
	}
	for path, want := range c.Sockets {
		if err := v.show(path, readOnly); err != nil {
			return err
		}
		if err := unchanged(path, want); err != nil {
			return err
		}
	}
	for _, path := range c.Write {
		if err := v.bind(path, unix.MS_REC, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC); err != nil {
			return err
		}
	}
	return v.own(c)
}

// own makes what is the program's alone.
func (v *view) own(c *Confinement) error {
	for path, content := range c.Files {
		if err := v.write(filepath.Join(root, path), content, 0o400); err != nil {
			return err
		}
	}
	for path, content := range c.Copies {
		at := filepath.Join(root, "copies", path)
		if err := v.write(at, content, 0o600); err != nil {
			return err
		}
		if err := unix.Mount(at, filepath.Join(root, path), "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("show a copy of %s to it: %w", path, err)
		}
		if is, err := v.mounts(filepath.Join(root, path)); err != nil || len(is) == 0 {
			return errors.Join(fmt.Errorf("%s was exchanged while it was looked at", path), err)
		}
	}
	nothing := filepath.Join(root, "nothing")
	if err := os.WriteFile(nothing, nil, 0o400); err != nil {
		return err
	}
	for _, path := range c.Hidden {
		at := filepath.Join(root, path)
		if _, err := os.Stat(at); err != nil {
			continue
		}
		if err := unix.Mount(nothing, at, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("hide %s from it: %w", path, err)
		}
	}
	// Of /proc the tools look at nothing else: mariadb-backup asks who it is, and breaks down without an answer.
	self := filepath.Join(root, "proc", "self")
	if err := os.MkdirAll(self, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(v.program, filepath.Join(self, "exe")); err != nil {
		return err
	}
	if c.Temporary == "" {
		return nil
	}
	at := filepath.Join(root, c.Temporary)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	options := fmt.Sprintf("size=64m,mode=0700,uid=%d,gid=%d", v.owner.UID, v.owner.GID)
	if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("mount its folder %s: %w", c.Temporary, err)
	}
	return nil
}

// write makes a file of the program's own.
func (v *view) write(at string, content []byte, mode fs.FileMode) error {
	if path := strings.TrimPrefix(at, root); below(path, v.shown) {
		return fmt.Errorf("%s is the server's, too", path)
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(at, content, mode); err != nil {
		return err
	}
	return os.Chown(at, v.owner.UID, v.owner.GID)
}

// showSystem shows what belongs to the system: links stay links.
func (v *view) showSystem(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return v.show(path, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV)
	}
	at := filepath.Join(root, path)
	to, err := os.Readlink(path)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(at), 0o755)
	}
	if err == nil {
		err = os.Symlink(to, at)
	}
	return err
}

// show mounts what a path leads to at that path. Where it shows already, that is what its links lead to.
func (v *view) show(path string, flags uintptr) error {
	if below(path, v.shown) {
		to, err := filepath.EvalSymlinks(path)
		if err != nil || below(to, v.shown) {
			return err
		}
		path = to
	}
	return v.bind(path, unix.MS_REC, flags)
}

// below says that a path is one of those, or below one.
func below(path string, those []string) bool {
	return slices.ContainsFunc(those, func(at string) bool { return path == at || strings.HasPrefix(path, at+"/") })
}

// bind shows what a path leads to at that path; with MS_REC as depth what is mounted below it, too.
func (v *view) bind(path string, depth, flags uintptr) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	at := filepath.Join(root, path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(at, 0o755)
	} else {
		err = os.WriteFile(at, nil, 0o644)
	}
	if err != nil {
		return err
	}
	return v.attach(path, path, depth, flags)
}

// attach shows what a path leads to at another one, where something lies already. Nothing may be made there: the way may
// lead through what is the server's.
func (v *view) attach(path, shown string, depth, flags uintptr) error {
	at := filepath.Join(root, shown)
	if err := unix.Mount(path, at, "", unix.MS_BIND|depth, ""); err != nil {
		return fmt.Errorf("show %s to it: %w", path, err)
	}
	v.shown = append(v.shown, shown)
	return v.protectAll(at, flags)
}

// showData shows what the reader has himself. In a folder of somebody else's would be what he cannot open.
func (v *view) showData(path string, reader Owner, flags uintptr) error {
	theirs, err := openAs(reader, path)
	if err != nil {
		return fmt.Errorf("user %d cannot read what is to be shown as his: %w", reader.UID, err)
	}
	defer theirs.Close()
	info, err := theirs.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() && !owned(info, reader) {
		return fmt.Errorf("the folder %s is not of user %d, whose it is to be shown as", path, reader.UID)
	}
	if !below(path, v.data) {
		if err := v.bind(path, 0, flags); err != nil {
			return err
		}
		v.data = append(v.data, path)
		if err := v.showMounts(path, reader, flags); err != nil {
			return err
		}
	}
	return unchanged(path, info)
}

func owned(info fs.FileInfo, by Owner) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return by == (Owner{}) || ok && int(stat.Uid) == by.UID
}

// unchanged refuses what was put at a path since it was looked at.
func unchanged(path string, want fs.FileInfo) error {
	got, err := os.Stat(filepath.Join(root, path))
	if err == nil && !os.SameFile(want, got) {
		err = fmt.Errorf("%s was exchanged while it was looked at", path)
	}
	return err
}

// showMounts shows what is mounted below a reader's folder and is his.
func (v *view) showMounts(path string, reader Owner, flags uintptr) error {
	from, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	mounts, err := v.mounts(from)
	if err != nil {
		return err
	}
	var hidden []string
	for _, m := range mounts {
		if m.at == from || below(m.at, hidden) {
			continue
		}
		theirs, err := openAs(reader, m.at)
		if err != nil {
			hidden = append(hidden, m.at)
			continue
		}
		info, err := theirs.Stat()
		if err == nil && !owned(info, reader) {
			hidden = append(hidden, m.at)
		} else if err == nil {
			shown := filepath.Join(path, strings.TrimPrefix(m.at, from))
			if err = v.attach(m.at, shown, 0, flags); err == nil {
				err = unchanged(shown, info)
			}
		}
		if err = errors.Join(err, theirs.Close()); err != nil {
			return err
		}
	}
	return nil
}
