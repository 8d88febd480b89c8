// SPDX-License-Identifier: GPL-3.0-or-later

// Package mariadb connects to one MariaDB server: it finds out where the server listens and with which account, proves
// who is at the other end before it sends anything, and reads answers of limited size. It is the only package that
// imports a driver; galera, mariadb/accounts and mariadb/catalog read the data.
package mariadb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/handshake"
	"overcloud.backup/internal/peer"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/quantity"
)

// Client is one connection to one server. It is for one goroutine at a time. A connection that breaks stays broken:
// open another.
type Client struct {
	db        *sql.DB
	conn      *sql.Conn
	cred      credential
	login     Login
	reached   Reached
	failed    []Attempt   // before this one succeeded
	may       peer.Owners // who may be at the other end
	wire      *handshake.Conn
	bounded   *boundedConn
	encrypted bool   // over TCP: it uses TLS or none
	here      bool   // over TCP: the server has to be on this host
	found     string // and the address that its name led to
	socket    string // the path of the socket that was reached, without links
	pid       int
	owner     process.Owner // of the socket, by the kernel
	id        int64
}

// Close ends the connection.
func (c *Client) Close() error {
	return errors.Join(c.conn.Close(), c.db.Close())
}

// Reached reports how the server was reached and as which account.
func (c *Client) Reached() Reached { return c.reached }

// Refused returns the attempt with the account of the options, if that one was refused and another one then worked.
func (c *Client) Refused() (a Attempt, refused bool) {
	for _, a := range c.failed {
		if a.Credential == "options" {
			return a, true
		}
	}
	return Attempt{}, false
}

// PeerPID returns the process that listens on the unix socket, by its pid on this host; 0 if it is unknown.
func (c *Client) PeerPID() int { return c.pid }

// PeerOwner returns the user that called listen on the unix socket. That user could later make /proc report root for
// the process, with a program that is setuid.
func (c *Client) PeerOwner() process.Owner { return c.owner }

// SocketPath returns the server's unix socket, without links to it; empty over TCP.
func (c *Client) SocketPath() string { return c.socket }

// ID returns the connection's id, as in the process list of the server.
func (c *Client) ID() int64 { return c.id }

// Exec runs one statement. Question marks in it are placeholders for args.
func (c *Client) Exec(ctx context.Context, statement string, args ...any) error {
	if _, err := c.conn.ExecContext(ctx, statement, args...); err != nil {
		return explain(ctx, err)
	}
	return nil
}

// Value returns the first column of the first row of an answer. No row is sql.ErrNoRows; NULL is the empty string.
func (c *Client) Value(ctx context.Context, query string, args ...any) (string, error) {
	var value string
	found := false
	err := c.Each(ctx, query, func(row []*string) error {
		if !found && row[0] != nil {
			value = *row[0]
		}
		found = true
		return nil
	}, args...)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return value, err
}

// Rows returns a complete answer as text, for answers that are known to be small: of at most maxRows and maxAnswer.
// NULL is the empty string.
func (c *Client) Rows(ctx context.Context, query string, args ...any) ([][]string, error) {
	var all [][]string
	size := 0
	err := c.Each(ctx, query, func(row []*string) error {
		texts := make([]string, len(row))
		for i, value := range row {
			if value != nil {
				texts[i] = *value
				size += len(*value)
			}
		}
		if len(all) == maxRows || size > maxAnswer {
			return c.tooLong()
		}
		all = append(all, texts)
		return nil
	}, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Each passes an answer's rows to take one by one as text, nil for NULL. An error of take ends it.
func (c *Client) Each(ctx context.Context, query string, take func(row []*string) error, args ...any) error {
	err := c.each(ctx, query, take, args)
	if c.bounded != nil && c.bounded.over() {
		return ErrTooLong
	}
	return err
}

// tooLong ends the connection: the rest of such an answer is not read.
func (c *Client) tooLong() error {
	if c.bounded != nil {
		c.bounded.Close()
	}
	return ErrTooLong
}

func (c *Client) each(ctx context.Context, query string, take func(row []*string) error, args []any) error {
	rows, err := c.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return explain(ctx, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return explain(ctx, err)
	}
	if len(names) > maxColumns {
		return c.tooLong()
	}
	row := make([]*string, len(names))
	into := make([]any, len(names))
	for i := range row {
		into[i] = &row[i]
	}
	for n := 0; rows.Next(); n++ {
		if n == maxStream {
			return c.tooLong()
		}
		c.bounded.more()
		if err := rows.Scan(into...); err != nil {
			return explain(ctx, err)
		}
		if err := take(row); err != nil {
			return err
		}
	}
	return explain(ctx, rows.Err())
}

// explain makes the deadline's error readable and keeps everything else, except that it shortens long messages of the
// server.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && ErrorNumber(err) == 0 {
		return fmt.Errorf("no answer within the time limit: %w", ctx.Err())
	}
	return excerpt.Error(err)
}

// Pairs reads an answer of two columns, name and value, such as that of SHOW STATUS. Names are in lower case.
func (c *Client) Pairs(ctx context.Context, query string) (map[string]string, error) {
	rows, err := c.Rows(ctx, query)
	if err != nil {
		return nil, err
	}
	m := make(map[string]string, len(rows))
	for _, row := range rows {
		if len(row) != 2 {
			return nil, fmt.Errorf("an answer of %s where name and value were expected",
				quantity.Count(int64(len(row)), "column"))
		}
		m[strings.ToLower(row[0])] = row[1]
	}
	return m, nil
}
