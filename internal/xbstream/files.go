// SPDX-License-Identifier: GPL-3.0-or-later

package xbstream

import (
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
)

// apply does what a header says to the files, under the rules that mbstream has when it unpacks them.
func (c *Checker) apply() error {
	var err error
	switch c.chunk.kind {
	case payload:
		err = c.extend()
	case seek:
		err = c.move()
	case end:
		err = c.end()
	case rename, remove:
		err = c.replace()
	}
	if err != nil || c.left > 0 {
		return err
	}
	if c.chunk.crc != 0 {
		return fmt.Errorf("checksum %08x of no bytes", c.chunk.crc)
	}
	c.next()
	return nil
}

// maxFiles is more than a database has: each takes memory here and an inode where it is unpacked.
const maxFiles = 1 << 20

// open returns the file that a chunk goes on with, or begins it.
func (c *Checker) open() (*file, error) {
	f := c.files[c.chunk.path]
	if f != nil && !f.ended {
		return f, nil
	}
	if f != nil && c.chunk.flags&flagRewrite == 0 {
		return nil, errEnded
	}
	if len(c.files) == maxFiles {
		return nil, fmt.Errorf("more than %d files", maxFiles)
	}
	f = &file{}
	c.files[c.chunk.path] = f
	if keep := c.kept[c.chunk.path]; keep != nil {
		keep.Reset()
	}
	return f, nil
}

func (c *Checker) extend() error {
	f, err := c.open()
	if err != nil {
		return err
	}
	if f.position != c.chunk.offset {
		return fmt.Errorf("bytes for offset %d of the file come at offset %d", c.chunk.offset, f.position)
	}
	f.position += c.chunk.size
	return nil
}

func (c *Checker) move() error {
	f, err := c.open()
	if err == nil {
		f.position = c.chunk.offset
	}
	return err
}

func (c *Checker) end() error {
	f, err := c.open()
	if err == nil {
		f.ended = true
	}
	return err
}

func (c *Checker) replace() error {
	f := c.files[c.chunk.path]
	if f == nil || !f.ended {
		return errors.New("is renamed or removed before it has ended")
	}
	if target := c.files[c.chunk.to]; target != nil && !target.ended {
		return fmt.Errorf("is renamed to %q, which has not ended", excerpt.Of(c.chunk.to))
	}
	delete(c.files, c.chunk.path)
	if c.chunk.kind == rename {
		c.files[c.chunk.to] = f
	}
	return nil
}
