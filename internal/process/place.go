// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"context"
	"errors"
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

// Place is where programs run: the zero value is this host, else it is the container that the process PID lives in.
//
// A program in a container is started by nsenter, not by the container's engine: it is a child of ours, in our control
// group, with our pipes, so that it ends when we are ended by force, and that works alike under podman and docker.
type Place struct {
	// PID is one of the container's processes, as this host counts them.
	PID int
}

// Host says that the place is this host.
func (p Place) Host() bool { return p.PID == 0 }

// Path is a path of the place as this host sees it.
func (p Place) Path(path string) string {
	if p.Host() {
		return path
	}
	return filepath.Join("/proc", strconv.Itoa(p.PID), "root", path)
}

// Command is the package's Command for a program of the place, given by its absolute path there. It runs as root.
func (p Place) Command(ctx context.Context, path string, args ...string) *exec.Cmd {
	return p.command(ctx, Owner{}, path, args...)
}

// command also becomes the owner. On this host the child does that itself; to enter a container takes root.
func (p Place) command(ctx context.Context, owner Owner, path string, args ...string) *exec.Cmd {
	if p.Host() {
		c := Command(ctx, path, args...)
		if owner != (Owner{}) {
			c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(owner.UID), Gid: uint32(owner.GID)}
		}
		return c
	}
	// Its process namespace, too, for /proc/self has to mean something there.
	enter := []string{"--target", strconv.Itoa(p.PID), "--mount", "--pid", "--net", "--ipc"}
	if owner != (Owner{}) {
		enter = append(enter, "--setgid", strconv.Itoa(owner.GID), "--setuid", strconv.Itoa(owner.UID))
	}
	program, err := Find("nsenter")
	if err != nil {
		program = "nsenter" // whose absence then is the error of the start
	}
	return Command(ctx, program, append(append(enter, "--", path), args...)...)
}

// tie is what a program of a container is started by so that it dies with its nsenter: the kernel kills nsenter with us, but
// not a child of its. It is nothing where the container has no such command.
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

// KeepGoing continues an nsenter that has stopped itself, as it does when its program is stopped, once the program goes on
// or has ended: who continues the program does not know of nsenter, which has its pipes open. pid is what Command started;
// the caller ends the watch when that has ended.
func (p Place) KeepGoing(pid int) (end func()) {
	if p.Host() {
		return func() {}
	}
	ended := make(chan struct{})
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				if stopped(pid) && goes(pid) {
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
// ErrNotFound. The first of the names that is there counts; more are further folders.
func (p Place) Find(names []string, more ...string) (string, error) {
	for _, name := range names {
		if p.Host() {
			if path, err := Find(name); err == nil {
				return path, nil
			}
		}
		for _, folder := range append(systemFolders, more...) {
			path := filepath.Join(folder, name)
			if p.isProgram(path) {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s%s: %w", none(names), p.in(), ErrNotFound)
}

// isProgram says that a path of the place can be run.
func (p Place) isProgram(path string) bool {
	path, err := p.resolve(path)
	if err != nil {
		return false
	}
	info, err := os.Lstat(p.Path(path))
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// maxLinks is how many links the kernel follows.
const maxLinks = 40

// resolve follows a path's links as a process of the place does: absolute ones begin at its root. The kernel would follow them
// from this host's, up to 5.6 without a choice.
func (p Place) resolve(path string) (string, error) {
	at, links := "/", 0
	for ahead := strings.Split(path, "/"); len(ahead) > 0; {
		next := filepath.Join(at, ahead[0])
		ahead = ahead[1:]
		if next == "/" {
			at = next // /proc/PID/root is a link itself
			continue
		}
		link, err := os.Readlink(p.Path(next))
		switch {
		case errors.Is(err, syscall.EINVAL): // no link
			at = next
			continue
		case err != nil:
			return "", err
		case filepath.IsAbs(link):
			at = "/"
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("%s: %w", path, syscall.ELOOP)
		}
		ahead = append(strings.Split(link, "/"), ahead...)
	}
	return at, nil
}

func (p Place) in() string {
	if p.Host() {
		return " here"
	}
	return fmt.Sprintf(" in the container of process %d", p.PID)
}

func none(names []string) string {
	if len(names) == 1 {
		return names[0] + " is not installed"
	}
	return "neither " + strings.Join(names, " nor ") + " is installed"
}
