// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/internal/ansible/value"
	"overcloud.backup/internal/durable"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/safefile"
)

// Background jobs follow the file protocol of Ansible's async_wrapper, so async, poll and async_status work: the
// file DIR/JID.PID contains {"started": 1, "finished": 0} until the result replaces it. Unlike with async_wrapper,
// nothing is killed: at the limit the module's context ends, and the module can undo its changes.

// detach checks the arguments, starts the job and answers with its id.
func (p Program) detach(name, jid, limit, dir string, in io.Reader, stdout io.Writer) int {
	content, err := io.ReadAll(in)
	if err != nil {
		return p.refuse(stdout, fmt.Errorf("read the arguments: %w", excerpt.Error(err)))
	}
	t, err := p.prepare(name, bytes.NewReader(content))
	if err != nil {
		return write(stdout, t.refusal(err))
	}
	path, pid, err := startJob(name, jid, limit, value.ExpandPath(dir), content)
	if err != nil {
		return write(stdout, t.refusal(fmt.Errorf("start in the background: %w", err)))
	}
	out := jobState(path)
	out["pid"] = pid // the number in the job id is this process's, which ends now, as with async_wrapper
	out["results_file"], out["changed"], out["failed"] = path, true, 0
	line, _ := value.Encode(out)
	return write(stdout, line)
}

// jobState returns the content of the job file while the job runs.
func jobState(path string) map[string]any {
	return map[string]any{"started": 1, "finished": 0, "ansible_job_id": filepath.Base(path)}
}

func startJob(name, jid, limit, dir string, content []byte) (path string, pid int, err error) {
	if jid == "" || strings.ContainsAny(jid, "/\x00") {
		return "", 0, fmt.Errorf("%q is not a job id", excerpt.Of(jid))
	}
	if _, err := strconv.Atoi(limit); err != nil {
		return "", 0, fmt.Errorf("%q is not a time limit in seconds", excerpt.Of(limit))
	}
	if err := safefile.OurFolder(dir); err != nil {
		return "", 0, fmt.Errorf("the folder of background jobs: %w; set async_dir to a folder of your own, such as "+
			"~/.ansible_async", err)
	}
	path = filepath.Join(dir, jid+"."+strconv.Itoa(os.Getpid()))
	if err := writeJob(path, jobState(path)); err != nil {
		return "", 0, err
	}
	if pid, err = startSelf(path+".log", content, "-", name, "--job", path, limit); err != nil {
		_ = os.Remove(path)
	}
	return path, pid, err
}

// startSelf starts this binary in its own session, with content on its stdin. Its stderr, to which only a crash writes,
// goes to the new file log. It returns the process id.
func startSelf(log string, content []byte, argv ...string) (pid int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_EXCL|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer w.Close()
	attr := &os.ProcAttr{Dir: "/", Files: []*os.File{r, out, out}, Sys: &syscall.SysProcAttr{Setsid: true}}
	p, err := os.StartProcess(self, append([]string{self}, argv...), attr)
	r.Close()
	if err != nil {
		return 0, err
	}
	_, err = w.Write(content)
	return p.Pid, err
}

// job is the background process: it runs the module and leaves the result in the job file.
func (p Program) job(ctx context.Context, name, path, limit string, in io.Reader) int {
	t, err := p.prepare(name, in)
	if err != nil {
		return endJob(path, t.refusal(err))
	}
	t.call.progress = func(v any) { t.report(path, v) }
	if seconds, _ := strconv.Atoi(limit); seconds > 0 {
		over := fmt.Errorf("the time limit of %d s has passed", seconds)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Duration(seconds)*time.Second, over)
		defer cancel()
	}
	return endJob(path, t.run(ctx))
}

// report writes progress to the job file. The work continues if that fails.
func (t *task) report(path string, progress any) {
	state := jobState(path)
	state["progress"] = progress
	_ = durable.Replace(path, append(t.line(state, nil), '\n'), 0o600)
}

func endJob(path string, line []byte) int {
	out, err := value.Object(bytes.NewReader(line))
	if err == nil {
		out["ansible_job_id"] = filepath.Base(path)
		err = writeJob(path, out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "write the job file:", err)
		return 1
	}
	_ = os.Remove(path + ".log")
	if failed(line) {
		return 1
	}
	return 0
}

func writeJob(path string, content map[string]any) error {
	line, err := value.Encode(content)
	if err != nil {
		return err
	}
	return durable.Replace(path, append(line, '\n'), 0o600)
}
