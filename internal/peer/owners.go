// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Paths of the account files; tests replace them.
var (
	passwdFile   = "/etc/passwd"
	overflowFile = "/proc/sys/kernel/overflowuid"
)

// Owners are the users that may be at the other end. The zero value allows nobody.
type Owners struct{ list []owner }

type owner struct {
	uid  uint32
	name string // for errors
}

// Trust returns the set of root, the current user, and the named accounts that are in this host's /etc/passwd. No name
// service is asked: an answer over the network could be forged.
func Trust(accounts ...string) Owners {
	o := Owners{list: []owner{{0, "root"}}}
	for _, a := range readAccounts() {
		if slices.Contains(accounts, a.name) {
			o = o.with(a)
		}
	}
	self := uint32(os.Geteuid())
	if !o.Has(self) { // with() would leave out nobody, to whom a server of the same user may still answer
		o.list = append(slices.Clip(o.list), owner{self, Name(self)})
	}
	return o
}

// And adds a user with the name that errors use.
func (o Owners) And(uid uint32, name string) Owners {
	return o.with(owner{uid, fmt.Sprintf("%s (%d)", name, uid)})
}

// with adds a user, but never the uid that stands for all users unknown to this user namespace.
func (o Owners) with(a owner) Owners {
	if o.Has(a.uid) || a.uid == overflowUID() {
		return o
	}
	return Owners{list: append(slices.Clip(o.list), a)}
}

// Has reports whether a user is in the set.
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

// Name describes a user for an error: "user 1001 (secuser)", or "user 1001" if /etc/passwd does not have it.
func Name(uid uint32) string {
	for _, a := range readAccounts() {
		if a.uid == uid {
			return fmt.Sprintf("user %d (%s)", uid, a.name)
		}
	}
	return fmt.Sprintf("user %d", uid)
}

// readAccounts reads /etc/passwd. Lines that do not describe an account are left out: they make nobody trusted.
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

// overflowUID is the uid that the kernel reports for users unknown to this user namespace.
func overflowUID() uint32 {
	text, _ := os.ReadFile(overflowFile)
	uid, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
	if err != nil {
		return 65534
	}
	return uint32(uid)
}
