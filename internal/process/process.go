// SPDX-License-Identifier: GPL-3.0-or-later

// Package process runs programs. It is the only package that does: no shell, LC_ALL=C, the whole process group killed
// at the deadline, limited output, secrets never in an argument or in the environment.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/internal/excerpt"
)

// Limits of what is kept of a program's output.
const (
	// MaxOutput is how much standard output Output keeps; more is an error. A crm_mon of 64 nodes and 1000
	// resources prints 0.75 MB.
	MaxOutput = 8 << 20
	// maxStderr is how much of standard error is kept: its end, which has the reason.
	maxStderr = 64 << 10
)

// ExitError reports a program that ran and failed.
type ExitError struct {
	Name   string
	Code   int    // -1 if a signal ended it
	Signal string // its name, if a signal ended it
	Stderr string // the end of its standard error
}

// Error has the exit status or signal, and the last line of standard error.
func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != "" {
		how = "ended by signal " + e.Signal
	}
	if line := lastLine(e.Stderr); line != "" {
		return fmt.Sprintf("%s: %s: %s", e.Name, how, line)
	}
	return fmt.Sprintf("%s: %s", e.Name, how)
}

// Command prepares a program: its own process group, LC_ALL=C, killed as a group when the context ends. A name without
// a path is looked up on PATH, but for root not in folders of other users. The caller connects its pipes and starts it.
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	if filepath.Base(name) == name {
		c.Path, c.Err = onPath(name)
	}
	c.Env = append(cleanEnv(os.Environ()), "LC_ALL=C")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 2 * time.Second
	return c
}

// Output runs a program to its end and returns its standard output, at most MaxOutput bytes.
// Errors: ErrNotFound, *ExitError, the context's own, or an output too large.
func Output(ctx context.Context, name string, args ...string) ([]byte, error) {
	return Input(ctx, nil, name, args...)
}

// Input is Output with bytes on the program's standard input.
func Input(ctx context.Context, stdin []byte, name string, args ...string) ([]byte, error) {
	c := Command(ctx, name, args...)
	out := &limited{max: MaxOutput}
	tail := &Tail{Max: maxStderr}
	c.Stdout, c.Stderr = out, tail
	if stdin != nil {
		c.Stdin = bytes.NewReader(stdin)
	}
	if err := Explain(ctx, name, c.Run(), tail.String()); err != nil && !out.over {
		return out.buf.Bytes(), err
	}
	if out.over {
		return nil, fmt.Errorf("%s: printed more than %d MiB", name, MaxOutput>>20)
	}
	return out.buf.Bytes(), nil
}

// Explain turns what exec reports of an ended program into an error that says what happened; nil stays nil.
func Explain(ctx context.Context, name string, err error, stderr string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("%s: no answer within the time limit: %w", name, ctx.Err())
		}
		return fmt.Errorf("%s: %w", name, ctx.Err())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e := &ExitError{Name: name, Code: exit.ExitCode(), Stderr: strings.TrimSpace(stderr)}
		if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
			e.Signal = w.Signal().String()
		}
		return e
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is not installed: %w", name, ErrNotFound)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// Tail keeps the last Max bytes written to it.
type Tail struct {
	Max int
	buf []byte
}

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.Max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String returns what was kept.
func (t *Tail) String() string { return string(t.buf) }

var errTooMuch = errors.New("too much output")

// limited keeps the first max bytes and fails the writer after that, which ends the program.
type limited struct {
	buf  bytes.Buffer
	max  int
	over bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.buf.Len()+len(p) > l.max {
		l.over = true
		return 0, errTooMuch
	}
	return l.buf.Write(p)
}

var _ io.Writer = (*limited)(nil)

// cleanEnv removes variables that change the language, carry a password into every program started, make the database's
// programs read other options or load other plugins, or make Pacemaker's programs report another cluster than this
// host's (CIB_file, CIB_shadow, CIB_server), and from PATH what Find ignores.
func cleanEnv(env []string) []string {
	kept := make([]string, 0, len(env))
	for _, kv := range env {
		key, _, _ := strings.Cut(kv, "=")
		if key == "LANG" || key == "LANGUAGE" || strings.HasPrefix(key, "LC_") || strings.HasPrefix(key, "CIB_") ||
			strings.HasPrefix(key, "MYSQL_") || strings.HasPrefix(key, "MARIADB_") ||
			strings.HasPrefix(key, "LIBMYSQL_") {
			continue
		}
		if key == "PATH" {
			kv = "PATH=" + path()
		}
		kept = append(kept, kv)
	}
	return kept
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return excerpt.OutputLine(s[strings.LastIndexByte(s, '\n')+1:])
}
