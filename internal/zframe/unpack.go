// SPDX-License-Identifier: GPL-3.0-or-later

package zframe

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// piece is a frame on its way through the workers.
type piece struct {
	Frame
	raw  []byte
	err  error
	last bool // there is no frame: the reader ended with err, or well
	done chan struct{}
}

// unpacker reads, unpacks in parallel and hands on in order. Memory is bounded by pieces of a frame each.
type unpacker struct {
	free  chan *piece
	jobs  chan *piece
	order chan *piece
}

// FrameError is what is wrong with a frame.
type FrameError struct {
	Offset int64
	Err    error
}

func (e *FrameError) Error() string { return e.Err.Error() }
func (e *FrameError) Unwrap() error { return e.Err }

// Unpack hands the content of each frame of src to take, in order, together with the frame. limit bounds the content
// of a frame. A *frameError is a frame that cannot be read; any other error is that of take, of src or of ctx.
func Unpack(ctx context.Context, src io.Reader, limit int64, take func(f Frame, raw []byte) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := unpackers()
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(workers), zstd.WithDecoderMaxMemory(uint64(limit)), zstd.WithDecoderMaxWindow(max(uint64(limit), 1<<10)))
	if err != nil {
		return err
	}
	defer decoder.Close()
	u := &unpacker{free: make(chan *piece, workers+2), jobs: make(chan *piece, workers+2), order: make(chan *piece, workers+2)}
	for range workers + 2 {
		u.free <- &piece{}
	}
	var all sync.WaitGroup
	defer all.Wait()
	for range workers {
		all.Go(func() { u.decode(decoder) })
	}
	all.Go(func() { u.read(ctx, newFrameReader(src, limit)) })
	defer stop()
	return u.hand(ctx, take)
}

// unpackers is how many unpack at once: reading back must not take a standby's processors.
func unpackers() int { return min(max(runtime.NumCPU()/2, 2), 4) }

func (u *unpacker) read(ctx context.Context, from *frameReader) {
	defer close(u.order)
	defer close(u.jobs)
	for {
		var p *piece
		select {
		case p = <-u.free:
		case <-ctx.Done():
			return
		}
		p.done, p.last = make(chan struct{}), false
		if p.Frame, p.err = nextFrame(from, p.data); p.err != nil {
			p.last = true
			close(p.done)
			u.order <- p
			return
		}
		u.jobs <- p
		u.order <- p
	}
}

// nextFrame makes an error of a panic: in a goroutine it would end the process.
func nextFrame(from *frameReader, buffer []byte) (f Frame, err error) {
	defer panicked(&err)
	return from.next(buffer)
}

func (u *unpacker) decode(decoder *zstd.Decoder) {
	for p := range u.jobs {
		p.raw, p.err = decodeFrame(decoder, p)
		close(p.done)
	}
}

func decodeFrame(decoder *zstd.Decoder, p *piece) (raw []byte, err error) {
	defer panicked(&err)
	raw, err = decoder.DecodeAll(p.data, p.raw[:0])
	if err == nil && int64(len(raw)) != p.size {
		err = fmt.Errorf("it holds %d bytes and says %d", len(raw), p.size)
	}
	if err != nil {
		err = fmt.Errorf("the zstd frame cannot be unpacked: %w", err)
	}
	return raw, err
}

// hand gives the pieces to take until the first error.
func (u *unpacker) hand(ctx context.Context, take func(Frame, []byte) error) error {
	for p := range u.order {
		<-p.done
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case p.last && p.err == io.EOF:
			return nil
		case p.err != nil:
			return &FrameError{p.Offset, p.err}
		}
		if err := take(p.Frame, p.raw); err != nil {
			return err
		}
		u.free <- p
	}
	return context.Cause(ctx)
}

func panicked(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
