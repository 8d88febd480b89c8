// SPDX-License-Identifier: GPL-3.0-or-later

package xbstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// The chunk types that mbstream 10.11 reads. Older versions know only payload and end.
const (
	payload = 'P' // bytes of a file at an offset
	end     = 'E' // the file is complete; also the only chunk of an empty file
	seek    = 'S' // the next payload of the file goes to another offset
	rename  = 'R' // a file that has ended gets another name
	remove  = 'D' // a file that has ended is removed
)

// flagRewrite on a payload lets it replace a file that has ended.
const flagRewrite = 0x02

const (
	magic      = "XBSTCK01"
	fixed      = len(magic) + 1 + 1 + 4 // magic, flags, type, length of the path
	maxPath    = 511                    // MariaDB's FN_REFLEN less one
	maxPayload = 1 << 30                // the tool writes at most 10 MiB in one chunk
)

// chunk is the header of one chunk. On the wire, all numbers little endian:
//
//	"XBSTCK01" flags:1 type:1 length:4 path
//	P: size:8 offset:8 crc32:4 and the bytes; S: offset:8; R: length:4 path; E and D: nothing more
type chunk struct {
	flags  byte
	kind   byte
	path   string
	to     string // the new name of R
	size   int64
	offset int64
	crc    uint32
}

// parseChunk reads the beginning of a chunk. need is the length of its header as far as b shows; the chunk is not
// complete while need is larger than len(b).
func parseChunk(b []byte) (c chunk, need int, err error) {
	if len(b) < fixed {
		return c, fixed, nil
	}
	if string(b[:len(magic)]) != magic {
		return c, 0, fmt.Errorf("no chunk begins here: %q instead of %q", b[:len(magic)], magic)
	}
	c.flags, c.kind = b[len(magic)], b[len(magic)+1]
	if c.path, need, err = parsePath(b, fixed-4); err != nil || need > len(b) {
		return c, need, err
	}
	return c.parseRest(b, need)
}

func (c chunk) parseRest(b []byte, at int) (chunk, int, error) {
	switch c.kind {
	case end, remove:
		return c, at, nil
	case seek:
		if len(b) < at+8 {
			return c, at + 8, nil
		}
		err := c.setOffset(b[at:])
		return c, at + 8, err
	case rename:
		if len(b) < at+4 {
			return c, at + 4, nil
		}
		to, need, err := parsePath(b, at)
		c.to = to
		return c, need, err
	case payload:
		if len(b) < at+20 {
			return c, at + 20, nil
		}
		err := c.setPayload(b[at:])
		return c, at + 20, err
	}
	return c, 0, fmt.Errorf("unknown chunk type %q", c.kind)
}

func (c *chunk) setPayload(b []byte) error {
	size := binary.LittleEndian.Uint64(b)
	if size > maxPayload {
		return fmt.Errorf("a chunk of %d bytes is too large", size)
	}
	c.size = int64(size)
	c.crc = binary.LittleEndian.Uint32(b[16:])
	return c.setOffset(b[8:])
}

func (c *chunk) setOffset(b []byte) error {
	offset := binary.LittleEndian.Uint64(b)
	if offset > 1<<62 {
		return fmt.Errorf("offset %d is too large", offset)
	}
	c.offset = int64(offset)
	return nil
}

// parsePath reads a length and a path that begin at b[at:]; need is the offset of their end.
func parsePath(b []byte, at int) (path string, need int, err error) {
	n := binary.LittleEndian.Uint32(b[at:])
	if n == 0 || n > maxPath {
		return "", 0, fmt.Errorf("a path of %d bytes", n)
	}
	need = at + 4 + int(n)
	if len(b) < need {
		return "", need, nil
	}
	path = string(b[at+4 : need])
	return path, need, checkPath(path)
}

// maxName is the longest name of a file or folder on Linux.
const maxName = 255

// checkPath refuses names that would leave the folder in which the stream is unpacked, and names that mbstream does not
// unpack: it ends there with exit status 0 and leaves out the rest. No backup tool writes such names.
//
//	invalid filename .a
//	Can't create directory './d/e/' (Errcode: 2 "No such file or directory")
func checkPath(path string) error {
	unsafe := strings.HasPrefix(path, "/") || strings.ContainsRune(path, 0)
	odd := strings.HasPrefix(path, ".") || strings.Count(path, "/") > 1
	for part := range strings.SplitSeq(path, "/") {
		unsafe = unsafe || part == ".."
		odd = odd || part == "" || part == "." || len(part) > maxName
	}
	switch {
	case unsafe:
		return fmt.Errorf("unsafe path %q", excerpt.Of(path))
	case odd:
		return fmt.Errorf("mbstream does not unpack a file called %q", excerpt.Of(path))
	}
	return nil
}

var errEnded = errors.New("has ended before")
