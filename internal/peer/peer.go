// SPDX-License-Identifier: GPL-3.0-or-later

// Package peer says who is at the other end of a local connection, as the kernel tells it, before anything is said to
// him: what cannot be told is an error, never trust.
//
// What the kernel vouches for:
//   - over a unix socket, who called listen on it (SO_PEERCRED), by the effective uid of that moment. A service that
//     begins as root and drops its rights later counts as root's, as does a socket that systemd holds for it.
//   - over TCP to this host, who made the socket that listens (/proc/net/tcp and tcp6). Two listeners of which either
//     would take the same connection are of one user: the kernel lets nobody else bind there as long as one listens,
//     SO_REUSEPORT neither. So a listener that is there before and after a connection is made is who took it.
//
// What it does not: that the process is the service that is looked for (any program of a trusted user's can listen),
// what a trusted user does with a connection (it may be handed to somebody else), or anything about another host.
// Rules of a packet filter, a proxy of root's and other network namespaces are root's to set up.
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

// StrangerError is somebody at the other end who is not among the owners that may be there. Nothing was sent to him.
type StrangerError struct {
	Where string // the socket's path, or the address
	UID   uint32
	May   Owners
}

func (e *StrangerError) Error() string {
	return fmt.Sprintf("%s is held by %s, not by %s: nothing was sent to it", e.Where, Name(e.UID), e.May)
}

// ElsewhereError is another host at an address that should be this host's. Nothing was sent to it.
type ElsewhereError struct {
	Address string // as it was named
	At      string // where that led
}

func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("%s leads to another host (%s), and should be this one: nothing was sent to it; mend the name in /etc/hosts "+
		"or the server's bind-address, or set login_host", e.Address, e.At)
}

// OfSocket says who called listen on the socket that a connection leads to.
func OfSocket(conn *net.UnixConn) (Peer, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Peer{}, fmt.Errorf("ask who holds the socket: %w", err)
	}
	var cred *unix.Ucred
	var asked error
	err = raw.Control(func(fd uintptr) {
		cred, asked = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, asked); err != nil {
		return Peer{}, fmt.Errorf("ask who holds the socket: %w", err)
	}
	if cred.Uid == ^uint32(0) {
		return Peer{}, errors.New("the kernel does not tell who holds the socket")
	}
	return Peer{PID: int(cred.Pid), UID: cred.Uid, GID: cred.Gid}, nil
}

// DialUnix connects to a unix socket of one of the owners. A *StrangerError says that it is somebody else's.
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
