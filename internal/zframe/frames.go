// SPDX-License-Identifier: GPL-3.0-or-later

package zframe

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Frame is one zstd frame, compressed, and its offset in the file.
type Frame struct {
	Offset int64
	data   []byte
	size   int64 // of its content, or unknown
}

// unknown is the size of a frame that does not say it.
const unknown = -1

// frameReader walks over the frames of a file by their block headers, without unpacking them. So it knows for every
// byte to which frame it belongs; "zstd -t" does not, and accepts a file that was cut between two frames as complete.
type frameReader struct {
	src    *source
	r      *bufio.Reader
	offset int64
	// limit is the maximum size of the content of a frame: a damaged header is not trusted.
	limit int64
}

func newFrameReader(r io.Reader, limit int64) *frameReader {
	src := &source{Reader: r}
	return &frameReader{src: src, r: bufio.NewReaderSize(src, 1<<20), limit: limit}
}

// source remembers the error of reading it: that is not a fault of a frame.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// maxBlock is the largest block of a zstd frame (RFC 8878, 3.1.1.2.4).
const maxBlock = 128 << 10

// next reads one frame into buffer. io.EOF says that the file ended between two frames.
func (f *frameReader) next(buffer []byte) (Frame, error) {
	head, err := f.r.Peek(zstd.HeaderMaxSize)
	out := Frame{Offset: f.offset, data: buffer[:0]}
	if len(head) == 0 || err != nil && err != io.EOF {
		return out, err
	}
	var h zstd.Header
	if err := h.Decode(head); err != nil {
		return out, fmt.Errorf("no zstd frame begins here: %w", cutShort(err))
	}
	switch {
	case h.Skippable || h.DictionaryID != 0:
		return out, errors.New("a zstd frame of a kind that no backup has")
	case h.HasFCS && h.FrameContentSize > uint64(f.limit):
		return out, fmt.Errorf("a zstd frame that claims to contain %d bytes; at most %d are allowed in one",
			h.FrameContentSize, f.limit)
	}
	// An encoder leaves out a size of less than 256 bytes, which a stream's last frame may have.
	if out.size = unknown; h.HasFCS {
		out.size = int64(h.FrameContentSize)
	}
	if out.data, err = f.take(out.data, h.HeaderSize); err == nil {
		out.data, err = f.blocks(out.data)
	}
	if err == nil && h.HasCheckSum {
		out.data, err = f.take(out.data, 4)
	}
	return out, cutShort(err)
}

// blocks reads the blocks of a frame to the last one. A block begins with 3 bytes, little endian: bit 0 says that it is
// the last, bits 1 and 2 its type (raw, one byte repeated, compressed, reserved), the rest its size.
func (f *frameReader) blocks(data []byte) ([]byte, error) {
	for {
		var err error
		if data, err = f.take(data, 3); err != nil {
			return data, err
		}
		b := data[len(data)-3:]
		head := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
		size := head >> 3
		switch kind := head >> 1 & 3; {
		case kind == 3 || size > maxBlock:
			return data, fmt.Errorf("a damaged block %d bytes into the zstd frame", len(data)-3)
		case kind == 1:
			size = 1
		}
		if data, err = f.take(data, size); err != nil || head&1 == 1 {
			return data, err
		}
		// Data that cannot be compressed takes three bytes more for each block.
		if int64(len(data)) > f.limit+f.limit/64+maxBlock {
			return data, errors.New("a zstd frame without end")
		}
	}
}

func (f *frameReader) take(data []byte, n int) ([]byte, error) {
	at := len(data)
	data = append(data, make([]byte, n)...)
	k, err := io.ReadFull(f.r, data[at:])
	f.offset += int64(k)
	return data, err
}

// cutShort names an end where there should be more. Only the end between two frames is io.EOF.
func cutShort(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends inside a zstd frame")
	}
	return err
}
