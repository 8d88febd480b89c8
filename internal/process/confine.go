// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Confinement is for a program that is fed by a stranger: all that it sees of this host is the system's programs and
// libraries, read only, and folders of its own. It has no network, sees no other process, shares no memory with one, and
// gains no privilege. The child must be of another user than root, and of no container.
type Confinement struct {
	// Root is an empty folder. The root of what the program sees is mounted there, for it alone.
	Root string
	// Read are files and folders that it can read besides; Write those that it can write, in which nothing can be executed.
	Read, Write []string
}

// system is what programs need to run. What is not there, and what is a link, stays as it is.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
	"/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
}

// own are the namespaces that a thread takes before it starts the program. That of processes begins with the program.
const own = unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC

// CanConfine says why a Confinement is not possible here: without root's capabilities, as in most containers, it is not.
func CanConfine() (err error) {
	onOwnThread(func() { err = unix.Unshare(own) })
	return explainConfined(err)
}

func explainConfined(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("confine what is fed from a set: %w; that takes root with all capabilities, as on a host itself", err)
}

// onOwnThread runs what changes its thread on one that ends with it. That is never the first one, of which /proc/self tells.
func onOwnThread(run func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			// While the first thread is held here, what follows gets another.
			onOwnThread(run)
			runtime.UnlockOSThread()
			return
		}
		run()
	}()
	<-done
}

// enter changes what the current thread sees. It must end afterwards, whatever the error.
func (c *Confinement) enter() error {
	if err := unix.Unshare(own); err != nil {
		return err
	}
	// A dump of its memory would hold what is in a set; one of ours, passwords. The limit is for both.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to it: %w", err)
	}
	if err := unix.Mount("tmpfs", c.Root, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=1m,mode=0755"); err != nil {
		return fmt.Errorf("mount its root: %w", err)
	}
	if err := c.fill(); err != nil {
		return err
	}
	if err := change(c.Root, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, 0); err != nil {
		return err
	}
	return enterRoot(c.Root)
}

// fill mounts what the program sees. A unit's umask would close its folders to the user that it runs as; the thread has
// a umask of its own since it has mounts of its own.
func (c *Confinement) fill() error {
	defer unix.Umask(unix.Umask(0o022))
	for _, path := range system {
		flags := uintptr(unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV)
		if strings.HasPrefix(path, "/dev/") {
			flags = unix.MS_NOSUID | unix.MS_NOEXEC
		}
		if err := c.show(path, flags, unix.MS_REC); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, path := range c.Read {
		if err := c.show(path, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV, 0); err != nil {
			return err
		}
	}
	for _, path := range c.Write {
		if err := c.show(path, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0); err != nil {
			return err
		}
	}
	return nil
}

// show mounts a path of the host at its own place.
func (c *Confinement) show(path string, flags, depth uintptr) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	at := filepath.Join(c.Root, path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return os.Symlink(to, at)
	case info.IsDir():
		err = os.MkdirAll(at, 0o755)
	default:
		err = os.WriteFile(at, nil, 0o644)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			err = nil // it is there in a folder that is shown
		}
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(path, at, "", unix.MS_BIND|depth, ""); err != nil {
		return fmt.Errorf("show %s to it: %w", path, err)
	}
	return change(at, flags, depth)
}

// change sets the flags of a mount; with MS_REC of those below it, too, where the kernel can (5.12).
func change(at string, flags, depth uintptr) error {
	attr := &unix.MountAttr{}
	for _, f := range []struct {
		flag uintptr
		attr uint64
	}{
		{unix.MS_RDONLY, unix.MOUNT_ATTR_RDONLY}, {unix.MS_NOSUID, unix.MOUNT_ATTR_NOSUID},
		{unix.MS_NODEV, unix.MOUNT_ATTR_NODEV}, {unix.MS_NOEXEC, unix.MOUNT_ATTR_NOEXEC},
	} {
		if flags&f.flag != 0 {
			attr.Attr_set |= f.attr
		}
	}
	err := error(unix.ENOSYS)
	if depth != 0 {
		err = unix.MountSetattr(unix.AT_FDCWD, at, unix.AT_RECURSIVE, attr)
	}
	if err != nil {
		err = unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|flags, "")
	}
	if err != nil {
		return fmt.Errorf("protect %s from it: %w", at, err)
	}
	return nil
}

// enterRoot makes a mount the root of the thread, and lets go of the old one. That of an initramfs cannot be exchanged.
func enterRoot(root string) error {
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err == nil {
		if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
			return err
		}
		return unix.Chdir("/")
	} else if !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("enter its root: %w", err)
	}
	if err := unix.Mount(root, "/", "", unix.MS_MOVE, ""); err != nil {
		return fmt.Errorf("enter its root: %w", err)
	}
	if err := unix.Chroot("."); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// forProgram adds where a program lies that is not the system's, with what lies beside its folder.
func (c Confinement) forProgram(path string) *Confinement {
	for _, at := range system {
		if path == at || strings.HasPrefix(path, at+"/") {
			return &c
		}
	}
	c.Read = append(slices.Clone(c.Read), filepath.Dir(path))
	return &c
}
