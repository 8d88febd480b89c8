// SPDX-License-Identifier: GPL-3.0-or-later

package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// devices are its own: a container's root may have changed those of the container, and this host's modes could be
// changed by root.
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
		if err := errors.Join(unix.Mknod(path, unix.S_IFCHR, int(unix.Mkdev(1, uint32(minor)))),
			os.Chmod(path, 0o666)); err != nil {
			return fmt.Errorf("make %s for it: %w", path, err)
		}
	}
	return protect(at, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NOEXEC)
}

// names is what programs need in addition to look an address up.
var names = []string{"/etc/hosts", "/etc/resolv.conf"}

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
	// Sorted, each path comes before what is below it: otherwise a later mount would hide an earlier one.
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

// own creates what belongs only to the program.
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
	// The tools read nothing else of /proc: mariadb-backup asks for its own identity, and fails without an answer.
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
