// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/thread"
)

// Owner is a user and group of the host. The zero value is root.
type Owner = confine.Owner

// Apart is a user that hosts assign to nobody, for programs that need nothing of any: all other processes of the user
// nobody could read one of that user. systemd's list of users (UIDS-GIDS) keeps 1879048192 to 2147483647 unused, and
// SSSD's own end with 2000200000.
var Apart = Owner{UID: 2130706433, GID: 2130706433}

// Child is a program that does not outlive this process, however that ends: the kernel then kills it. One in a
// container also ends with the container.
type Child struct {
	ctx    context.Context
	name   string
	cmd    *exec.Cmd
	stderr *Tail
	ended  chan struct{}
	err    error
	left   atomic.Bool // its container has ended
}

// ChildOptions say how a child runs. Nil is /dev/null.
type ChildOptions struct {
	// Place is where it runs. In a container it is always confined.
	Place Place
	Owner Owner
	// Dir is its working directory. Empty is ours, or the root of what a confined program sees.
	Dir    string
	Stdin  io.Reader
	Stdout io.Writer
	// Stderr sees standard error; its end is kept for errors anyway.
	Stderr io.Writer
	// Confined is what a program with untrusted input sees; nil leaves a program of this host unconfined. It requires
	// root.
	Confined *confine.Confinement
}

// StartChild starts a program as Command prepares it, as the user of o.Owner. In a container the name is a path.
func StartChild(ctx context.Context, o ChildOptions, name string, args ...string) (*Child, error) {
	c := &Child{ctx: ctx, name: name, stderr: &Tail{Max: maxStderr}, ended: make(chan struct{})}
	c.cmd = Command(ctx, name, args...)
	c.cmd.Dir, c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = o.Dir, o.Stdin, o.Stdout, c.stderr
	if o.Stderr != nil {
		c.cmd.Stderr = io.MultiWriter(c.stderr, o.Stderr)
	}
	c.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if o.Owner != (Owner{}) {
		c.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(o.Owner.UID), Gid: uint32(o.Owner.GID)}
	}
	began := make(chan error, 1)
	if to := o.confinement(name); to != nil {
		c.confine()
		go thread.Apart(func() { c.runConfined(to, o, began) })
	} else {
		go c.run(o, began)
	}
	select {
	case err := <-began:
		if err != nil {
			return nil, Explain(ctx, name, err, "")
		}
		return c, nil
	case <-ctx.Done(): // storage that hangs would be waited for; a program that starts after that ends at once
		return nil, Explain(ctx, name, context.Cause(ctx), "")
	}
}

// confinement returns what a program sees; nil is all of this host.
func (o ChildOptions) confinement(name string) *confine.Confinement {
	switch {
	case o.Confined != nil:
		return o.Confined.ForProgram(name)
	case !o.Place.Host():
		return (&confine.Confinement{}).ForProgram(name)
	}
	return nil
}

// run stays on the thread that started the program: the kernel's signal comes when that thread ends.
func (c *Child) run(o ChildOptions, began chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.start(o.Place, began)
}

// runConfined runs on a thread that ends with it.
func (c *Child) runConfined(to *confine.Confinement, o ChildOptions, began chan<- error) {
	if err := to.Enter(o.Place.mounts(), c.cmd.Path, o.Owner); err != nil {
		began <- err
		return
	}
	c.start(o.Place, began)
}

// confine prepares the program for a namespace of processes of its own, with only the environment that it needs.
func (c *Child) confine() {
	c.cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	c.cmd.Env = []string{"PATH=" + strings.Join(systemFolders, ":"), "LC_ALL=C", "HOME=/"}
	if c.cmd.Dir == "" {
		c.cmd.Dir = "/"
	} else {
		c.cmd.Env = append(c.cmd.Env, "TMPDIR="+c.cmd.Dir)
	}
}

func (c *Child) start(at Place, began chan<- error) {
	err := c.cmd.Start()
	began <- err
	if err == nil {
		exited, watched := make(chan struct{}), make(chan struct{})
		go func() { defer close(watched); c.endWith(at, exited) }()
		c.err = c.cmd.Wait()
		close(exited)
		<-watched // whoever closes the place after the end finds nobody using it
		close(c.ended)
	}
}

// pollInterval is the interval of checks whether a container still exists.
const pollInterval = 250 * time.Millisecond

// endWith kills the program when its container ends: it is in none of the container's namespaces that would do that.
func (c *Child) endWith(at Place, exited <-chan struct{}) {
	if at.Host() {
		return
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-exited:
			return
		case <-tick.C:
			if at.Ended() {
				c.left.Store(true)
				_ = c.cmd.Process.Kill()
			}
		}
	}
}

// Ended returns a channel that is closed when the program has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// PID returns its process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Wait waits for the end and explains it like Output.
func (c *Child) Wait() error {
	<-c.ended
	err := Explain(c.ctx, c.name, c.err, c.stderr.String())
	if err != nil && c.left.Load() {
		err = fmt.Errorf("its container ended: %w", err)
	}
	return err
}

// Kill ends the program and all that it started, and waits for that.
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
