// SPDX-License-Identifier: GPL-3.0-or-later

// Package zframe writes a stream as independent zstd frames of 8 MiB, in parallel and in order, and reads it back.
// "zstd -d" reads the concatenated frames. Memory is limited, and is the buffer between a source that must not wait and
// a sink that may: at most Blocks + Workers buffers of Size and 8 KiB, whether the stream compresses or not, and the
// encoders' own (some MiB a worker at level 1).
package zframe

import (
	"io"

	"github.com/klauspost/compress/zstd"
)

// Size is how much of the stream goes into one frame.
const Size = 8 << 20

// room is by how much a frame may be larger than its content: 3 bytes for each 128 KiB that do not compress, and 18.
const room = 8 << 10

// Options of Copy.
type Options struct {
	// Level is zstd's, 1 to 19. The encoder has four: 1 and 2, 3 to 5, 6 to 9, 10 and more.
	Level int
	// Workers compress at the same time.
	Workers int
	// Blocks of Size are held at most, from the time they are read until their frame is written.
	Blocks int
	// Tee sees all that was read before it is compressed; its error ends the copy. May be nil.
	Tee io.Writer
	// Stop is called with the sink's error as soon as it happens, so that the source can be ended; nothing more is
	// written, and the source is read to its end. May be nil.
	Stop func(error)
	// Full is called when the source begins to wait because all blocks are held, and when that ends. May be nil.
	Full func(bool)
	// Done, when it is closed, ends the copy: nothing more is read or written, and the error is ErrStopped. A Read or
	// Write that hangs is waited for anyway. May be nil.
	Done <-chan struct{}
}

// Stats describes what was copied.
type Stats struct {
	Raw    int64 // bytes read
	Bytes  int64 // bytes written
	Frames int
}

// Copy reads src to its end and writes it to dst, compressed. It returns the first error of src, of Tee or of dst.
func Copy(dst io.Writer, src io.Reader, o Options) (Stats, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(o.Level)),
		zstd.WithEncoderConcurrency(o.Workers))
	if err != nil {
		return Stats{}, err
	}
	defer encoder.Close()
	c := &copying{o: o}
	c.pool = newPool(o.Workers, o.Blocks, Size+room, o.Done, func(j *job, spare []byte) ([]byte, error) {
		return encoder.EncodeAll(j.in, spare), nil
	})
	written := make(chan error)
	go func() { written <- c.each(func(j *job) error { return c.put(dst, j) }) }()
	err = c.read(src)
	c.end()
	failed := <-written
	if failed == nil && c.stopped() {
		failed = ErrStopped
	}
	if failed != nil {
		err = failed
	}
	return c.stats, err
}

// copying is a copy in progress.
type copying struct {
	*pool
	o     Options
	stats Stats
}

// read fills blocks. It also passes on what came before an error: the sink's content then shows how far it went.
func (c *copying) read(src io.Reader) error {
	for {
		block, err := c.buffer(c.o.Full)
		if err != nil {
			return err
		}
		n, err := fill(block[:Size], src, c.o.Tee)
		c.stats.Raw += int64(n)
		if n > 0 {
			c.give(&job{in: block[:n]})
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// fill reads until the block is full, and shows each piece to tee when it comes, not when the block is full.
func fill(block []byte, src io.Reader, tee io.Writer) (n int, err error) {
	defer caught(&err)
	for n < len(block) {
		k, err := src.Read(block[n:])
		if tee != nil && k > 0 {
			if _, refused := tee.Write(block[n : n+k]); refused != nil {
				return n, refused
			}
		}
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// put writes a frame, and calls Stop if that fails.
func (c *copying) put(dst io.Writer, j *job) (err error) {
	if err = j.err; err == nil {
		err = c.write(dst, j.out)
	}
	if err != nil && c.o.Stop != nil {
		c.o.Stop(err)
	}
	return err
}

func (c *copying) write(dst io.Writer, frame []byte) (err error) {
	defer caught(&err)
	_, err = dst.Write(frame)
	c.stats.Bytes += int64(len(frame))
	c.stats.Frames++
	return err
}
