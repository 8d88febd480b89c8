// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Place is where programs run: the zero value is this host, else it is the container of a process that Hold looked at.
//
// A program in a container is started by nsenter, not by the container's engine: it is a child of ours, in our control
// group, with our pipes, so that it ends when we are ended by force, and that works alike under podman and docker. It
// enters the namespaces that were held, whatever the pid has become since; our user namespace it keeps.
type Place struct{ held *held }

// Host says that the place is this host.
func (p Place) Host() bool { return p.held == nil }

// Path is a path of the place as this process sees it, until the place is closed. What follows a link on the way
// follows it from this host's root: Resolve, Open and Folder do not.
func (p Place) Path(path string) string {
	if p.Host() {
		return path
	}
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(p.held.root.Fd())), filepath.Join("/", path))
}

// Command is the package's Command for a program of the place, given by its absolute path there. It runs as root.
// ExtraFiles are in use: files for the program are given to Passing.
func (p Place) Command(ctx context.Context, path string, args ...string) *exec.Cmd {
	return p.Passing(ctx, nil, path, args...)
}

// Passing is Command with files that are open in the program from descriptor 3 on, also where no path leads to them.
func (p Place) Passing(ctx context.Context, files []*os.File, path string, args ...string) *exec.Cmd {
	return p.command(ctx, Owner{}, files, path, args...)
}

// command also becomes the owner. On this host the child does that itself; to enter a container takes root.
func (p Place) command(ctx context.Context, owner Owner, files []*os.File, path string, args ...string) *exec.Cmd {
	if p.Host() {
		c := Command(ctx, path, args...)
		if owner != (Owner{}) {
			c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)}
		}
		c.ExtraFiles = files
		return c
	}
	files, enter := p.enter(files)
	if owner != (Owner{}) {
		enter = append(enter, "--setgid", strconv.Itoa(owner.GID), "--setuid", strconv.Itoa(owner.UID))
	}
	program, err := Find("nsenter")
	if err != nil {
		program = "nsenter" // whose absence then is the error of the start
	}
	c := Command(ctx, program, append(append(enter, "--", path), args...)...)
	c.ExtraFiles, c.Env = files, containerEnv
	return c
}

// containerEnv is all that programs of a container are told of ours: that of a job, or of who calls, is nothing to
// them.
var containerEnv = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C",
}

// enter are the options that let nsenter (util-linux 2.23 and later) enter the namespaces that are held, behind the
// program's own files. Those of processes, too, for /proc/self has to mean something there. The program inherits these
// descriptors: they are of the namespaces that it is in.
func (p Place) enter(files []*os.File) ([]*os.File, []string) {
	files, enter := slices.Clone(files), []string{}
	for _, n := range []struct {
		option string
		kind   Namespace
	}{{"--mount", Mounts}, {"--pid", Processes}, {"--net", Network}, {"--ipc", IPC}} {
		enter = append(enter, fmt.Sprintf("%s=/proc/self/fd/%d", n.option, 3+len(files)))
		files = append(files, p.held.namespaces[n.kind])
	}
	return files, enter
}

// tie is what a program of a container is started by so that it dies with its nsenter: the kernel kills nsenter with
// us, but not a child of its. It is nothing where the container has no such command.
func (p Place) tie(ctx context.Context) []string {
	if p.Host() {
		return nil
	}
	setpriv, err := p.Find([]string{"setpriv"})
	if err != nil {
		return nil
	}
	help := p.Command(ctx, setpriv, "--help")
	said := &Tail{Max: maxStderr}
	help.Stdout = said
	if err := help.Run(); err != nil || !strings.Contains(said.String(), "--pdeathsig") {
		return nil
	}
	return []string{setpriv, "--pdeathsig", "KILL", "--"}
}

// KeepGoing continues an nsenter that has stopped itself, as it does when its program is stopped, once the program goes
// on or has ended: who continues the program does not know of nsenter, which has its pipes open. pid is what Command
// started; the caller ends the watch when that has ended.
func (p Place) KeepGoing(pid int) (end func()) {
	if p.Host() {
		return func() {}
	}
	ended, began := make(chan struct{}), Started(pid)
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				if stopped(pid) && goes(pid) && Started(pid) == began {
					_ = syscall.Kill(pid, syscall.SIGCONT)
				}
			}
		}
	}()
	return func() { close(ended) }
}

// goes says that a process has children, and that none of them is stopped.
func goes(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	children := strings.Fields(string(text))
	return err == nil && len(children) > 0 && !slices.ContainsFunc(children, func(child string) bool {
		n, err := strconv.Atoi(child)
		return err != nil || stopped(n)
	})
}

// Find looks a program up in the system's folders of the place (on this host also on PATH): its absolute path there, or
// ErrNotFound. The first of the names that is there counts; more are further folders. What others than root can replace
// in a container is none: it would run as this host's root.
func (p Place) Find(names []string, more ...string) (string, error) {
	var refused error
	for _, name := range names {
		if p.Host() {
			if path, err := Find(name); err == nil {
				return path, nil
			}
		}
		for _, folder := range append(slices.Clone(systemFolders), more...) {
			path := filepath.Join(folder, name)
			is, err := p.isProgram(path)
			if is {
				return path, nil
			}
			refused = cmp.Or(refused, err)
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", fmt.Errorf("%s%s: %w", none(names), p.in(), ErrNotFound)
}

// isProgram says that a path of the place can be run. The error is of one that must not be.
func (p Place) isProgram(path string) (bool, error) {
	w, err := p.find(path)
	if err != nil {
		return false, nil // none is there
	}
	defer w.Close()
	info, err := w.Here().Stat()
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return false, nil
	}
	if !p.Host() && w.Foreign != "" {
		return false, fmt.Errorf("%s%s is not run: others than root can write to %s there", path, p.in(), w.Foreign)
	}
	return true, nil
}

func (p Place) in() string {
	if p.Host() {
		return " here"
	}
	return fmt.Sprintf(" in the container of process %d", p.PID())
}

func none(names []string) string {
	if len(names) == 1 {
		return names[0] + " is not installed"
	}
	return "neither " + strings.Join(names, " nor ") + " is installed"
}
