// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/safefile"
)

// system is what programs need to run. What is not there, and what is a link, stays as it is.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
	"/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
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
}

// fill mounts what the program sees. A unit's umask would close its folders to the user that it runs as; the thread has
// a umask of its own since it has mounts of its own.
func (v *view) fill(c *Confinement) error {
	defer unix.Umask(unix.Umask(0o022))
	const readOnly = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV
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
	for _, path := range above(c.Data) {
		if err := v.showData(path, c.Reader, readOnly|unix.MS_NOEXEC); err != nil {
			return err
		}
	}
	for _, path := range above(c.Read) {
		if err := v.show(path, readOnly); err != nil {
			return err
		}
	}
	for _, path := range c.Write {
		if err := v.mount(path, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC); err != nil {
			return err
		}
	}
	return v.own(c)
}

// above sorts paths so that each comes before what is below it: what is mounted first would be hidden by the other.
func above(paths []string) []string { return slices.Sorted(slices.Values(paths)) }

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
	}
	for _, path := range c.Hidden {
		at := filepath.Join(root, path)
		if _, err := os.Stat(at); err != nil {
			continue
		}
		if err := unix.Mount("/dev/null", at, "", unix.MS_BIND, ""); err != nil {
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
		flags := uintptr(unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV)
		if strings.HasPrefix(path, "/dev/") {
			flags = unix.MS_NOSUID | unix.MS_NOEXEC
		}
		return v.show(path, flags)
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
	if v.shows(path) {
		to, err := filepath.EvalSymlinks(path)
		if err != nil || v.shows(to) {
			return err
		}
		path = to
	}
	return v.mount(path, flags)
}

// shows says that a path is below what is mounted.
func (v *view) shows(path string) bool {
	return slices.ContainsFunc(v.shown, func(at string) bool { return path == at || strings.HasPrefix(path, at+"/") })
}

func (v *view) mount(path string, flags uintptr) error {
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
	if err := unix.Mount(path, at, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("show %s to it: %w", path, err)
	}
	v.shown = append(v.shown, path)
	return v.protectAll(at, flags)
}

// showData shows what the reader can open himself, and nothing that was put at its path since.
func (v *view) showData(path string, reader Owner, flags uintptr) error {
	theirs, err := openAs(reader, path)
	if err != nil {
		return fmt.Errorf("user %d cannot read what is to be shown as his: %w", reader.UID, err)
	}
	defer theirs.Close()
	if err := v.show(path, flags); err != nil {
		return err
	}
	want, err := theirs.Stat()
	if err != nil {
		return err
	}
	got, err := os.Stat(filepath.Join(root, path))
	if err == nil && !os.SameFile(want, got) {
		err = fmt.Errorf("%s was exchanged while it was looked at", path)
	}
	return err
}

// openAs opens a path with another user's rights, and with none of the thread's groups; the thread takes its own rights back.
func openAs(reader Owner, path string) (f *os.File, err error) {
	if reader != (Owner{}) {
		back, err := become(reader)
		if err != nil {
			return nil, err
		}
		defer back()
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// become gives the thread another user's rights to files.
func become(user Owner) (back func(), err error) {
	groups, err := unix.Getgroups()
	if err != nil {
		return nil, err
	}
	if err := unix.Setgroups([]int{user.GID}); err != nil {
		return nil, err
	}
	gid, uid := unix.Getegid(), unix.Geteuid()
	// Neither call says whether it was obeyed; root always is.
	_ = unix.Setfsgid(user.GID)
	_ = unix.Setfsuid(user.UID)
	return func() {
		_ = unix.Setfsuid(uid)
		_ = unix.Setfsgid(gid)
		_ = unix.Setgroups(groups)
	}, nil
}

// mountTable opens the table of this thread's mounts, whatever they are by then.
func mountTable() (*os.File, error) {
	f, err := safefile.OpenAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/task/%d", unix.Gettid()), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("look at our own mounts: %w", err)
	}
	return f, nil
}

// protectAll sets the flags of a mount and of all below it.
func (v *view) protectAll(at string, flags uintptr) error {
	f, err := safefile.OpenAt(int(v.table.Fd()), "mountinfo", unix.O_RDONLY)
	if err != nil {
		return fmt.Errorf("look at our own mounts: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProc))
	if err != nil {
		return fmt.Errorf("look at our own mounts: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			continue
		}
		mounted := mountPath.Replace(fields[4])
		if mounted != at && !strings.HasPrefix(mounted, at+"/") {
			continue
		}
		more := flags
		if slices.Contains(strings.Split(fields[5], ","), "noexec") {
			more |= unix.MS_NOEXEC
		}
		if err := protect(mounted, more); err != nil {
			return err
		}
	}
	return nil
}

// mountPath undoes what the kernel writes for characters that part the fields of a table of mounts.
var mountPath = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// protect sets the flags of one mount.
func protect(at string, flags uintptr) error {
	if err := unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|flags, ""); err != nil {
		return fmt.Errorf("protect %s from it: %w", strings.TrimPrefix(at, root), err)
	}
	return nil
}
