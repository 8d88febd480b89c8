// SPDX-License-Identifier: GPL-3.0-or-later

package peer

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/internal/quantity"
)

// ErrRemote reports that an address does not belong to this host, which cannot see its listeners.
var ErrRemote = errors.New("remote address")

// Listener is a TCP socket of this host that waits for connections.
type Listener struct {
	Address netip.AddrPort
	UID     uint32 // of its creator
	Inode   uint64 // its identity; 0 is a socket that no process holds any more
}

// Listeners returns the sockets that a connection to a local address could reach; ErrRemote for other addresses.
func Listeners(address netip.AddrPort) ([]Listener, error) {
	own, err := isOwn(address.Addr())
	if err != nil {
		return nil, err
	}
	if !own {
		return nil, fmt.Errorf("%s: %w", address, ErrRemote)
	}
	return listeners(address)
}

// isOwn reports whether an address belongs to this host.
func isOwn(ip netip.Addr) (bool, error) {
	ip = plain(ip)
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true, nil
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false, fmt.Errorf("read this host's addresses: %w", err)
	}
	return slices.ContainsFunc(own, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && plain(prefix.Addr()) == ip
	}), nil
}

// plain returns an address as in /proc/net.
func plain(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

// listeners reads the tables for an address, local or not.
func listeners(address netip.AddrPort) ([]Listener, error) {
	ip := plain(address.Addr())
	switch { // the kernel redirects a connection to the unspecified address to the loopback address
	case ip == netip.IPv4Unspecified():
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case ip == netip.IPv6Unspecified():
		ip = netip.IPv6Loopback()
	}
	var found []Listener
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if errors.Is(err, fs.ErrNotExist) && table == "/proc/net/tcp6" {
			continue // kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("read who listens: %w", err)
		}
		all, err := parseTable(f, address.Port())
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read who listens: %s: %w", table, err)
		}
		found = append(found, all...)
	}
	return reached(found, ip), nil
}

// reached returns those of a port's listeners that would accept a connection to an address.
//
// A socket of :: also accepts IPv4, unless it is IPV6_V6ONLY, which the table does not show. It must be if an IPv4
// listener exists as well: the two would conflict, and the kernel prefers the IPv4 one. It is left out then, or anybody
// could have an IPv4 server refused by listening on :: next to it.
func reached(all []Listener, ip netip.Addr) (found []Listener) {
	var dual []Listener
	for _, l := range all {
		at := l.Address.Addr()
		switch {
		case at.Unmap() == ip, at.Unmap().IsUnspecified() && at.Unmap().Is4() == ip.Is4():
			found = append(found, l)
		case at == netip.IPv6Unspecified():
			dual = append(dual, l)
		}
	}
	if len(found) == 0 {
		return dual
	}
	return found
}

// maxLine is the length of the longest line that is read; real ones have some 150 characters.
const maxLine = 1024

// maxLines is more listeners than fit into memory.
var maxLines = 2_000_000

// parseTable reads the listeners of a port from /proc/net/tcp or tcp6. Listeners come first, in kernels before 4.4
// mixed with connections that are being made (03); the first other state ends them. Sample lines of 3.10 to 6.18:
//
//	sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
//	 0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000    27        0 38513 1 ...
func parseTable(r io.Reader, port uint16) (found []Listener, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	n := 0
	for ; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if n == 0 {
			if !isHeader(fields) {
				return nil, fmt.Errorf("line 1 is not a header with column names: %.80q", lines.Text())
			}
			continue
		}
		l, state, err := parseLine(fields)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		case n > maxLines:
			return nil, fmt.Errorf("it has more than %d lines", maxLines)
		case state == listening && l.Address.Port() == port:
			found = append(found, l)
		case state != listening && state != beginning:
			return found, nil
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if n == 0 {
		return nil, errors.New("empty table")
	}
	return found, nil
}

// States of a socket.
const (
	beginning = 0x03
	listening = 0x0A
)

func isHeader(fields []string) bool {
	return len(fields) >= 12 && fields[0] == "sl" && fields[1] == "local_address" && fields[3] == "st" &&
		fields[9] == "uid" && fields[11] == "inode" // the queues and timers have two names for one column
}

func parseLine(fields []string) (l Listener, state uint64, err error) {
	if len(fields) < 10 {
		return l, 0, errors.New(quantity.Count(int64(len(fields)), "column"))
	}
	if state, err = strconv.ParseUint(fields[3], 16, 8); err != nil {
		return l, 0, fmt.Errorf("state %.20q", fields[3])
	}
	if l.Address, err = parseAddress(fields[1]); err != nil {
		return l, 0, fmt.Errorf("address %.60q: %w", fields[1], err)
	}
	uid, err := strconv.ParseUint(fields[7], 10, 32)
	if err != nil {
		return l, 0, fmt.Errorf("uid %.20q", fields[7])
	}
	l.UID = uint32(uid)
	if l.Inode, err = strconv.ParseUint(fields[9], 10, 64); err != nil {
		return l, 0, fmt.Errorf("inode %.20q", fields[9])
	}
	return l, state, nil
}

// parseAddress reads 0100007F:0CEA: an address as 32-bit words in the processor's byte order, and a port in plain hex.
func parseAddress(text string) (netip.AddrPort, error) {
	words, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(words)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, errors.New("no address")
	}
	p, err := strconv.ParseUint(port, 16, 16)
	if err != nil || len(port) != 4 {
		return netip.AddrPort{}, errors.New("no port")
	}
	for word := range slices.Chunk(b, 4) {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	ip, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip, uint16(p)), nil
}
