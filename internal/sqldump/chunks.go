// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import "strings"

// chunk is how much of a long statement is kept in one piece.
const chunk = 8 << 20

// chunks are a text that grows. A statement may have a GiB: a contiguous text exists twice while it grows.
type chunks struct {
	full [][]byte
	last []byte
	n    int
}

func (c *chunks) Len() int { return c.n }

func (c *chunks) Write(p []byte) {
	c.n += len(p)
	for len(p) > 0 {
		n := min(chunk-len(c.last), len(p))
		c.last = append(c.last, p[:n]...)
		if p = p[n:]; len(c.last) == chunk {
			c.full, c.last = append(c.full, c.last), nil
		}
	}
}

func (c *chunks) add(b byte) { c.Write([]byte{b}) }

// String returns all of it.
func (c *chunks) String() string {
	var all strings.Builder
	all.Grow(c.n)
	for _, one := range c.full {
		all.Write(one)
	}
	all.Write(c.last)
	return all.String()
}

// Reset releases it, and keeps room for the next text.
func (c *chunks) Reset() { c.full, c.last, c.n = nil, c.last[:0], 0 }
