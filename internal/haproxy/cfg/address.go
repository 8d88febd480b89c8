// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// otherFamilies are prefixes of addresses to which no client of the database connects by host and port.
var otherFamilies = []string{"unix@", "uxst@", "uxdg@", "abns@", "abnsz@", "fd@", "sockpair@", "rhttp@", "rev@",
	"quic4@", "quic6@", "quic+", "udp@", "udp4@", "udp6@", "mptcp@"}

// bindAddresses reads the first argument of bind: addresses separated by commas, such as "10.0.0.1:3306",
// "[fd00::1]:3306", "fd00::1:3306" (the last colon separates the port), ":3306", "*:3306", "ipv6@:3306",
// "10.0.0.1:3306-3310". They are returned as host:port, every address as 0.0.0.0 or [::]. Unix sockets and the like are
// left out.
func bindAddresses(word string) ([]string, error) {
	var out []string
	for _, text := range strings.Split(word, ",") {
		if strings.HasPrefix(text, "/") || hasFamily(text) {
			continue
		}
		address, err := bindAddress(text)
		if err != nil {
			return nil, err
		}
		out = append(out, address)
	}
	return out, nil
}

func hasFamily(text string) bool {
	for _, f := range otherFamilies {
		if strings.HasPrefix(text, f) {
			return true
		}
	}
	return false
}

func bindAddress(text string) (string, error) {
	host, port, any := text, "", "0.0.0.0"
	for _, f := range []string{"ipv4@", "ipv6@", "tcp@", "tcp4@", "tcp6@"} {
		if rest, ok := strings.CutPrefix(text, f); ok {
			host = rest
			if strings.HasSuffix(f, "6@") {
				any = "::"
			}
		}
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host, port = host[:i], host[i+1:]
	}
	host = unbracket(host)
	if host == "" || host == "*" {
		host = any
	}
	low, high, isRange := strings.Cut(port, "-")
	if !isPort(low) || isRange && !isPort(high) {
		return "", fmt.Errorf("address %q has no port", excerpt.Of(text))
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	}
	return net.JoinHostPort(host, port), nil
}

func unbracket(host string) string {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// ParseServerAddress reads the address of a server line. Anything but an IP address (a name, a unix socket) gives
// nothing; the port is 0 if the line leaves it to the client ("10.0.0.1") or is relative ("10.0.0.1:+1").
func ParseServerAddress(word string) (string, int) {
	for _, f := range []string{"ipv4@", "ipv6@", "tcp@", "tcp4@", "tcp6@"} {
		word = strings.TrimPrefix(word, f)
	}
	if ip, err := netip.ParseAddr(unbracket(word)); err == nil && (ip.Is4() || strings.HasPrefix(word, "[")) {
		return ip.String(), 0
	}
	i := strings.LastIndexByte(word, ':')
	if i < 0 {
		return "", 0
	}
	ip, err := netip.ParseAddr(unbracket(word[:i]))
	if err != nil {
		return "", 0
	}
	port, err := strconv.ParseUint(word[i+1:], 10, 16)
	if err != nil {
		port = 0
	}
	return ip.String(), int(port)
}
