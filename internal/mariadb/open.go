// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/peer"
)

// Open reaches the local server: every place where it may listen until one answers, every credential, in the order that
// Login describes. Nothing is sent to anybody but a user that owners trusts. A *LoginError names each attempt and its
// reason, never a password.
func Open(ctx context.Context, login Login) (*Client, error) {
	return ReadOptionFiles(login.ConfigFile).Open(ctx, login)
}

// Open is Open with option files that were read already.
func (f OptionFiles) Open(ctx context.Context, l Login) (*Client, error) {
	l = f.withTLS(l)
	may := f.owners(l)
	tlsConfig, err := loadTLS(l, may)
	if err != nil {
		return nil, err
	}
	d := door{login: l, may: may, tls: tlsConfig, creds: f.credentials(l), problem: f.err}
	for _, p := range f.places(l, socketExists) {
		before := len(d.attempts)
		if client := d.try(ctx, p); client != nil {
			client.failed = d.attempts
			return client, nil
		}
		met := slices.ContainsFunc(d.attempts[before:], func(a Attempt) bool { return !noServer(a.Err) })
		if met || ctx.Err() != nil {
			break
		}
	}
	return nil, &LoginError{Attempts: d.attempts, Files: d.problem}
}

func socketExists(path string) bool {
	info, err := os.Stat(path)
	// A path that may not be inspected is tried: the attempt then says why it fails.
	return err == nil && info.Mode()&os.ModeSocket != 0 || errors.Is(err, os.ErrPermission)
}

// door keeps what is known while places are tried one after another.
type door struct {
	login    Login
	may      peer.Owners
	tls      *tls.Config
	creds    []credential
	complete bool // hiera was asked
	attempts []Attempt
	problem  error
}

// try logs in at one place. hiera is asked only if everything before it was refused: it may start Ruby.
func (d *door) try(ctx context.Context, p place) *Client {
	tried := len(d.attempts)
	for i := 0; ; i++ {
		if i == len(d.creds) && !d.complete {
			more, err := lastResorts(ctx)
			d.creds = append(d.creds, more...)
			d.complete, d.problem = true, errors.Join(d.problem, err)
		}
		if i == len(d.creds) && len(d.attempts) == tried {
			d.failed(p, credential{user: "nobody", from: "none"}, errNoAccount)
		}
		if i == len(d.creds) {
			return nil
		}
		cred := d.creds[i]
		if cred.socketOnly && p.via != "socket" {
			continue
		}
		if d.login.Secret != nil && cred.password != "" {
			d.login.Secret(cred.password)
		}
		client, err := d.connect(ctx, p, cred)
		if err == nil {
			return client
		}
		d.failed(p, cred, err)
		if !tryNextAccount(err) {
			return nil
		}
	}
}

func (d *door) failed(p place, cred credential, err error) {
	d.attempts = append(d.attempts, Attempt{Place: p.via + " " + p.address, User: cred.user, Credential: cred.from,
		Err: excerpt.Error(err)})
}

// tryNextAccount distinguishes a refusal of this account from a failure that every account would meet at this place.
func tryNextAccount(err error) bool {
	if unsupported(err) {
		return true
	}
	switch ErrorNumber(err) {
	case 0, tooManyConnections, hostBlocked, hostNotAllowed:
		return false
	}
	return true
}

// defaultConnect limits one attempt. A server that is busy still greets in milliseconds.
const defaultConnect = 3 * time.Second

// connect makes one attempt: dial, log in, prepare the session.
func (d *door) connect(ctx context.Context, p place, cred credential) (*Client, error) {
	c := &Client{cred: cred, login: d.login, may: d.may, encrypted: d.tls != nil, here: p.here,
		reached: Reached{Via: p.via, Address: p.address, User: cred.user, Credentials: cred.from}}
	connector, err := mysql.NewConnector(c.config(p, d.tls))
	if err != nil {
		return nil, err
	}
	c.db = sql.OpenDB(safeConnector{connector, c})
	c.db.SetMaxOpenConns(1)
	limit := d.login.ConnectTimeout
	if limit <= 0 {
		limit = defaultConnect
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if c.conn, err = c.logIn(ctx); err == nil {
		err = c.prepare(ctx)
	}
	if err != nil {
		c.hangUp()
		return nil, explain(ctx, err)
	}
	return c, nil
}
