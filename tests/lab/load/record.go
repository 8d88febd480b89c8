// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The record is a folder of three files, written as things happen, which need no orderly end:
//
//	run.json  {"run":1763838000000000,"clients":8,"rate":60}
//	commits   one line an acknowledged commit: client, sequence, when (µs since the epoch), latency (µs)
//	errors    one line an error: client, sequence, when, step, text
const (
	headerFile  = "run.json"
	commitsFile = "commits"
	errorsFile  = "errors"
)

// header describes a run. Run is its identity, the µs since the epoch at which it began.
type header struct {
	Run     int64   `json:"run"`
	Clients int     `json:"clients"`
	Rate    float64 `json:"rate"`
}

// id names one transaction of a run. A sequence number is used once, whatever its outcome.
type id struct{ Client, Seq int }

// commit is one acknowledged commit. Latency counts from when the transaction was due.
type commit struct {
	id
	At      time.Time
	Latency time.Duration
}

// step is the part of a transaction that an error struck.
type step string

const (
	stepWork   step = "work"   // before COMMIT was sent: nothing is stored
	stepCommit step = "commit" // at COMMIT: the client does not know whether it is stored
)

// failure is one error that a client saw.
type failure struct {
	id
	At   time.Time
	Step step
	Text string
}

// record is everything that was recorded about a run.
type record struct {
	header
	Commits  []commit
	Failures []failure
}

// recorder appends to the record. Each call is one write, so that a reader and a SIGKILL always leave complete lines.
type recorder struct {
	header
	mu      sync.Mutex
	commits io.WriteCloser
	errors  io.WriteCloser
}

func createRecord(dir string, h header) (*recorder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, headerFile), raw, 0o644); err != nil {
		return nil, err
	}
	commits, err := os.Create(filepath.Join(dir, commitsFile))
	if err != nil {
		return nil, err
	}
	failures, err := os.Create(filepath.Join(dir, errorsFile))
	if err != nil {
		commits.Close()
		return nil, err
	}
	return &recorder{header: h, commits: commits, errors: failures}, nil
}

func (r *recorder) acknowledged(c commit) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := fmt.Fprintf(r.commits, "%d %d %d %d\n", c.Client, c.Seq, c.At.UnixMicro(), c.Latency.Microseconds())
	return err
}

func (r *recorder) failed(f failure) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := fmt.Fprintf(r.errors, "%d %d %d %s %s\n", f.Client, f.Seq, f.At.UnixMicro(), f.Step,
		strings.ReplaceAll(f.Text, "\n", " "))
	return err
}

func (r *recorder) close() error { return errors.Join(r.commits.Close(), r.errors.Close()) }

func readRecord(dir string) (record, error) {
	var rec record
	raw, err := os.ReadFile(filepath.Join(dir, headerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return rec, errors.New("no load was started since the lab came up")
	}
	if err != nil {
		return rec, err
	}
	if err := json.Unmarshal(raw, &rec.header); err != nil {
		return rec, fmt.Errorf("read %s: %w", headerFile, err)
	}
	err = eachLine(filepath.Join(dir, commitsFile), func(line string) error {
		c, err := parseCommit(line)
		rec.Commits = append(rec.Commits, c)
		return err
	})
	if err != nil {
		return rec, err
	}
	return rec, eachLine(filepath.Join(dir, errorsFile), func(line string) error {
		f, err := parseFailure(line)
		rec.Failures = append(rec.Failures, f)
		return err
	})
}

// eachLine calls do with every complete line; what follows the last line feed was being written when the run was
// killed.
func eachLine(path string, do func(string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := do(string(bytes.TrimRight(line, "\n"))); err != nil {
			return fmt.Errorf("%s line %d: %w", filepath.Base(path), number, err)
		}
	}
}

func parseCommit(line string) (commit, error) {
	var c commit
	var at, latency int64
	if _, err := fmt.Sscanf(line, "%d %d %d %d", &c.Client, &c.Seq, &at, &latency); err != nil {
		return c, fmt.Errorf("parse %q: %w", line, err)
	}
	c.At, c.Latency = time.UnixMicro(at), time.Duration(latency)*time.Microsecond
	return c, nil
}

func parseFailure(line string) (failure, error) {
	var f failure
	var at int64
	fields := strings.SplitN(line, " ", 5)
	if len(fields) != 5 {
		return f, fmt.Errorf("parse %q: want 5 fields, got %d", line, len(fields))
	}
	if _, err := fmt.Sscanf(line, "%d %d %d", &f.Client, &f.Seq, &at); err != nil {
		return f, fmt.Errorf("parse %q: %w", line, err)
	}
	f.At, f.Step, f.Text = time.UnixMicro(at), step(fields[3]), fields[4]
	if f.Step != stepWork && f.Step != stepCommit {
		return f, fmt.Errorf("parse %q: no such step", line)
	}
	return f, nil
}
