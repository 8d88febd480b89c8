// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"errors"
	"net"
	"sync/atomic"
)

// Limits of a server's answers: by now another program may be answering. A cluster of 100,000 tables and thousands of
// users and sessions stays far below them.
const (
	maxRow     = 64 << 20  // bytes of one row on the wire
	maxColumns = 4096      // of an answer; the server's own limit
	maxRows    = 1_000_000 // of an answer that is kept
	maxAnswer  = 128 << 20 // bytes of such an answer
	maxStream  = 50_000_000
)

// ErrTooLong reports an answer that no healthy server gives.
var ErrTooLong = errors.New("the server's answer is longer than any that it can have; is this the database?")

// boundedConn is a connection on which a server cannot send more at once than fits into a row.
type boundedConn struct {
	net.Conn
	read atomic.Int64 // since we last sent something, or read a row
}

func (b *boundedConn) Read(p []byte) (int, error) {
	if b.over() {
		return 0, ErrTooLong
	}
	n, err := b.Conn.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (b *boundedConn) Write(p []byte) (int, error) {
	b.read.Store(0)
	return b.Conn.Write(p)
}

// more permits the next row.
func (b *boundedConn) more() {
	if b != nil && !b.over() {
		b.read.Store(0)
	}
}

func (b *boundedConn) over() bool { return b.read.Load() > maxRow }
