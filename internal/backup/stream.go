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
	login   []byte // option file
	file    string // name of the file in the set
	content string
	// check sees all that the tool prints; finish, called when the tool has ended well, says whether it was whole.
	check  io.Writer
	finish func(stderr string) error
}

// stream runs a tool and stores what it prints in one pass: tool, check, zstd frames, sha256, file. The tool may be
// ahead by the buffer, no more. The first of these is the error: the destination's, the check's, the tool's, the end's.
func stream(ctx context.Context, s source, set *repository.Set, o Options, counted *counters) (files []repository.File, err error) {
	log, err := newLog(set, o.Scrub)
	if err != nil {
		return nil, err
	}
	data, err := set.New(s.file)
	if err != nil {
		return nil, errors.Join(err, log.file.Close())
	}
	stored, runErr := run(ctx, s, data, log, o, counted)
	logged, logErr := log.finish()
	if err := errors.Join(runErr, logErr); err != nil {
		return nil, err
	}
	return []repository.File{stored, logged}, nil
}

func run(ctx context.Context, s source, data *os.File, log *toolLog, o Options, counted *counters) (repository.File, error) {
	hash := sha256.New()
	sink := &counting{to: io.MultiWriter(data, hash), n: &counted.stored}
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
	login, err := secretFile(s.login)
	if err != nil {
		return zframe.Stats{}, err
	}
	defer login.Close()
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	cmd := process.Command(running, s.tool.path, s.args...)
	cmd.ExtraFiles = []*os.File{login}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return zframe.Stats{}, err
	}
	if err := cmd.Start(); err != nil {
		return zframe.Stats{}, process.Explain(ctx, s.tool.path, err, "")
	}
	stats, broken := zframe.Copy(sink, &reading{from: out, n: &counted.read}, zframe.Options{
		Level: o.Level, Workers: workers(), Blocks: blocks(o.Buffer), Tee: s.check, Stop: stop,
	})
	if broken != nil {
		stop(broken)
	}
	ended := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return stats, fmt.Errorf("%s was stopped: %w", s.tool.path, context.Cause(ctx))
	case broken != nil:
		return stats, broken
	}
	return stats, process.Explain(ctx, s.tool.path, ended, log.text())
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func checkLength(f *os.File, want int64) error {
	info, err := f.Stat()
	if err == nil && info.Size() != want {
		err = fmt.Errorf("%s has %d bytes after %d were written", f.Name(), info.Size(), want)
	}
	return err
}

// workers is how many compress at once: half of the processors, at least 2 and at most 4, because the node is a
// standby that may have to serve at any time.
func workers() int { return min(max(runtime.NumCPU()/2, 2), 4) }

// blocks is a buffer in frames. Fewer than there are workers would leave some idle.
func blocks(buffer int64) int { return max(int(buffer/zframe.Size), workers()+1) }

// counters are read while others count.
type counters struct {
	read, stored atomic.Int64
	began        time.Time
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
	from io.Reader
	n    *atomic.Int64
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.n.Add(int64(n))
	return n, err
}
