// SPDX-License-Identifier: GPL-3.0-or-later

package zframe

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/compress/zstd"
)

// FrameError describes the fault of a frame.
type FrameError struct {
	Offset int64
	Err    error
}

// Error describes the fault; its place is Offset.
func (e *FrameError) Error() string { return e.Err.Error() }

// Unwrap returns the fault.
func (e *FrameError) Unwrap() error { return e.Err }

// Unpack passes the content of each frame of src to take, in order, together with the frame. limit is the maximum size
// of the content of a frame. A *FrameError is a frame that cannot be read; any other error is that of take, of src or
// of ctx.
func Unpack(ctx context.Context, src io.Reader, limit int64, take func(f Frame, raw []byte) error) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	workers := unpackers()
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(workers),
		zstd.WithDecoderMaxMemory(uint64(limit)), zstd.WithDecoderMaxWindow(max(uint64(limit), 1<<10)))
	if err != nil {
		return err
	}
	defer decoder.Close()
	p := newPool(workers, workers+2, 0, running.Done(), func(j *job, spare []byte) ([]byte, error) {
		return decodeFrame(decoder, j, spare)
	})
	ended := make(chan error, 1)
	go func() { ended <- readFrames(p, newFrameReader(src, limit)) }()
	failed := p.each(func(j *job) error {
		err := j.err
		if err != nil {
			err = &FrameError{j.Offset, err}
		} else {
			err = take(j.Frame, j.out)
		}
		if err != nil {
			stop()
		}
		return err
	})
	err = <-ended
	switch {
	case failed != nil:
		return failed
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return err
}

// unpackers is how many unpack at once: reading back must not use up a standby's processors.
func unpackers() int { return min(max(runtime.NumCPU()/2, 2), 4) }

// readFrames passes the frames of a file to a pool, to the end of the file.
func readFrames(p *pool, from *frameReader) error {
	defer p.end()
	for {
		buffer, err := p.buffer(nil)
		if err != nil {
			return err
		}
		f, err := nextFrame(from, buffer)
		if err == io.EOF {
			return nil
		}
		if from.src.err != nil && err != nil {
			return from.src.err
		}
		if err != nil {
			return &FrameError{f.Offset, err}
		}
		p.give(&job{in: f.data, Frame: f})
	}
}

// nextFrame turns a panic into an error: in a goroutine it would end the process.
func nextFrame(from *frameReader, buffer []byte) (f Frame, err error) {
	defer caught(&err)
	return from.next(buffer)
}

func decodeFrame(decoder *zstd.Decoder, j *job, spare []byte) (raw []byte, err error) {
	raw, err = decoder.DecodeAll(j.in, spare)
	if err == nil && j.size != unknown && int64(len(raw)) != j.size {
		err = fmt.Errorf("it contains %d bytes and claims %d", len(raw), j.size)
	}
	if err != nil {
		return nil, fmt.Errorf("the zstd frame cannot be unpacked: %w", err)
	}
	return raw, nil
}
