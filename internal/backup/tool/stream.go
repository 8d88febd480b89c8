// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"overcloud.backup/internal/abandon"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/zframe"
)

// Source is a tool and what its output must be.
type Source struct {
	Tool    Tool
	Args    []string
	Child   process.ChildOptions
	File    string // name of the file in the set
	Content string
	// Level is the level of zstd, buffer how many bytes the tool may be ahead of the destination.
	Level  int
	Buffer int64
	// Scrub removes secrets from the tool's log.
	Scrub func(string) string
	// Check sees all of the tool's output; finish, called after the tool has ended well, reports whether it was
	// complete.
	Check  io.Writer
	Finish func(stderr string) error
}

// Store runs a tool and stores its output in one pass: tool, check, zstd frames, sha256, file. The tool may be ahead by
// the buffer, no more. The returned error is the first of these: of the destination, the check, the tool, its end. When
// ctx ends Store returns within seconds, also from a destination that hangs.
func Store(ctx context.Context, s Source, set *repository.Draft, counted *Counters) ([]repository.File, error) {
	return abandon.WhenDone(ctx, set.Folder(), func() ([]repository.File, error) { return store(ctx, s, set, counted) })
}

func store(ctx context.Context, s Source, set *repository.Draft, counted *Counters) ([]repository.File, error) {
	counted.Restart()
	log := s.NewLog(counted)
	data, err := set.New(s.File)
	if err != nil {
		return nil, err
	}
	stored, err := run(ctx, s, data, log, counted)
	if err != nil {
		return nil, err
	}
	logged, err := log.finish(set)
	if err != nil {
		return nil, err
	}
	return []repository.File{stored, logged}, nil
}

func run(ctx context.Context, s Source, data repository.Writer, log *Log, counted *Counters) (repository.File, error) {
	hash := sha256.New()
	stats, err := s.Copy(ctx, io.MultiWriter(data, hash), log, counted)
	if err == nil {
		err = s.Finish(log.text())
	}
	if err == nil {
		err = wrap("sync "+data.Name(), data.Sync())
	}
	if err == nil {
		err = checkLength(data, stats.Bytes)
	}
	err = errors.Join(err, data.Close())
	return repository.File{
		Name: s.File, Content: s.Content, Bytes: stats.Bytes, RawBytes: stats.Raw,
		SHA256:      hex.EncodeToString(hash.Sum(nil)),
		Compression: "zstd", Level: s.Level, Frames: stats.Frames, FrameBytes: zframe.Size,
	}, err
}

// NewLog returns the tool's log, from which the counters know the tool's locks.
func (s Source) NewLog(counted *Counters) *Log { return newLog(s.Scrub, counted.Stages.line) }

// Copy starts the tool, copies its output, compressed, and waits for it. If the copy breaks the tool's process group is
// killed.
func (s Source) Copy(ctx context.Context, to io.Writer, log *Log, counted *Counters) (zframe.Stats, error) {
	sink := &counting{to: pieces{to: to, flow: &counted.flow}, n: &counted.stored}
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out, in, err := os.Pipe()
	if err != nil {
		return zframe.Stats{}, err
	}
	defer out.Close()
	s.Child.Stdout, s.Child.Stderr = in, log
	child, err := process.StartChild(running, s.Child, s.Tool.Path, s.Args...)
	in.Close()
	if err != nil {
		return zframe.Stats{}, err
	}
	from := &reading{from: out, n: &counted.read, ended: counted.flow.close}
	stats, broken := zframe.Copy(sink, from, zframe.Options{
		Level: s.Level, Workers: workers(), Blocks: Blocks(s.Buffer), Tee: s.Check, Stop: stop,
		Full: counted.flow.waits, Done: running.Done(),
	})
	if broken != nil {
		stop(broken)
	}
	// A tool that can no longer print ends. In a container the program that runs it there may be stopped, and would be
	// waited for.
	late := time.AfterFunc(endTimeout, func() { stop(errLingers) })
	ended := child.Wait()
	if !late.Stop() && broken == nil && ctx.Err() == nil {
		broken = errLingers
	}
	switch {
	case ctx.Err() != nil:
		return stats, fmt.Errorf("%s was stopped: %w", s.Tool.Path, context.Cause(ctx))
	case broken != nil:
		return stats, broken
	}
	return stats, explained(ended, log.reason())
}

// explained adds to the error of a tool the reason in its log.
func explained(ended error, reason string) error {
	var exit *process.ExitError
	if errors.As(ended, &exit) {
		exit.Stderr = reason
	}
	return ended
}

// endTimeout is how long a tool may take to end after its last byte.
const endTimeout = time.Minute

var errLingers = fmt.Errorf("the tool has closed its output, and did not end within %s", endTimeout)

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func checkLength(f repository.Writer, want int64) error {
	size, err := f.Size()
	if err == nil && size != want {
		err = fmt.Errorf("%s has %d bytes after %d were written", f.Name(), size, want)
	}
	return err
}

// workers is how many compress at once: half of the processors, at least 2 and at most 4, because the node is a standby
// that may have to serve at any time.
func workers() int { return min(max(runtime.NumCPU()/2, 2), 4) }

// Blocks returns a buffer in frames. Fewer than there are workers would leave some idle. Memory is at most the buffer
// and a frame for each worker (zframe), regardless of how the data compresses: 160 MiB for the default of 128 MiB and
// four workers.
func Blocks(buffer int64) int { return max(int(buffer/zframe.Size), workers()+1) }

// Counters may be read while they are updated.
type Counters struct {
	read, stored atomic.Int64
	Stages       stages
	flow         flow
}

// Again sets all to zero before another attempt.
func (c *Counters) Again() {
	c.read.Store(0)
	c.stored.Store(0)
	c.Restart()
}

// Restart is called before a tool starts.
func (c *Counters) Restart() {
	c.Stages.reset()
	c.flow.reset()
}

// Flow is what has moved, and how long the destination has accepted nothing.
type Flow struct {
	Read, Stored int64 // bytes
	// Stalled is how long the tool has been waiting while the destination accepted no byte; Closing says that the tool
	// has ended and the destination is writing the rest.
	Stalled time.Duration
	Closing bool
}

// Flow returns the progress of the tool and its output.
func (c *Counters) Flow(now time.Time) Flow {
	f := Flow{Read: c.read.Load(), Stored: c.stored.Load()}
	f.Stalled, f.Closing = c.flow.stalled(now)
	return f
}

type counting struct {
	to io.Writer
	n  *atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n.Add(int64(n))
	if err != nil {
		return n, fmt.Errorf("write the backup: %w", err)
	}
	return n, nil
}

type reading struct {
	from  io.Reader
	n     *atomic.Int64
	ended func()
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.n.Add(int64(n))
	if err != nil {
		r.ended()
	}
	return n, err
}
