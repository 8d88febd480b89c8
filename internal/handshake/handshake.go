// SPDX-License-Identifier: GPL-3.0-or-later

// Package handshake reads along while a MySQL connection logs in, and ends it before the client library would give the
// server what it can use elsewhere: a password in plain, or encrypted to a key that the server itself shows.
//
// The library (go-sql-driver 1.10.1) does as the server says: asked for caching_sha2_password it sends the password in
// plain over a unix socket, and over TCP to whoever has the key that it was shown. It has no switch against that, nor
// does it check the length of what it takes apart. Every packet of the login is therefore read whole, and bounded, and
// looked at before the library sees its first byte. What follows the login is passed on unseen.
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

// proven are the plugins by which a password can be proven without being shown. Those of unix_socket ask for none.
var proven = []string{"mysql_native_password", "client_ed25519", "unix_socket", "auth_socket"}

// maxPacket bounds a packet of the login: MariaDB's have some hundred bytes.
const maxPacket = 16 << 10

// ErrMalformed is a packet that no server sends while a connection logs in.
var ErrMalformed = errors.New("what answers does not speak as a MariaDB server")

// PluginError is a server that wants to be shown the password. Nothing of it was sent.
type PluginError struct {
	Plugin string // as the server calls it
	// Greeting says that the server asked for it before it knew the account.
	Greeting bool
}

func (e *PluginError) Error() string {
	return fmt.Sprintf("the server asks for the login plugin %.64q, by which it would learn the password: "+
		"without TLS (ca_cert, over TCP) only mysql_native_password, ed25519 and unix_socket are used", e.Plugin)
}

// phase is how far a login has come.
type phase int

const (
	greeting phase = iota // nothing was said yet
	answers               // the server has the account's name
	ended                 // the server refused it, or was refused
	passed                // whatever comes is for the client library alone
)

// Conn is a connection whose login is read along.
type Conn struct {
	net.Conn
	encrypted bool
	phase     phase
	packet    []byte // looked at, and not yet passed on
	plugin    string
	err       error
}

// Watch reads along. encrypted says that the client goes on in TLS after the greeting, which it leaves if the server has
// none: then the server is proven before it is told anything, and what it asks for is its own business.
func Watch(conn net.Conn, encrypted bool) *Conn {
	return &Conn{Conn: conn, encrypted: encrypted}
}

// Plugin is the last one that the server asked for; empty where that was said in TLS.
func (c *Conn) Plugin() string { return c.plugin }

// Err is why the login was ended; nil if it was not.
func (c *Conn) Err() error { return c.err }

// SyscallConn lets the library see whether the connection still lives.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if raw, ok := c.Conn.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// Read passes on what was looked at, never more than one packet while the login lasts.
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

// next reads and judges one packet: three bytes of length, one that counts, the payload.
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

// judge says what comes after a packet, and refuses one after which the library would show the password.
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
	// Among them 0x01, by which the server goes on asking: none of the plugins that are used has more to say.
	return ended, fmt.Errorf("%w: a packet %#02x instead of an answer", ErrMalformed, payload[0])
}

// shortest is the least that an error has: a number, and where its mark stands five characters of a state.
func shortest(payload []byte) int {
	if len(payload) > 3 && payload[3] == '#' {
		return 9
	}
	return 4
}

// greeted judges the server's first packet, as of MySQL 4.1 on:
//
//	1 protocol, 10; the version and a zero; 4 the connection's number; 8 of the challenge; a zero; 2 capabilities;
//	1 character set; 2 status; 2 more capabilities; 1 length of the challenge; 10 zeroes, or 6 and MariaDB's
//	capabilities; 12 more of the challenge and a zero; the plugin and a zero
func (c *Conn) greeted(payload []byte) (phase, error) {
	zero := bytes.IndexByte(payload, 0)
	const fixed = 4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10 + 12 + 1
	if payload[0] != 10 || zero < 0 || len(payload) < zero+1+fixed {
		return ended, fmt.Errorf("%w: no greeting of protocol 10", ErrMalformed)
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

// nativeChallenge is how much mysql_native_password takes, without looking how much there is.
const nativeChallenge = 20

// switched judges the order to log in by another plugin: its name, a zero, a challenge. Alone, the byte stands for that
// of before MySQL 4.1.
func (c *Conn) switched(payload []byte) error {
	plugin, challenge, found := bytes.Cut(payload[1:], []byte{0})
	switch {
	case len(payload) == 1:
		return &PluginError{Plugin: "mysql_old_password"}
	case !found || len(plugin) == 0:
		return fmt.Errorf("%w: an order to log in by no plugin", ErrMalformed)
	case !slices.Contains(proven, string(plugin)):
		return &PluginError{Plugin: string(plugin)}
	case string(plugin) == "mysql_native_password" && len(challenge) < nativeChallenge:
		return fmt.Errorf("%w: a challenge of %d bytes", ErrMalformed, len(challenge))
	}
	c.plugin = string(plugin)
	return nil
}
