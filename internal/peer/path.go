// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"overcloud.backup/internal/safefile"
)

// databaseFolder is the folder of a distribution's database, and on the host that of director's containers.
const databaseFolder = "/var/lib/mysql"

// OfDatabase returns the users that may own a path to the database: root, the current user, mysql, the owner of
// /var/lib/mysql, which under containers has no name on the host, and more accounts from the caller.
func OfDatabase(more ...string) Owners {
	may := Trust(append(more, "mysql")...)
	if more, err := may.AndOwnerOf(databaseFolder); err == nil {
		return more
	}
	return may
}

// PathError is a path at which a user outside of the set can put a file or socket.
type PathError struct {
	Path string
	Why  string // with the folder or file, its owner, and the remedy
}

// Error names the path and why it is not safe.
func (e *PathError) Error() string {
	return fmt.Sprintf("%s is not safe to use, because others can change or replace it: %s", e.Path, e.Why)
}

// Socket resolves the links of a socket's path, and refuses it if a user outside of the set could put a socket there:
// each folder on the way must belong to the set, and that of the socket must be writable for nobody else. A sticky bit
// protects existing entries, so it suffices for the folders above; a server that is down has no socket yet.
func (o Owners) Socket(path string) (resolved string, err error) {
	resolved, _, err = walk(path, func(s step) error { return o.checkStep(path, s, s.last) })
	return resolved, err
}

// ReadFile reads a file of at most limit bytes, and refuses one that a user outside of the set can write or replace.
func (o Owners) ReadFile(path string, limit int64) ([]byte, error) {
	resolved, _, err := walk(path, func(s step) error { return o.checkStep(path, s, false) })
	if err != nil {
		return nil, err
	}
	f, err := safefile.OpenOwn(resolved)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch uid := uidOf(info); {
	case !o.Has(uid):
		return nil, &PathError{path, fmt.Sprintf("it belongs to %s, not to %s: chown root %s", Name(uid), o, resolved)}
	case openToOthers(info):
		return nil, &PathError{path, fmt.Sprintf("it can be written by others (mode %04o): chmod go-w %s",
			info.Mode().Perm(), resolved)}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return data, err
}

// checkStep refuses a folder in which a user outside of the set can replace the entry of the path, or, if it may be
// missing, create it.
func (o Owners) checkStep(path string, s step, mayBeMissing bool) error {
	uid, mode := uidOf(s.info), s.info.Mode()
	switch sticky := mode&os.ModeSticky != 0; {
	case !s.info.IsDir():
		return fmt.Errorf("%s: %s is not a directory", path, s.folder)
	case !o.Has(uid):
		return &PathError{path, fmt.Sprintf("%s belongs to %s, not to %s: chown root %s, or use another path",
			s.folder, Name(uid), o, s.folder)}
	case !openToOthers(s.info):
		return nil
	case !sticky:
		return &PathError{path, fmt.Sprintf("%s can be written by users other than %s (mode %04o): chmod go-w %s, "+
			"or use another path", s.folder, o, mode.Perm(), s.folder)}
	case mayBeMissing:
		return &PathError{path, fmt.Sprintf("everybody can create files in %s (mode 1%03o): "+
			"use a folder that only %s can write to", s.folder, mode.Perm(), o)}
	case !o.Has(uidOf(s.entry)):
		entry := filepath.Join(s.folder, s.entry.Name())
		return &PathError{path, fmt.Sprintf("%s belongs to %s, not to %s", entry, Name(uidOf(s.entry)), o)}
	}
	return nil
}

func uidOf(info os.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

// openToOthers reports whether users other than the owner can write: root's group and our own do not count.
func openToOthers(info os.FileInfo) bool {
	gid := info.Sys().(*syscall.Stat_t).Gid
	return info.Mode().Perm()&0o002 != 0 || info.Mode().Perm()&0o020 != 0 && gid != 0 && gid != uint32(os.Getegid())
}

// step is one name of a path: its folder and its entry there.
type step struct {
	folder string
	info   os.FileInfo
	entry  os.FileInfo
	last   bool // the end of the path
}

// walk follows a path from the root as the kernel does, and passes every step to show. It returns the resolved path.
func walk(path string, show func(step) error) (string, os.FileInfo, error) {
	if !filepath.IsAbs(path) {
		return "", nil, fmt.Errorf("%q is not a plain absolute path", path)
	}
	at, ahead := "/", names(path)
	for links := 0; ; {
		info, err := os.Lstat(at)
		if err != nil || len(ahead) == 0 {
			return at, info, err
		}
		next := filepath.Join(at, ahead[0])
		entry, err := os.Lstat(next)
		if err != nil {
			return "", nil, err
		}
		link := entry.Mode().Type() == os.ModeSymlink
		if err := show(step{at, info, entry, len(ahead) == 1 && !link}); err != nil {
			return "", nil, err
		}
		ahead = ahead[1:]
		if !link {
			at = next
			continue
		}
		target, err := os.Readlink(next)
		if links++; err == nil && links > maxLinks {
			err = fmt.Errorf("%s: %w", path, syscall.ELOOP)
		}
		if err != nil {
			return "", nil, err
		}
		if ahead = append(names(target), ahead...); filepath.IsAbs(target) {
			at = "/"
		}
	}
}

// names returns the elements of a path.
func names(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(name string) bool { return name == "" || name == "." })
}

// Unsafe reports whether an error is about an untrusted path or peer.
func Unsafe(err error) bool {
	var path *PathError
	var stranger *StrangerError
	var elsewhere *ElsewhereError
	return errors.As(err, &path) || errors.As(err, &stranger) || errors.As(err, &elsewhere)
}

// AndOwnerOf adds the owner of a folder, such as a database's: under containers its account has a name only there. The
// folder counts only if nobody outside of the set could have replaced it, that is, can write to any of the folders
// above it.
func (o Owners) AndOwnerOf(folder string) (Owners, error) {
	info, err := o.pinned(folder)
	if err != nil {
		return o, err
	}
	uid := info.Sys().(*syscall.Stat_t).Uid
	return o.And(uid, "the owner of "+folder), nil
}

// maxLinks is the number of links that the kernel follows.
const maxLinks = 40

// pinned returns a folder's info after it has checked all folders above. A link counts as its target, which is in one
// of them.
func (o Owners) pinned(folder string) (os.FileInfo, error) {
	_, info, err := walk(folder, func(s step) error {
		if err := o.checkFolder(s.folder, s.info); err != nil {
			return fmt.Errorf("the owner of %s cannot be trusted: %w", folder, err)
		}
		return nil
	})
	return info, err
}

// checkFolder refuses a folder in which a user outside of the set can create something. A sticky bit protects existing
// entries, but not future ones.
func (o Owners) checkFolder(path string, info os.FileInfo) error {
	stat := info.Sys().(*syscall.Stat_t)
	switch mode := info.Mode().Perm(); {
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", path)
	case !o.Has(stat.Uid):
		return fmt.Errorf("%s belongs to %s, not to %s", path, Name(stat.Uid), o)
	case mode&0o002 != 0, mode&0o020 != 0 && stat.Gid != 0:
		return fmt.Errorf("%s can be written by others (mode %04o)", path, mode)
	}
	return nil
}
