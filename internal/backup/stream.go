// SPDX-License-Identifier: GPL-3.0-or-later

package backup

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

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/zframe"
)

// source is a tool and what its output must be.
type source struct {
	tool    tool
	args    []string
	child   process.ChildOptions
	file    string // name of the file in the set
	content string
	// check sees all that the tool prints; finish, called when the tool has ended well, says whether it was whole.
	check  io.Writer
	finish func(stderr string) error
}

// stream runs a tool and stores what it prints in one pass: tool, check, zstd frames, sha256, file. The tool may be
// ahead by the buffer, no more. The first of these is the error: the destination's, the check's, the tool's, the end's.
// When ctx ends it comes back within seconds, also from a destination that hangs.
func stream(ctx context.Context, s source, set *repository.Draft, o Options, counted *counters) ([]repository.File, error) {
	return abandonable(ctx, set.Folder(), func() ([]repository.File, error) { return store(ctx, s, set, o, counted) })
}

func store(ctx context.Context, s source, set *repository.Draft, o Options, counted *counters) ([]repository.File, error) {
	counted.restart()
	log := newLog(o.Scrub, counted.stages.line)
	data, err := set.New(s.file)
	if err != nil {
		return nil, err
	}
	stored, err := run(ctx, s, data, log, o, counted)
	if err != nil {
		return nil, err
	}
	logged, err := log.finish(set)
	if err != nil {
		return nil, err
	}
	return []repository.File{stored, logged}, nil
}

func run(ctx context.Context, s source, data repository.Writer, log *toolLog, o Options, counted *counters) (repository.File, error) {
	hash := sha256.New()
	sink := &counting{to: pieces{to: io.MultiWriter(data, hash), flow: &counted.flow}, n: &counted.stored}
	stats, err := copyFrom(ctx, s, sink, log, o, counted)
	if err == nil {
		err = s.finish(log.text())
	}
	if err == nil {
		err = wrap("sync "+data.Name(), data.Sync())
	}
	if err == nil {
		err = checkLength(data, stats.Bytes)
	}
	err = errors.Join(err, data.Close())
	return repository.File{
		Name: s.file, Content: s.content, Bytes: stats.Bytes, RawBytes: stats.Raw, SHA256: hex.EncodeToString(hash.Sum(nil)),
		Compression: "zstd", Level: o.Level, Frames: stats.Frames, FrameBytes: zframe.Size,
	}, err
}

// copyFrom starts the tool, copies its output, and waits for it. When the copy breaks the tool's process group is
// killed.
func copyFrom(ctx context.Context, s source, sink io.Writer, log *toolLog, o Options, counted *counters) (zframe.Stats, error) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out, to, err := os.Pipe()
	if err != nil {
		return zframe.Stats{}, err
	}
	defer out.Close()
	s.child.Stdout, s.child.Stderr = to, log
	child, err := process.StartChild(running, s.child, s.tool.path, s.args...)
	to.Close()
	if err != nil {
		return zframe.Stats{}, err
	}
	from := &reading{from: out, n: &counted.read, ended: counted.flow.close}
	stats, broken := zframe.Copy(sink, from, zframe.Options{
		Level: o.Level, Workers: workers(), Blocks: blocks(o.Buffer), Tee: s.check, Stop: stop, Full: counted.flow.waits, Done: running.Done(),
	})
	if broken != nil {
		stop(broken)
	}
	// A tool that prints nothing more ends. In a container what holds it there may be stopped, and would be waited for.
	late := time.AfterFunc(endTimeout, func() { stop(errLingers) })
	ended := child.Wait()
	if !late.Stop() && broken == nil && ctx.Err() == nil {
		broken = errLingers
	}
	switch {
	case ctx.Err() != nil:
		return stats, fmt.Errorf("%s was stopped: %w", s.tool.path, context.Cause(ctx))
	case broken != nil:
		return stats, broken
	}
	return stats, explained(ended, log.reason())
}

// explained has a tool's end say what its log gives as the reason.
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

// workers is how many compress at once: half of the processors, at least 2 and at most 4, because the node is a
// standby that may have to serve at any time.
func workers() int { return min(max(runtime.NumCPU()/2, 2), 4) }

// blocks is a buffer in frames. Fewer than there are workers would leave some idle. Memory is at most the buffer and a
// frame for each worker (zframe), however the data compress: 160 MiB for the default of 128 MiB and four workers.
func blocks(buffer int64) int { return max(int(buffer/zframe.Size), workers()+1) }

// counters are read while others count.
type counters struct {
	read, stored atomic.Int64
	began        time.Time
	stages       stages
	flow         flow
}

// restart is before a tool starts.
func (c *counters) restart() {
	c.stages.reset()
	c.flow.reset()
}

// sample fills in what is known of the tool.
func (c *counters) sample(s *ToolSample, now time.Time) {
	s.ReadBytes, s.StoredBytes = c.read.Load(), c.stored.Load()
	s.Stage, _, s.RedoLSN = c.stages.now()
	stalled, closing := c.flow.stalled(now)
	s.Stalled, s.Closing = stalled.Seconds(), closing
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
