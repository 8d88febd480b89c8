// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/handshake"
	"overcloud.backup/internal/peer"
)

// Attempt is one try to log in that did not succeed.
type Attempt struct {
	Place      string // "socket /run/mysqld/mysqld.sock"
	User       string
	Credential string // as Reached.Credentials
	Err        error
}

// LoginError is returned by Open when no attempt succeeded.
type LoginError struct {
	Attempts []Attempt
	// Files is the error of the option files or hiera, nil if there is none.
	Files error
}

// Error lists the attempts to log in, each with its reason.
func (e *LoginError) Error() string {
	var parts []string
	for _, a := range e.Attempts {
		parts = append(parts, fmt.Sprintf("%s as %s (%s): %s", a.Place, a.User, a.Credential, oneLine(a.Err)))
	}
	if e.Files != nil {
		parts = append(parts, oneLine(e.Files))
	}
	return "no server could be reached: " + strings.Join(parts, "; ")
}

// Where lists the places that were tried.
func (e *LoginError) Where() string {
	var places []string
	for _, a := range e.Attempts {
		if !slices.Contains(places, a.Place) {
			places = append(places, a.Place)
		}
	}
	return strings.Join(places, ", ")
}

// oneLine joins all errors of a list in one line.
func oneLine(err error) string {
	return excerpt.UpTo(2000, strings.ReplaceAll(err.Error(), "\n", "; "))
}

// Refused reports that a server answered at least once: it exists, but refused every account.
func (e *LoginError) Refused() bool {
	return slices.ContainsFunc(e.Attempts, func(a Attempt) bool { return ErrorNumber(a.Err) != 0 })
}

// Unsafe reports that another user holds a place of the server's, or could: trying again does not help.
func (e *LoginError) Unsafe() bool {
	return slices.ContainsFunc(e.Attempts, func(a Attempt) bool { return peer.Unsafe(a.Err) })
}

// Absent reports that no server exists: nothing listens anywhere. Nothing is known about a place that was not tried for
// lack of an account.
func (e *LoginError) Absent() bool {
	return !slices.ContainsFunc(e.Attempts, func(a Attempt) bool { return !nobodyListens(a.Err) })
}

// Hint returns what to try.
func (e *LoginError) Hint() string {
	any := func(match func(error) bool) bool {
		return slices.ContainsFunc(e.Attempts, func(a Attempt) bool { return match(a.Err) })
	}
	switch {
	case any(func(err error) bool { return errors.Is(err, os.ErrPermission) }):
		return "the socket is not open to this user: use become: true"
	case e.Unsafe():
		return "another user could answer in the server's place, so nothing was sent to it: correct what the message" +
			" names. The server has to run as root, mysql or the owner of its datadir"
	case any(unsupported):
		return "the account uses a login plugin that is not supported: use an account with unix_socket, ed25519 or" +
			" mysql_native_password"
	case any(isMalformed):
		return "the program that listens there is not a MariaDB server, or is faulty: find out what it is"
	case any(func(err error) bool { return ErrorNumber(err) == tooManyConnections }):
		return "the server has no connection left: raise max_connections or find out who holds them"
	case e.Refused() || len(e.Attempts) == 1 && errors.Is(e.Attempts[0].Err, errNoAccount):
		return "use become: true to log in as root of this host, or set login_user and login_password, or config_file"
	case any(isTimeout):
		return "the server accepts connections but does not answer: check its log and load"
	}
	return "is the database running here? Set login_unix_socket or login_host if it listens elsewhere"
}

// Error numbers of a server that refuses everyone, regardless of the account.
const (
	tooManyConnections = 1040
	hostBlocked        = 1129
	hostNotAllowed     = 1130
)

// errNoAccount reports an attempt that was not made: over TCP root needs a password.
var errNoAccount = errors.New("neither options, option files nor hiera name an account")

// isMalformed reports that something answered which does not behave like a server. An account's plugin may be another
// kind of mistake.
func isMalformed(err error) bool {
	var asked *handshake.PluginError
	return errors.Is(err, handshake.ErrMalformed) || errors.As(err, &asked) && asked.Greeting
}

// nobodyListens reports that nothing listens at a place, or that it was not tried.
func nobodyListens(err error) bool {
	return every(err, func(err error) bool {
		var path *fs.PathError // of /proc it says nothing about a server
		missing := errors.Is(err, os.ErrNotExist) && (!errors.As(err, &path) || path.Op == "lstat")
		return missing || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, errNoAccount)
	})
}

// noServer reports that nobody answered at a place, so that the server may be at the next one. Everything else is an
// answer, and ends the search: also one from a server that has no connection left or hangs. Any user can cause that,
// and would then be tried at the next place.
func noServer(err error) bool {
	return every(err, func(err error) bool {
		var path *fs.PathError
		var name *net.DNSError
		unseen := errors.Is(err, os.ErrPermission) && errors.As(err, &path) // of a folder: its content is unknown
		unreached := errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) ||
			errors.As(err, &name)
		return nobodyListens(err) || unseen || unreached
	})
}

// every reports whether something is true of an error, and if it consists of several, such as those of a name with
// several addresses, of each.
func every(err error, is func(error) bool) bool {
	for at := err; at != nil; at = errors.Unwrap(at) {
		if several, ok := at.(interface{ Unwrap() []error }); ok {
			return !slices.ContainsFunc(several.Unwrap(), func(one error) bool { return !every(one, is) })
		}
	}
	return is(err)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// unsupported recognizes a way to log in that the driver does not have, or only if enabled.
func unsupported(err error) bool {
	var asked *handshake.PluginError
	if errors.As(err, &asked) {
		return !asked.Greeting
	}
	for _, client := range []error{mysql.ErrUnknownPlugin, mysql.ErrOldPassword, mysql.ErrCleartextPassword,
		mysql.ErrNativePassword} {
		if errors.Is(err, client) {
			return true
		}
	}
	return false
}

// Absent reports whether an error of Open says that no server exists any more: nothing listens.
func Absent(err error) bool {
	var refused *LoginError
	return errors.As(err, &refused) && refused.Absent()
}
