// SPDX-License-Identifier: GPL-3.0-or-later

// Package peer identifies the other end of a local connection from what the kernel reports, before anything is sent to
// it. If the owner cannot be determined, that is an error; the peer is never trusted.
//
// The kernel vouches for:
//   - over a unix socket, the user that called listen on it (SO_PEERCRED), by the effective uid of that moment. A
//     service that starts as root and drops its rights later counts as root's, as does a socket that systemd holds.
//
// - over TCP to this host, the user that created the listening socket (/proc/net/tcp and tcp6). Two listeners of which
//   - over TCP to this host, the user that created the listening socket (/proc/net/tcp and tcp6). Two listeners of
//
// which either would accept the same connection belong to one user: the kernel lets nobody else bind there while one
//
//	listens, not even with SO_REUSEPORT. So a listener that exists before and after a connection is made accepted it.
//
// It does not vouch for the process (any program of a trusted user can listen), for what a trusted user does with a
// connection (it may be handed to somebody else), or for anything on another host. Packet filter rules, proxies of root
// and other network namespaces can be set up only by root.
package peer

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Peer is the other end of a unix socket.
type Peer struct {
	PID int // 0 when it is not in our process namespace
	UID uint32
	GID uint32
}

// StrangerError reports that the other end does not belong to one of the allowed owners. Nothing was sent to it.
type StrangerError struct {
	Where string // the socket's path, or the address
	UID   uint32
	May   Owners
}

// Error says whose the listener is, and who may listen there.
func (e *StrangerError) Error() string {
	return fmt.Sprintf("%s belongs to %s, not to %s; nothing was sent to it", e.Where, Name(e.UID), e.May)
}

// ElsewhereError reports another host at an address that should be this host's. Nothing was sent to it.
type ElsewhereError struct {
	Address string // as it was named
	At      string // what it resolved to
}

// Error names the other host, and how to correct the address.
func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("%s leads to another host (%s) instead of this one; nothing was sent to it; correct the name "+
		"in /etc/hosts or the server's bind-address, or set login_host", e.Address, e.At)
}

// OfSocket returns the process and user that called listen on the socket at the other end of a connection.
func OfSocket(conn *net.UnixConn) (Peer, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("read the owner of the socket: %w", err)
	}
	var cred *unix.Ucred
	var asked error
	err = raw.Control(func(fd uintptr) {
		cred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, asked); err != nil {
		return Peer{}, fmt.Errorf("read the owner of the socket: %w", err)
	}
	if cred.Uid == ^uint32(0) {
		return Peer{}, errors.New("the kernel does not report the owner of the socket")
	}
	return Peer{PID: int(cred.Pid), UID: cred.Uid, GID: cred.Gid}, nil
}

// DialUnix connects to a unix socket of one of the owners. If it belongs to another user, the error is a
// *StrangerError.
func DialUnix(ctx context.Context, path string, may Owners) (*net.UnixConn, Peer, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, Peer{}, err
	}
	peer, err := OfSocket(conn.(*net.UnixConn))
	if err == nil && !may.Has(peer.UID) {
		err = &StrangerError{path, peer.UID, may}
	}
	if err != nil {
		conn.Close()
		return nil, peer, err
	}
	return conn.(*net.UnixConn), peer, nil
}
