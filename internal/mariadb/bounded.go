// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"errors"
	"net"
	"sync/atomic"
)

// Bounds of what a server may answer, which may be anybody's by now. A cluster of 100,000 tables and thousands of users
// and sessions stays far below them.
const (
	maxRow     = 64 << 20  // bytes of one row on the wire
	maxColumns = 4096      // of an answer; the server's own bound
	maxRows    = 1_000_000 // of an answer that is kept
	maxAnswer  = 128 << 20 // bytes of such an answer
	maxStream  = 50_000_000
)

// ErrTooLong is an answer that no healthy server gives.
var ErrTooLong = errors.New("the server's answer is longer than any that it can have; is this the database?")

// boundedConn is a connection on which a server cannot say more at once than belongs into a row.
type boundedConn struct {
	net.Conn
	read atomic.Int64 // since we last said something, or took a row
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

// more lets the next row come.
func (b *boundedConn) more() {
	if b != nil && !b.over() {
		b.read.Store(0)
	}
}

func (b *boundedConn) over() bool { return b.read.Load() > maxRow }
