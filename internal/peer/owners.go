// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Where accounts stand; tests put files of their own there.
var (
	passwdFile   = "/etc/passwd"
	overflowFile = "/proc/sys/kernel/overflowuid"
)

// Owners are the users that may be at the other end. The zero value is nobody.
type Owners struct{ list []owner }

type owner struct {
	uid  uint32
	name string // as errors say it
}

// Trust makes the set of root, of the user who runs this, and of the named accounts as far as this host has them in
// /etc/passwd. No name service is asked: over the network it would answer what somebody else likes.
func Trust(accounts ...string) Owners {
	o := Owners{list: []owner{{0, "root"}}}
	for _, a := range readAccounts() {
		if slices.Contains(accounts, a.name) {
			o = o.with(a)
		}
	}
	self := uint32(os.Geteuid())
	if !o.Has(self) { // with() would leave out nobody, whom a server of his own may answer all the same
		o.list = append(slices.Clip(o.list), owner{self, Name(self)})
	}
	return o
}

// AndOwnerOf adds the owner of a folder, as of a database's: under containers its account has a name there alone. The
// folder counts only if nobody outside of the set could have put another in its place, that is if he can write to none
// of the folders above it.
func (o Owners) AndOwnerOf(folder string) (Owners, error) {
	info, err := o.pinned(folder)
	if err != nil {
		return o, err
	}
	uid := info.Sys().(*syscall.Stat_t).Uid
	return o.And(uid, "the owner of "+folder), nil
}

// And adds a user, named as errors shall say it.
func (o Owners) And(uid uint32, name string) Owners {
	return o.with(owner{uid, fmt.Sprintf("%s (%d)", name, uid)})
}

// with adds a user, but never the one that stands for all those whom this user namespace does not know.
func (o Owners) with(a owner) Owners {
	if o.Has(a.uid) || a.uid == overflowUID() {
		return o
	}
	return Owners{list: append(slices.Clip(o.list), a)}
}

// Has says that a user is among them.
func (o Owners) Has(uid uint32) bool {
	return slices.ContainsFunc(o.list, func(a owner) bool { return a.uid == uid })
}

// String lists them for an error: "root, mysql or the owner of /var/lib/mysql (42434)".
func (o Owners) String() string {
	var names []string
	for _, a := range o.list {
		names = append(names, a.name)
	}
	switch n := len(names); n {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
}

// Name is a user as errors say it: "user 1001 (secuser)", or "user 1001" where /etc/passwd has none such.
func Name(uid uint32) string {
	for _, a := range readAccounts() {
		if a.uid == uid {
			return fmt.Sprintf("user %d (%s)", uid, a.name)
		}
	}
	return fmt.Sprintf("user %d", uid)
}

// readAccounts reads /etc/passwd. A line that is none of an account is left out: nobody is trusted for it.
func readAccounts() (accounts []owner) {
	f, err := os.Open(passwdFile)
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 4 {
			continue
		}
		uid, err := strconv.ParseUint(fields[2], 10, 32)
		known := func(a owner) bool { return a.name == fields[0] }
		if err == nil && fields[0] != "" && !slices.ContainsFunc(accounts, known) { // the first one counts
			accounts = append(accounts, owner{uint32(uid), fields[0]})
		}
	}
	return accounts
}

// overflowUID is what the kernel says for a user whom this user namespace does not know.
func overflowUID() uint32 {
	text, _ := os.ReadFile(overflowFile)
	uid, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return 65534
	}
	return uint32(uid)
}

// maxLinks is how many links the kernel follows.
const maxLinks = 40

// pinned looks at a folder after all those above it. A link counts as what it leads to: it lies in one of those.
func (o Owners) pinned(folder string) (os.FileInfo, error) {
	_, info, err := walk(folder, func(s step) error {
		if err := o.holds(s.folder, s.info); err != nil {
			return fmt.Errorf("%s cannot vouch for its owner: %w", folder, err)
		}
		return nil
	})
	return info, err
}

// holds refuses a folder in which somebody outside of the set can put something. A sticky bit keeps what is there, but
// not what has yet to come.
func (o Owners) holds(path string, info os.FileInfo) error {
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
