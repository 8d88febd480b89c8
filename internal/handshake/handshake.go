// SPDX-License-Identifier: GPL-3.0-or-later

// Package handshake follows the login of a MySQL connection, and ends it before the client library would send the
// server a password that it can use elsewhere: in plain, or encrypted with a key that the server itself shows.
//
// The library (go-sql-driver 1.10.1) obeys the server: asked for caching_sha2_password it sends the password in plain
// over a unix socket, and over TCP to any server with the key that it was shown. It has no option against that, and it
// does not check the length of the packets that it parses. Every packet of the login is therefore read completely, with
// a size limit, and checked before the library sees its first byte. Traffic after the login is passed on unread.
package handshake

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
)

// proven lists the plugins that prove a password without showing it. Those of unix_socket ask for none.
var proven = []string{"mysql_native_password", "client_ed25519", "unix_socket", "auth_socket"}

// maxPacket bounds a packet of the login: MariaDB's have some hundred bytes.
const maxPacket = 16 << 10

// ErrMalformed reports a packet that no server sends during a login.
var ErrMalformed = errors.New("the peer does not answer as a MariaDB server does")

// PluginError reports a server that asks to be shown the password. Nothing of it was sent.
type PluginError struct {
	Plugin string // the server's name of it
	// Greeting reports that the server asked for it before it knew the account.
	Greeting bool
}

// Error names the plugin, and those that are used instead.
func (e *PluginError) Error() string {
	return fmt.Sprintf("the server asks for the login plugin %.64q, which would show it the password: "+
		"without TLS (ca_cert, over TCP) only mysql_native_password, ed25519 and unix_socket are used", e.Plugin)
}

// phase is the state of a login.
type phase int

const (
	greeting phase = iota // nothing has arrived yet
	answers               // the server has the account's name
	ended                 // the server refused it, or was refused
	passed                // everything else is only for the client library
)

// Conn is a connection whose login is checked.
type Conn struct {
	net.Conn
	encrypted bool
	phase     phase
	packet    []byte // checked, and not yet passed on
	plugin    string
	err       error
}

// Watch wraps a connection. encrypted means that the client continues in TLS after the greeting, and ends the
// connection if the server has no TLS: then the server is authenticated before it receives anything, and may ask for
// any plugin.
func Watch(conn net.Conn, encrypted bool) *Conn {
	return &Conn{Conn: conn, encrypted: encrypted}
}

// Plugin returns the last plugin that the server asked for; "" if that was in TLS.
func (c *Conn) Plugin() string { return c.plugin }

// Err returns the reason for which the login was ended, or nil.
func (c *Conn) Err() error { return c.err }

// SyscallConn lets the library check whether the connection is alive.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if raw, ok := c.Conn.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// Read passes on checked packets, never more than one packet at once during the login.
func (c *Conn) Read(b []byte) (int, error) {
	if len(c.packet) == 0 {
		switch {
		case c.phase == passed:
			return c.Conn.Read(b)
		case c.err != nil:
			return 0, c.err
		case c.phase == ended:
			return 0, io.EOF
		}
		packet, err := c.next()
		if err != nil {
			return 0, err
		}
		c.packet = packet
	}
	n := copy(b, c.packet)
	c.packet = c.packet[n:]
	return n, nil
}

// next reads and checks one packet: three bytes of length, one of sequence number, the payload.
func (c *Conn) next() ([]byte, error) {
	header := make([]byte, 4)
	if _, err := io.ReadFull(c.Conn, header); err != nil {
		return nil, err
	}
	size := int(header[0]) | int(header[1])<<8 | int(header[2])<<16
	if size == 0 || size > maxPacket {
		return nil, c.end(fmt.Errorf("%w: a packet of %d bytes", ErrMalformed, size))
	}
	packet := append(header, make([]byte, size)...)
	if _, err := io.ReadFull(c.Conn, packet[4:]); err != nil {
		return nil, err
	}
	next, err := c.judge(packet[4:])
	if err != nil {
		return nil, c.end(err)
	}
	c.phase = next
	return packet, nil
}

func (c *Conn) end(err error) error {
	c.phase, c.err = ended, err
	return err
}

// First bytes of a packet that answers a login.
const (
	isOK     = 0x00
	isSwitch = 0xfe
	isError  = 0xff
)

// judge returns the phase after a packet, and refuses one after which the library would show the password.
func (c *Conn) judge(payload []byte) (phase, error) {
	switch {
	case payload[0] == isError && len(payload) < shortest(payload):
		return ended, fmt.Errorf("%w: an error of %d bytes", ErrMalformed, len(payload))
	case payload[0] == isError:
		return ended, nil
	case c.phase == greeting:
		return c.greeted(payload)
	case payload[0] == isOK:
		return passed, nil
	case payload[0] == isSwitch:
		return answers, c.switched(payload)
	}
	// This includes 0x01, with which the server continues: none of the accepted plugins does.
	return ended, fmt.Errorf("%w: a packet %#02x instead of an answer", ErrMalformed, payload[0])
}

// shortest is the minimum length of an error: a number, and after its mark five characters of a state.
func shortest(payload []byte) int {
	if len(payload) > 3 && payload[3] == '#' {
		return 9
	}
	return 4
}

// greeted checks the server's first packet, as of MySQL 4.1:
//
//	1 protocol, 10; the version and a zero; 4 the connection's number; 8 of the challenge; a zero; 2 capabilities;
//	1 character set; 2 status; 2 more capabilities; 1 length of the challenge; 10 zeroes, or 6 and MariaDB's
//	capabilities; 12 more of the challenge and a zero; the plugin and a zero
func (c *Conn) greeted(payload []byte) (phase, error) {
	zero := bytes.IndexByte(payload, 0)
	const fixed = 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10 + 12 + 1
	if payload[0] != 10 || zero < 0 || len(payload) < zero+1+fixed {
		return ended, fmt.Errorf("%w: not a greeting of protocol 10", ErrMalformed)
	}
	if c.encrypted {
		return passed, nil
	}
	plugin, _, _ := bytes.Cut(payload[zero+1+fixed:], []byte{0})
	if len(plugin) > 0 && !slices.Contains(proven, string(plugin)) {
		return ended, &PluginError{Plugin: string(plugin), Greeting: true}
	}
	c.plugin = cmp.Or(string(plugin), "mysql_native_password")
	return answers, nil
}

// nativeChallenge is the length that mysql_native_password reads without checking the length of the packet.
const nativeChallenge = 20

// switched checks the request to log in with another plugin: its name, a zero, a challenge. Without them, the byte
// requests the method from before MySQL 4.1.
func (c *Conn) switched(payload []byte) error {
	plugin, challenge, found := bytes.Cut(payload[1:], []byte{0})
	switch {
	case len(payload) == 1:
		return &PluginError{Plugin: "mysql_old_password"}
	case !found || len(plugin) == 0:
		return fmt.Errorf("%w: a request to log in with no plugin", ErrMalformed)
	case !slices.Contains(proven, string(plugin)):
		return &PluginError{Plugin: string(plugin)}
	case string(plugin) == "mysql_native_password" && len(challenge) < nativeChallenge:
		return fmt.Errorf("%w: a challenge of %d bytes", ErrMalformed, len(challenge))
	}
	c.plugin = string(plugin)
	return nil
}
