// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// DialTCP connects to host:port. If the other end is on this host, it vouches that one of the owners listens there, and
// local is true; a *StrangerError reports another user, and ECONNREFUSED, as from the kernel, that nothing listens.
// Nothing can be known about another host: local is false, and the caller decides what to send.
//
// A name is resolved once, and its addresses are tried in turn. The error is the first that is not ECONNREFUSED.
func DialTCP(ctx context.Context, address string, may Owners) (conn net.Conn, local bool, err error) {
	addresses, err := resolve(ctx, address)
	if err != nil {
		return nil, false, err
	}
	for i, a := range addresses {
		conn, local, failed := dialOne(ctx, a, may, len(addresses)-i)
		switch {
		case failed == nil:
			return conn, local, nil
		case err == nil || errors.Is(err, syscall.ECONNREFUSED): // returned only if it is true of all addresses
			err = failed
		}
	}
	return nil, false, err
}

func resolve(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "tcp", service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "localhost" // as in net.Dial
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var found []netip.AddrPort
	for _, ip := range ips {
		a := netip.AddrPortFrom(ip.Unmap(), uint16(port))
		if !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no address", host)
	}
	return found, nil
}

// dialOne connects to one address. It uses an even share of the remaining time; left addresses have to share it.
func dialOne(ctx context.Context, a netip.AddrPort, may Owners, left int) (net.Conn, bool, error) {
	if end, ok := ctx.Deadline(); ok {
		share, cancel := context.WithTimeout(ctx, time.Until(end)/time.Duration(left))
		defer cancel()
		ctx = share
	}
	before, err := listeners(a)
	if err != nil {
		return nil, false, err
	}
	own, err := isOwn(a.Addr())
	if err != nil {
		return nil, false, err
	}
	if own {
		if err := vouch(a, before, may); err != nil {
			return nil, false, err
		}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", a.String())
	if err != nil {
		return nil, false, err
	}
	local, err := vouchAfter(conn, a, before, may)
	if err != nil {
		conn.Close()
		return nil, false, err
	}
	return conn, local, nil
}

// vouchAfter checks again once the connection exists: the address may have come to this host in the meantime, as a
// virtual one does, or the listener may have ended and another user's have taken its place.
func vouchAfter(conn net.Conn, a netip.AddrPort, before []Listener, may Owners) (local bool, err error) {
	own, err := isOwn(a.Addr())
	if err != nil {
		return false, err
	}
	from, _ := conn.LocalAddr().(*net.TCPAddr)
	to, _ := conn.RemoteAddr().(*net.TCPAddr)
	if from == nil || to == nil {
		return false, fmt.Errorf("%s: not TCP", a)
	}
	// A complete network can be routed to this host; then the kernel uses the address itself for the near end.
	if !own && !from.IP.Equal(to.IP) {
		return false, nil
	}
	if from.IP.Equal(to.IP) && from.Port == to.Port { // no listener, but the two ends of one socket
		return false, notListening(a)
	}
	after, err := listeners(a)
	if err != nil {
		return false, err
	}
	if err := vouch(a, after, may); err != nil {
		return false, err
	}
	for _, l := range after {
		if !slices.ContainsFunc(before, func(b Listener) bool { return b.Inode == l.Inode }) {
			return false, fmt.Errorf("%s: the listener changed while the connection was made; try again", a)
		}
	}
	return true, nil
}

// vouch refuses an address at which any user but the owners listens.
func vouch(a netip.AddrPort, all []Listener, may Owners) error {
	if len(all) == 0 {
		return notListening(a)
	}
	for _, l := range all {
		if l.Inode == 0 {
			return fmt.Errorf("%s: the kernel does not report who listens there", a)
		}
		if !may.Has(l.UID) {
			return &StrangerError{a.String(), l.UID, may}
		}
	}
	return nil
}

func notListening(a netip.AddrPort) error {
	return fmt.Errorf("nothing listens at %s: %w", a, syscall.ECONNREFUSED)
}
