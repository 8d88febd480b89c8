// SPDX-License-Identifier: GPL-3.0-or-later

// Package xbstream checks a stream in the xbstream format, as mariadb-backup --stream=xbstream writes it, while it
// passes through, chunk by chunk, in memory bounded by the number of files. mbstream -x accepts a stream that was cut
// between two chunks (exit status 0); a Checker does not: it knows which files began and which ended.
package xbstream

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
)

// maxKept is the size of the part that is kept of a file for the caller.
const maxKept = 1 << 20

// Summary describes a complete stream.
type Summary struct {
	Files  int   `json:"files"`
	Chunks int64 `json:"chunks"`
	// Bytes is the payload; Stream includes the headers.
	Bytes  int64 `json:"bytes"`
	Stream int64 `json:"stream_bytes"`
}

// NewChecker returns a checker that keeps the contents of the files named in keep, up to 1 MiB each.
func NewChecker(keep ...string) *Checker {
	c := &Checker{files: map[string]*file{}, folders: map[string]bool{}, kept: map[string]*bytes.Buffer{}, need: fixed}
	for _, path := range keep {
		c.kept[path] = &bytes.Buffer{}
	}
	return c
}

// Write processes the next bytes of the stream. The first error, which names the chunk's offset and file, stays.
func (c *Checker) Write(p []byte) (int, error) {
	for n := 0; n < len(p) && c.err == nil; {
		k, err := c.take(p[n:])
		n += k
		c.offset += int64(k)
		c.err = c.locate(err)
	}
	if c.err != nil {
		return 0, c.err
	}
	return len(p), nil
}

// Finish returns the summary of the stream, or why it is incomplete: it ends inside a chunk, or files have no end.
func (c *Checker) Finish() (Summary, error) {
	s := Summary{Chunks: c.count, Bytes: c.bytes, Stream: c.offset}
	var open []string
	for path, f := range c.files {
		if !f.ended {
			open = append(open, path)
		}
	}
	s.Files = len(c.files) - len(open)
	switch {
	case c.err != nil:
		return s, c.err
	case len(c.head) > 0:
		return s, c.locate(fmt.Errorf("the stream ends inside a chunk, after %d bytes of it", c.offset-c.begin))
	case len(open) > 0:
		slices.Sort(open)
		return s, fmt.Errorf("xbstream: cut at offset %d: %s without an end: %s", c.offset,
			quantity.Count(int64(len(open)), "file"), some(open))
	}
	return s, nil
}

// Ended reports whether a file is complete.
func (c *Checker) Ended(path string) bool {
	f := c.files[path]
	return f != nil && f.ended
}

// Lengths returns the size of every complete file by its path, as mbstream -x would create it from the stream.
func (c *Checker) Lengths() map[string]int64 {
	lengths := make(map[string]int64, len(c.files))
	for path, f := range c.files {
		if f.ended {
			lengths[path] = f.length
		}
	}
	return lengths
}

// Kept returns the content of a file in NewChecker's list, or nil if it has not arrived.
func (c *Checker) Kept(path string) []byte {
	if !c.Ended(path) || c.kept[path] == nil {
		return nil
	}
	return c.kept[path].Bytes()
}

// take uses a part of p: payload, or a header until it is complete.
func (c *Checker) take(p []byte) (int, error) {
	if c.left > 0 {
		return c.takePayload(p)
	}
	k := min(c.need-len(c.head), len(p))
	c.head = append(c.head, p[:k]...)
	parsed, need, err := parseChunk(c.head)
	if err != nil {
		return k, err
	}
	if c.need = need; need > len(c.head) {
		return k, nil
	}
	c.chunk, c.left, c.sum = parsed, parsed.size, 0
	return k, c.apply()
}

func (c *Checker) takePayload(p []byte) (int, error) {
	k := int(min(c.left, int64(len(p))))
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p[:k])
	if keep := c.kept[c.chunk.path]; keep != nil && keep.Len() < maxKept {
		keep.Write(p[:k])
	}
	if c.left -= int64(k); c.left > 0 {
		return k, nil
	}
	if c.sum != c.chunk.crc {
		return k, fmt.Errorf("checksum %08x instead of %08x", c.sum, c.chunk.crc)
	}
	c.next()
	return k, nil
}

func (c *Checker) locate(err error) error {
	if err == nil {
		return nil
	}
	if c.chunk.path == "" {
		return fmt.Errorf("xbstream: chunk at offset %d: %w", c.begin, err)
	}
	return fmt.Errorf("xbstream: chunk at offset %d, file %q: %w", c.begin, excerpt.Of(c.chunk.path), err)
}

func some(names []string) string {
	var shown []string
	for _, name := range names[:min(len(names), 3)] {
		shown = append(shown, excerpt.Of(name))
	}
	if len(names) > 3 {
		shown = append(shown, "...")
	}
	return strings.Join(shown, ", ")
}
