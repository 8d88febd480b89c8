// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/handshake"
	"overcloud.backup/internal/peer"
	"overcloud.backup/internal/process"
)

// hangUp ends a connection that was not used. Left open it would be a client's session to those who count them.
func (c *Client) hangUp() {
	if c.conn != nil {
		c.conn.Close()
	}
	c.db.Close()
}

// logIn tries again after what the driver (1.10.1) reports as a malformed packet: it cuts a final zero byte off the
// server's random challenge, which for ed25519 is one in 256. Four failures in a row are one login in four billion.
func (c *Client) logIn(ctx context.Context) (conn *sql.Conn, err error) {
	for range 4 {
		if conn, err = c.db.Conn(ctx); !errors.Is(err, mysql.ErrMalformPkt) {
			break
		}
	}
	return conn, err
}

func (c *Client) config(p place, tlsConfig *tls.Config) *mysql.Config {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd = c.cred.user, c.cred.password
	cfg.Net, cfg.Addr = "unix", p.address
	if p.via == "tcp" {
		cfg.Net, cfg.TLS = "tcp", tlsConfig
	}
	cfg.DialFunc = c.dial
	cfg.Logger = &mysql.NopLogger{}
	// Placeholders are filled in here: a node that is not ready refuses to prepare statements.
	cfg.InterpolateParams = true
	cfg.ConnectionAttributes = "program_name:overcloud.backup"
	// The maximum of a server: a dump has rows of any size.
	cfg.MaxAllowedPacket = 1 << 30
	return cfg
}

// dial reaches a place which, according to the kernel, belongs to the server, and reads along while the driver logs in.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.reach(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.bounded = &boundedConn{Conn: conn}
	c.wire = handshake.Watch(c.bounded, network == "tcp" && c.encrypted)
	return c.wire, nil
}

func (c *Client) reach(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "unix" {
		return c.reachTCP(ctx, address)
	}
	path, err := c.may.Socket(address)
	if err != nil {
		return nil, err
	}
	conn, listener, err := peer.DialUnix(ctx, path, c.may)
	if err != nil {
		return nil, err
	}
	c.socket, c.owner = path, process.Owner{UID: int(listener.UID), GID: int(listener.GID)}
	if c.pid = listener.PID; c.pid == 1 {
		c.pid = 0 // systemd holds the socket for another process
	}
	return conn, nil
}

// reachTCP connects to another host only if one was configured: the name that the server listens at leads elsewhere if
// a resolver is wrong, or manipulated.
func (c *Client) reachTCP(ctx context.Context, address string) (net.Conn, error) {
	conn, local, err := peer.DialTCP(ctx, address, c.may)
	if err != nil || !c.here {
		return conn, err
	}
	if local {
		c.found = conn.RemoteAddr().String()
		return conn, nil
	}
	defer conn.Close()
	return nil, &peer.ElsewhereError{Address: address, At: conn.RemoteAddr().String()}
}

// safeConnector is the driver's connector. The driver (1.10.1) panics at unexpected input, such as a server's key that
// is not an RSA key, and says of a login that was ended here only that it ended.
type safeConnector struct {
	driver.Connector
	client *Client
}

// Connect makes one connection. It returns, whatever the server sends.
func (c safeConnector) Connect(ctx context.Context) (conn driver.Conn, err error) {
	c.client.wire = nil
	defer func() {
		if cause := recover(); cause != nil {
			c.client.wire.Close()
			conn, err = nil, fmt.Errorf("%w: %v", handshake.ErrMalformed, cause)
		}
	}()
	conn, err = c.Connector.Connect(ctx)
	if err != nil && c.client.wire != nil {
		err = cmp.Or(c.client.wire.Err(), err)
	}
	return conn, err
}

// unknownVariable is the server's error for a variable it does not have.
const unknownVariable = 1193

// prepare makes answers independent of the server's defaults: names are quoted with backticks, reads do not wait for
// the cluster (wsrep_sync_wait would hang on a node that lags), and are answered outside of the Primary component.
func (c *Client) prepare(ctx context.Context) error {
	id, err := c.Value(ctx, "SELECT CONNECTION_ID()")
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(id, &c.id); err != nil {
		return fmt.Errorf("connection id %q: %w", excerpt.Of(id), excerpt.Error(err))
	}
	if err := c.Exec(ctx, "SET SESSION sql_mode = '', sql_quote_show_create = 1, wait_timeout = 28800"); err != nil {
		return err
	}
	for _, variable := range []string{"wsrep_sync_wait = 0", "wsrep_dirty_reads = ON"} {
		if err := c.Exec(ctx, "SET SESSION "+variable); err != nil && ErrorNumber(err) != unknownVariable {
			return err
		}
	}
	return nil
}
