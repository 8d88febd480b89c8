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
)

// Rule is how a file must be so that only root and this process's user can change it. The zero value is the strictest
// rule for a regular file that others may read. Owner and kind are the same under each rule: root or this process's
// user, and no link.
type Rule struct {
	// Folder expects a folder rather than a regular file.
	Folder bool
	// Private is for what others must not even read.
	Private bool
	// Sticky accepts what /tmp has: others can create entries, but they cannot replace ours. It is for folders on the
	// way to a path, never for the one in which something is created.
	Sticky bool
	// Groups accepts write access for the groups of root and of this process. It is for files that a package or an
	// administrator creates, where this is usual; what the collection creates needs no group.
	Groups bool
}

// FaultError reports that a user other than root and this process's user can change a file, or has created it.
type FaultError struct {
	Path   string
	Why    string // continues the path: its kind, owner or mode
	Remedy string // a command, or "" if there is no general one
	Fault  Fault
}

// Fault is the kind of a FaultError.
type Fault int

// The faults, in the order in which they are looked for.
const (
	UnknownOwner Fault = iota
	Link
	Kind
	Owner
	Readable
	Writable
)

// Error names the path, what is wrong with it, and how to mend it.
func (e *FaultError) Error() string {
	text := e.Path + " " + e.Why
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Check returns a *FaultError if a file does not follow the rule. The path is only for the message: info is of an open
// file, or of a name that nobody else can replace.
func (r Rule) Check(path string, info fs.FileInfo) error {
	return r.check(path, info, user{uint32(os.Geteuid()), uint32(os.Getegid())})
}

// held is Check for an open file. The error has no remedy: the name that leads there is the caller's choice.
func (r Rule) held(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	err = r.Check(path, info)
	var fault *FaultError
	if errors.As(err, &fault) {
		fault.Remedy = ""
	}
	return err
}

func (r Rule) check(path string, info fs.FileInfo, u user) error {
	fault := func(f Fault, why, remedy string) error { return &FaultError{path, why, remedy, f} }
	stat, known := info.Sys().(*syscall.Stat_t)
	mode, perm := info.Mode(), info.Mode().Perm()
	switch {
	case mode.Type() == fs.ModeSymlink:
		return fault(Link, "is a symbolic link", "")
	case r.Folder && !mode.IsDir():
		return fault(Kind, "is not a directory", "")
	case !r.Folder && !mode.IsRegular():
		return fault(Kind, "is "+ErrKind.Error(), "")
	case !known:
		return fault(UnknownOwner, "has an owner that cannot be determined", "")
	case stat.Uid != 0 && stat.Uid != u.uid:
		return fault(Owner, fmt.Sprintf("belongs to user %d, not to %s", stat.Uid, u), "chown root "+path)
	case r.Private && perm&0o077 != 0:
		private := map[bool]string{true: "700", false: "600"}[r.Folder]
		return fault(Readable, fmt.Sprintf("is open to others than %s (mode %04o)", u, perm),
			"chmod "+private+" "+path)
	case perm&r.writers(stat.Gid, u) != 0 && !(r.Sticky && mode&fs.ModeSticky != 0):
		return fault(Writable, fmt.Sprintf("can be written by others than %s (mode %04o)", u, perm),
			"chmod go-w "+path)
	}
	return nil
}

// writers are the bits of a mode that let others write.
func (r Rule) writers(gid uint32, u user) fs.FileMode {
	if r.Groups && (gid == 0 || gid == u.gid) {
		return 0o002
	}
	return 0o022
}

// user is the one that this process runs as.
type user struct{ uid, gid uint32 }

// String names the users that may own a file.
func (u user) String() string {
	if u.uid != 0 {
		return fmt.Sprintf("root or user %d", u.uid)
	}
	return "root"
}

// CheckFolder returns a *FaultError if another user could replace or fill a folder: it must follow the rule, and each
// folder above it belong to root or this process's user and be writable only by its owner, or sticky. The path is
// absolute and clean, and no part of it a link. The error is fs.ErrNotExist if a folder is missing.
//
// It goes down from the root by names: once a folder follows the rule, nobody else can replace the next one.
func CheckFolder(path string, last Rule) error {
	return down(path, last, func(string) error { return nil })
}

// MakeFolder is CheckFolder, and creates what is missing, 0700. It creates nothing below a folder that it refuses, and
// nothing behind a link.
func MakeFolder(path string, last Rule) error {
	return down(path, last, func(at string) error {
		if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Mkdir(at, 0o700); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}

// down checks each folder of a path, from the root on, after prepare.
func down(path string, last Rule, prepare func(at string) error) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return fmt.Errorf("%q is not a plain absolute path", path)
	}
	last.Folder = true
	at := "/"
	for part := range strings.SplitSeq(path[1:], "/") {
		at = filepath.Join(at, part)
		if err := prepare(at); err != nil {
			return err
		}
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		rule := last
		if at != path {
			rule = Rule{Folder: true, Sticky: true}
		}
		if err := rule.Check(at, info); err != nil {
			return err
		}
	}
	return nil
}
