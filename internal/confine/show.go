// SPDX-License-Identifier: GPL-3.0-or-later

package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// write creates a file of the program's own.
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

// show mounts the target of a path at that path. If it is visible already, that is through its links.
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

// bind shows the target of a path at that path; with MS_REC as depth also what is mounted below it.
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

// attach shows the target of a path at another one, which exists already. Nothing may be created there: the path may
// lead through the server's folders.
func (v *view) attach(path, shown string, depth, flags uintptr) error {
	at := filepath.Join(root, shown)
	if err := unix.Mount(path, at, "", unix.MS_BIND|depth, ""); err != nil {
		return fmt.Errorf("show %s to it: %w", path, err)
	}
	v.shown = append(v.shown, shown)
	return v.protectAll(at, flags)
}

// showData shows what the reader may read. A folder of another user could contain what the reader cannot open.
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

// owned reports that something belongs to the user; everything belongs to root.
func owned(info fs.FileInfo, by Owner) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return by == (Owner{}) || ok && int(stat.Uid) == by.UID
}

// unchanged refuses a path whose file was replaced since it was inspected.
func unchanged(path string, want fs.FileInfo) error {
	got, err := os.Stat(filepath.Join(root, path))
	if err == nil && !os.SameFile(want, got) {
		err = fmt.Errorf("%s was exchanged while it was looked at", path)
	}
	return err
}

// showMounts shows what is mounted below a reader's folder and belongs to the reader.
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
