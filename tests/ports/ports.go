// SPDX-License-Identifier: GPL-3.0-or-later

// Package ports finds free ports for the servers of tests.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// Free returns a free port on loopback, from below the range from which the kernel takes those of outgoing
// connections: one of them could have it before the server does.
func Free() int {
	for {
		port := 15000 + rand.IntN(17000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			panic(err)
		}
		l.Close()
		return port
	}
}
