// SPDX-License-Identifier: GPL-3.0-or-later

package xbstream

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// apply does to the files what a header says, under the rules of mbstream.
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
		return fmt.Errorf("checksum %08x of an empty payload", c.chunk.crc)
	}
	c.next()
	return nil
}

// maxFiles is more than a database has: each file needs memory here and an inode when it is unpacked.
const maxFiles = 1 << 20

// open returns the file that a chunk continues or begins.
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
	if f == nil {
		if err := c.makeRoom(c.chunk.path); err != nil {
			return nil, err
		}
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
	if f.position += c.chunk.size; c.chunk.size > 0 {
		f.length = max(f.length, f.position)
	}
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
	if c.chunk.kind == rename {
		if err := c.renamable(c.chunk.to); err != nil {
			return err
		}
	}
	delete(c.files, c.chunk.path)
	if c.chunk.kind == rename {
		c.files[c.chunk.to] = f
	}
	return nil
}

// makeRoom creates the folder of a new file as mbstream does, which ends with exit status 0 if it cannot.
func (c *Checker) makeRoom(path string) error {
	folder, _, inside := strings.Cut(path, "/")
	if c.folders[path] {
		return errors.New("is a folder of other files in the stream")
	}
	if inside && c.files[folder] != nil {
		return fmt.Errorf("is in a folder %q, which is a file in the stream", excerpt.Of(folder))
	}
	if inside {
		c.folders[folder] = true
	}
	return nil
}

// renamable refuses a new name that mbstream cannot set: it creates no folder for it, and exits with 0.
func (c *Checker) renamable(to string) error {
	folder, _, inside := strings.Cut(to, "/")
	if c.folders[to] || inside && !c.folders[folder] {
		return fmt.Errorf("is renamed to %q, which is a folder or in a folder that does not exist", excerpt.Of(to))
	}
	return nil
}

// Checker is an io.Writer that accepts nothing but a correct stream. Finish says whether it is whole.
type Checker struct {
	files map[string]*file
	// folders are those that mbstream makes for files, and keeps.
	folders map[string]bool
	kept    map[string]*bytes.Buffer
	head    []byte // the header of the current chunk, as far as it came
	need    int
	chunk   chunk
	left    int64 // payload still to come
	sum     uint32
	offset  int64 // of the next byte of the stream
	begin   int64 // of the current chunk
	count   int64
	bytes   int64
	err     error
}

type file struct {
	position int64
	length   int64
	ended    bool
}

// next counts the chunk that is complete and makes room for the one after it.
func (c *Checker) next() {
	c.count++
	c.bytes += c.chunk.size
	c.begin += int64(len(c.head)) + c.chunk.size
	c.chunk, c.head, c.need = chunk{}, c.head[:0], fixed
}
