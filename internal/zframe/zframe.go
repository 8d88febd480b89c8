// SPDX-License-Identifier: GPL-3.0-or-later

// Package zframe compresses a stream as independent zstd frames of 8 MiB, in parallel and in order. The frames one
// after the other are what "zstd -d" reads. Memory is bounded, and is the buffer between a source that must not wait
// and a sink that may: at most Blocks + Workers buffers of Size and 8 KiB, whether the stream compresses or not, and
// the encoders' own (some MiB a worker at level 1).
package zframe

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Size is how much of the stream goes into one frame.
const Size = 8 << 20

// room is what a frame may be larger than what is in it: 3 bytes for each 128 KiB that do not compress, and 18.
const room = 8 << 10

// Options of Copy.
type Options struct {
	// Level is zstd's, 1 to 19. The encoder has four: 1 and 2, 3 to 5, 6 to 9, 10 and more.
	Level int
	// Workers compress at the same time.
	Workers int
	// Blocks of Size are held at most, from when they are read until their frame is written.
	Blocks int
	// Tee sees all that was read before it is compressed; its error ends the copy. May be nil.
	Tee io.Writer
	// Stop is called with the sink's error as soon as it happens, so that the source can be ended; nothing is written
	// any more, and the source is read to its end. May be nil.
	Stop func(error)
	// Full is called when the source begins to wait because all blocks are held, and when that ends. May be nil.
	Full func(bool)
	// Done, when it is closed, ends the copy: nothing more is read or written, and the error is ErrStopped. A Read or
	// Write that hangs is waited for all the same. May be nil.
	Done <-chan struct{}
}

// ErrStopped says that Done was closed.
var ErrStopped = errors.New("the copy was stopped")

// Stats is what was copied.
type Stats struct {
	Raw    int64 // bytes read
	Bytes  int64 // bytes written
	Frames int
}

// Copy reads src to its end and writes it to dst, compressed. The error is that of src, of Tee or of dst, the first.
func Copy(dst io.Writer, src io.Reader, o Options) (Stats, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(o.Level)), zstd.WithEncoderConcurrency(o.Workers))
	if err != nil {
		return Stats{}, err
	}
	defer encoder.Close()
	p := newPipe(o)
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() { p.compress(encoder) })
	}
	written := make(chan error)
	go func() { written <- p.write(dst, o.Stop) }()
	err = p.read(src, o.Tee, o.Full)
	close(p.jobs)
	close(p.order)
	failed := <-written
	workers.Wait()
	if failed == nil && p.stopped() {
		failed = ErrStopped
	}
	if failed != nil {
		err = failed
	}
	return p.stats, err
}

// pipe is a reader, some workers and a writer. A block goes from free to the reader, through jobs to a worker, through
// order to the writer, and back to free. The worker keeps what it read and gives on what it wrote: a block of its own.
type pipe struct {
	done  <-chan struct{}
	free  chan []byte
	jobs  chan *job
	order chan *job
	stats Stats
}

type job struct {
	raw   []byte
	frame []byte // in a block that takes the place of raw's
	err   error  // why there is no frame
	done  chan struct{}
}

func newPipe(o Options) *pipe {
	p := &pipe{done: o.Done, free: make(chan []byte, o.Blocks), jobs: make(chan *job, o.Blocks), order: make(chan *job, o.Blocks)}
	for range o.Blocks {
		p.free <- nil // made when it is first needed
	}
	return p
}

// read fills blocks. It hands on what came before an error, too: the sink's content then tells how far it went.
func (p *pipe) read(src io.Reader, tee io.Writer, full func(bool)) error {
	for {
		block, err := p.block(full)
		if err != nil {
			return err
		}
		n, err := fill(block[:Size], src, tee)
		p.stats.Raw += int64(n)
		if n > 0 {
			j := &job{raw: block[:n], done: make(chan struct{})}
			p.jobs <- j
			p.order <- j
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// block takes the next free block.
func (p *pipe) block(full func(bool)) ([]byte, error) {
	if p.stopped() {
		return nil, ErrStopped
	}
	select {
	case b := <-p.free:
		return made(b), nil
	default:
	}
	if full != nil {
		full(true)
		defer full(false)
	}
	select {
	case b := <-p.free:
		return made(b), nil
	case <-p.done:
		return nil, ErrStopped
	}
}

func (p *pipe) stopped() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func made(block []byte) []byte {
	if block == nil {
		block = make([]byte, 0, Size+room)
	}
	return block
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

func (p *pipe) compress(encoder *zstd.Encoder) {
	spare := made(nil)
	for j := range p.jobs {
		if j.frame, j.err = encode(encoder, j.raw, spare[:0]); j.err == nil {
			spare = j.raw
		}
		close(j.done)
	}
}

func encode(encoder *zstd.Encoder, raw, into []byte) (frame []byte, err error) {
	defer caught(&err)
	return encoder.EncodeAll(raw, into), nil
}

// write puts the frames down in order. After an error it only gives the blocks back.
func (p *pipe) write(dst io.Writer, stop func(error)) (failed error) {
	for j := range p.order {
		<-j.done
		if failed == nil && !p.stopped() {
			if failed = p.put(dst, j); failed != nil && stop != nil {
				stop(failed)
			}
		}
		p.free <- j.frame
	}
	return failed
}

func (p *pipe) put(dst io.Writer, j *job) (err error) {
	defer caught(&err)
	if j.err != nil {
		return j.err
	}
	_, err = dst.Write(j.frame)
	p.stats.Bytes += int64(len(j.frame))
	p.stats.Frames++
	return err
}

// caught makes an error of a panic. In a goroutine it would end the process, and its caller could undo nothing.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
