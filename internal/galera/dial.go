// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sys/unix"
)

// defaultConnect bounds one attempt. A server that is busy still greets in milliseconds.
const defaultConnect = 3 * time.Second

// connect makes one attempt: dial, log in, prepare the session.
func connect(ctx context.Context, l Login, p place, cred credential, tlsConfig *tls.Config) (*Client, error) {
	c := &Client{cred: cred, login: l, reached: Reached{Via: p.via, Address: p.address, User: cred.user, Credentials: cred.from}}
	connector, err := mysql.NewConnector(c.config(p, tlsConfig))
	if err != nil {
		return nil, err
	}
	c.db = sql.OpenDB(connector)
	c.db.SetMaxOpenConns(1)
	limit := l.ConnectTimeout
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

// hangUp ends a connection that came to nothing. Left open it would be a client's session to whoever counts them.
func (c *Client) hangUp() {
	if c.conn != nil {
		c.conn.Close()
	}
	c.db.Close()
}

// logIn tries again what the driver (1.10.1) takes for a malformed packet: it cuts a final zero byte off the server's
// random challenge, which for ed25519 is one in 256. Four times is one login in four billion.
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
	return cfg
}

func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if unixConn, ok := conn.(*net.UnixConn); ok {
		c.pid = peerPID(unixConn)
	}
	return conn, nil
}

// peerPID is the process that called listen on the socket. 1 is systemd holding it for somebody.
func peerPID(conn *net.UnixConn) int {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	pid := 0
	err = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(cred.Pid)
		}
	})
	if err != nil || pid == 1 {
		return 0
	}
	return pid
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
		return fmt.Errorf("connection id %q: %w", id, err)
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

// loadTLS is nil without certificates: then the connection is not encrypted.
func loadTLS(ca, cert, key string, skipHostname bool) (*tls.Config, error) {
	if ca == "" && cert == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("read ca_cert: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_cert %s holds no certificate in PEM form", ca)
		}
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("read client_cert %s and client_key %s: %w", cert, key, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	if skipHostname {
		// The chain is checked all the same, by VerifyConnection.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = chainOnly(cfg.RootCAs)
	}
	return cfg, nil
}

// chainOnly checks that the server's certificate is signed by a known CA, whatever name it carries.
func chainOnly(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server showed no certificate")
		}
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(options)
		return err
	}
}
