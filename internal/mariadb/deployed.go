// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
)

// Account is a user with a password, and its source.
type Account struct{ User, Password, From string }

// Deployed returns the accounts with a password that the options, the option files and hiera of this host name. Every
// password is passed to l.Secret.
func Deployed(ctx context.Context, l Login) (accounts []Account, err error) {
	found := ReadOptionFiles(l.ConfigFile).credentials(l)
	more, err := lastResorts(ctx)
	for _, c := range append(found, more...) {
		if c.password == "" {
			continue
		}
		if l.Secret != nil {
			l.Secret(c.password)
		}
		accounts = append(accounts, Account{User: c.user, Password: c.password, From: c.from})
	}
	return accounts, err
}

// ErrUntried reports an account whose password nobody can try: the server has not loaded its login plugin, or this
// program does not support it.
var ErrUntried = errors.New("the login plugin is missing")

// notLoaded is the server's error for an account whose plugin it has not loaded.
const notLoaded = 1524

// Admits reports whether the server at a unix socket, which runs as that user, accepts an account. ErrUntried is
// neither.
func Admits(ctx context.Context, socket string, uid int, a Account) (bool, error) {
	c, err := Open(ctx, Login{User: a.User, Password: a.Password, Socket: socket, ServerUID: uid})
	var failed *LoginError
	switch {
	case err == nil:
		defer c.Close()
		other, refused := c.Refused()
		if !refused {
			return true, nil
		}
		err = other.Err
	case errors.As(err, &failed) && failed.Refused():
		err = failed.Attempts[0].Err // the others are of other accounts
	default:
		return false, err
	}
	if ErrorNumber(err) == notLoaded || unsupported(err) {
		return false, fmt.Errorf("%w: %w", ErrUntried, err)
	}
	return false, nil
}

// SetPassword sets the password of all accounts of a user, except those that unix_socket accepts without one. Each
// keeps its login plugin. It returns their number.
func (c *Client) SetPassword(ctx context.Context, a Account) (changed int, err error) {
	rows, err := c.Rows(ctx, "SELECT host, plugin FROM mysql.user WHERE user = ? AND plugin NOT IN ('unix_socket',"+
		" 'auth_socket')", a.User)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		// Account names cannot be placeholders.
		statement := "ALTER USER " + QuoteText(a.User) + "@" + QuoteText(row[0]) + identified(row[1], a.Password)
		if err := c.Exec(ctx, statement); err != nil {
			return changed, fmt.Errorf("give %s@%s the deployed password: error %d", a.User, excerpt.Of(row[0]),
				ErrorNumber(err))
		}
		changed++
	}
	return changed, nil
}

// identified names a password for a plugin; the server's own may have no name. Before MariaDB 10.4 there is no such
// statement for another plugin, which then is an error.
func identified(plugin, password string) string {
	if plugin == "" || plugin == "mysql_native_password" {
		return " IDENTIFIED BY " + QuoteText(password)
	}
	return " IDENTIFIED VIA " + QuoteName(plugin) + " USING PASSWORD(" + QuoteText(password) + ")"
}
