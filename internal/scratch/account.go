// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"

	"overcloud.backup/internal/process"
)

// Account is the user that runs the server's programs. Tests use another one if it does not exist.
var Account = "mysql"

// NoAccountError means that this host has no user other than root to run the server's programs.
type NoAccountError struct{ name string }

// ServerUser returns the user mysql: nothing of a set runs as root.
func ServerUser() (process.Owner, error) { return UserNamed(Account) }

// UserNamed returns a user of this host, and refuses root.
func UserNamed(name string) (process.Owner, error) {
	u, err := user.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		return process.Owner{}, &NoAccountError{name}
	}
	if err != nil {
		return process.Owner{}, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return process.Owner{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err == nil && uid == 0 {
		err = fmt.Errorf("the user %s is root, which never runs anything from a set", name)
	}
	return process.Owner{UID: uid, GID: gid}, err
}

// Error says how to create the user.
func (e *NoAccountError) Error() string {
	return fmt.Sprintf("this host has no user %s, and root never runs anything from a set: install the server's"+
		" package, "+
		"or create that user with useradd --system --user-group --no-create-home --shell /sbin/nologin %[1]s", e.name)
}
