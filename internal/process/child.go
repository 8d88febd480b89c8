// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
)

// Owner is a user and group of the host. The zero value is root.
type Owner struct{ UID, GID int }

// Child is a program that does not outlive this process, whatever ends it: the kernel kills it then. In a container that takes
// a setpriv of util-linux 2.33 there, which RHEL 8 and older have not: then the program goes on to the end of its input, and
// dies with its control group, or with the container that was started for it.
type Child struct {
	ctx    context.Context
	name   string
	cmd    *exec.Cmd
	stderr *Tail
	ended  chan struct{}
	err    error
	place  Place
}

// ChildOptions say how a child runs. Nil is /dev/null.
type ChildOptions struct {
	// Place is where it runs; Dir is this host's, and in a container its root.
	Place  Place
	Owner  Owner
	Dir    string
	Stdin  io.Reader
	Stdout io.Writer
	// Files are open in the program from descriptor 3 on, also where no path leads to them.
	Files []*os.File
	// Stderr sees standard error; its end is kept for errors anyway.
	Stderr io.Writer
	// Confined is for a program of this host that a stranger feeds; nil leaves it free. In a container it is without effect.
	Confined *Confinement
}

// StartChild starts a program as Command prepares it, as the user of o.Owner.
func StartChild(ctx context.Context, o ChildOptions, name string, args ...string) (*Child, error) {
	tied := append(append(o.Place.tie(ctx), name), args...)
	c := &Child{ctx: ctx, name: name, stderr: &Tail{Max: maxStderr}, ended: make(chan struct{}), place: o.Place}
	c.cmd = o.Place.command(ctx, o.Owner, o.Files, tied[0], tied[1:]...)
	c.cmd.Dir, c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = o.Dir, o.Stdin, o.Stdout, c.stderr
	if o.Stderr != nil {
		c.cmd.Stderr = io.MultiWriter(c.stderr, o.Stderr)
	}
	c.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	began := make(chan error)
	if o.Confined == nil || !o.Place.Host() {
		go c.run(began)
	} else if o.Owner == (Owner{}) {
		return nil, fmt.Errorf("%s: root cannot be confined", name)
	} else {
		c.confine()
		go onOwnThread(func() { c.runConfined(o.Confined.forProgram(name), began) })
	}
	if err := <-began; err != nil {
		return nil, Explain(ctx, name, err, "")
	}
	return c, nil
}

// run stays on the thread that started the program: the kernel's signal comes when that thread ends.
func (c *Child) run(began chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.start(began)
}

// runConfined is run on a thread that ends with it.
func (c *Child) runConfined(to *Confinement, began chan<- error) {
	if err := to.enter(); err != nil {
		began <- explainConfined(err)
		return
	}
	c.start(began)
}

// confine prepares the program for a namespace of processes of its own, without an environment but what it needs.
func (c *Child) confine() {
	c.cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	c.cmd.Env = []string{"PATH=" + strings.Join(systemFolders, ":"), "LC_ALL=C", "HOME=/", "TMPDIR=" + c.cmd.Dir}
}

func (c *Child) start(began chan<- error) {
	err := c.cmd.Start()
	began <- err
	if err == nil {
		end := c.place.KeepGoing(c.PID())
		c.err = c.cmd.Wait()
		end()
		close(c.ended)
	}
}

// Ended is closed when the program has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// PID is its process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Wait waits for the end and explains it as Output does.
func (c *Child) Wait() error {
	<-c.ended
	return Explain(c.ctx, c.name, c.err, c.stderr.String())
}

// Kill ends the program and all it started, and waits for that.
func (c *Child) Kill() {
	select {
	case <-c.ended:
	default:
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
		<-c.ended
	}
}

// Run starts a child and waits for its end.
func (o ChildOptions) Run(ctx context.Context, name string, args ...string) error {
	c, err := StartChild(ctx, o, name, args...)
	if err != nil {
		return err
	}
	return c.Wait()
}
