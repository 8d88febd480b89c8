// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/process"
)

// engines are queried in this order. With podman-docker, which is podman under the name docker, a container shows
// twice.
var engines = []string{"podman", "docker"}

// Seen is a running container as its engine describes it. Nothing else is believed: any user can make mounts, names of
// folders and control groups in a namespace look like a container's.
type Seen struct {
	// Engine is podman or docker, ID has 64 hexadecimal digits, Name is the one that people use.
	Engine, ID, Name string
	// PID is the container's first process.
	PID int
}

// askTimeout bounds one answer of an engine. podman waits for the locks of containers that start or stop.
const askTimeout = 20 * time.Second

// seenFormat prints
//
//	8a3f...64 hex... 4711 /galera-bundle-docker-0     (docker 1.13)
//	8a3f...64 hex... 4711 galera-bundle-podman-0      (podman 1.6)
const seenFormat = "{{.Id}} {{.State.Pid}} {{.Name}}"

var (
	wholeID   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	plainName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)
)

// errEnded reports that a container has no process.
var errEnded = errors.New("none of its processes runs")

func parseSeen(engine, line string) (Seen, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 || !wholeID.MatchString(fields[0]) {
		return Seen{}, fmt.Errorf("%s reports %.200q for a container instead of its id, process and name", engine, line)
	}
	s := Seen{Engine: engine, ID: fields[0], Name: strings.TrimPrefix(fields[2], "/")}
	if !plainName.MatchString(s.Name) {
		s.Name = s.ID[:12]
	}
	var err error
	if s.PID, err = strconv.Atoi(fields[1]); err != nil || s.PID < 0 {
		return s, fmt.Errorf("%s reports %.80q as the process of the container %s", engine, fields[1], s.Name)
	}
	if s.PID <= 1 {
		return s, fmt.Errorf("the container %s has ended (its process is %d): %w", s.Name, s.PID, errEnded)
	}
	return s, nil
}

// Look queries an engine for a running container, by id or name.
func Look(ctx context.Context, engine, container string) (Seen, error) {
	if !plainName.MatchString(container) {
		return Seen{}, fmt.Errorf("%.200q is neither a name nor an id of a container", container)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, err := process.Output(ctx, engine, "inspect", "--type", "container", "--format", seenFormat, container)
	if err != nil {
		return Seen{}, fmt.Errorf("inspect the container %s: %w", container, err)
	}
	s, err := parseSeen(engine, strings.TrimSpace(string(out)))
	if err == nil && wholeID.MatchString(container) && s.ID != container {
		err = fmt.Errorf("%s was asked for the container %s, and reports %s", engine, container, s.ID)
	}
	return s, err
}

// ErrNoDaemon reports that docker's client is installed and its daemon does not run: the client cannot list or restart
// containers. Some may run anyway (live-restore).
var ErrNoDaemon = errors.New("its daemon does not run")

// Running lists the running containers of every installed engine, each once. An engine that does not answer is an
// error: its containers are unknown. With ErrNoDaemon the list has those of podman.
func Running(ctx context.Context) (found []Seen, err error) {
	seen := map[string]bool{}
	for _, engine := range engines {
		of, failed := running(ctx, engine)
		if failed != nil && !errors.Is(failed, ErrNoDaemon) {
			return nil, failed
		}
		err = cmp.Or(err, failed)
		for _, s := range of {
			if !seen[s.ID] {
				seen[s.ID] = true
				found = append(found, s)
			}
		}
	}
	return found, err
}

// listTries is the number of attempts at a list if one of its containers ends before it is inspected.
const listTries = 3

func running(ctx context.Context, engine string) (found []Seen, err error) {
	if _, err := process.Find(engine); err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for range listTries {
		if found, err = list(ctx, engine); err == nil || !isNoContainer(err) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list the containers that run: %w", err)
	}
	return found, nil
}

func list(ctx context.Context, engine string) (found []Seen, err error) {
	out, err := process.Output(ctx, engine, "ps", "--quiet", "--no-trunc")
	if noDaemon(err) {
		return nil, fmt.Errorf("%s: %w", engine, ErrNoDaemon)
	}
	ids := strings.Fields(string(out))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	for _, id := range ids {
		if !wholeID.MatchString(id) {
			return nil, fmt.Errorf("%s reports %.200q as the id of a container", engine, id)
		}
	}
	inspect := []string{"inspect", "--type", "container", "--format", seenFormat}
	out, err = process.Output(ctx, engine, append(inspect, ids...)...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		s, err := parseSeen(engine, strings.TrimSpace(line))
		if errors.Is(err, errEnded) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return found, nil
}

// noDaemon recognizes the error of docker's client (1.13 and later) without its daemon:
//
//	Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
func noDaemon(err error) bool {
	var exit *process.ExitError
	return errors.As(err, &exit) && strings.Contains(exit.Stderr, "Is the docker daemon running?")
}

// ErrStrange reports that a process is not what its engine describes, or that no engine describes it.
var ErrStrange = errors.New("not entered")

// Enter opens a container by descriptors, so that it is the engine's and stays the same: its first process is in our
// user namespace, has its own mounts, and the engine reports it again after it was opened. The caller closes the place.
func Enter(ctx context.Context, engine, container string) (process.Place, Seen, error) {
	s, err := Look(ctx, engine, container)
	if err != nil {
		return process.Place{}, s, err
	}
	p, err := process.Hold(s.PID)
	if err != nil {
		return process.Place{}, s, fmt.Errorf("the container %s: %w", s.Name, err)
	}
	if err := check(ctx, p, s); err != nil {
		return process.Place{}, s, errors.Join(err, p.Close())
	}
	return p, s, nil
}

func check(ctx context.Context, p process.Place, s Seen) error {
	ours, err := p.Shares(process.Users)
	mounts, failed := p.Shares(process.Mounts)
	if err = cmp.Or(err, failed); err != nil {
		return fmt.Errorf("the container %s: %w", s.Name, err)
	}
	switch {
	case !ours:
		return fmt.Errorf("the container %s has its own user namespace: %w; its root is not this host's", s.Name,
			ErrStrange)
	case mounts:
		return fmt.Errorf("the process %d that %s reports for the container %s has this host's mounts: %w",
			s.PID, s.Engine, s.Name, ErrStrange)
	}
	// The process may have ended, and another process may have its pid, before it was opened.
	again, err := Look(ctx, s.Engine, s.ID)
	if err == nil && again.PID != s.PID {
		err = fmt.Errorf("the container %s was process %d and is now %d: %w; run it again",
			s.Name, s.PID, again.PID, ErrStrange)
	}
	return err
}

// isNoContainer distinguishes the engine's answer that there is no such container from other failures, such as a
// restarting daemon:
//
//	Error: No such container: NAME                               (docker 1.13, exit status 1)
//	Error: error looking up container "NAME": no container with name or ID NAME found: no such container
//	                                                             (podman 1.6, exit status 125)
//	Error: no such container "NAME"                              (podman 5, exit status 125)
//	Error: No such object: NAME                                  (docker, podman without --type)
func isNoContainer(err error) bool {
	var exit *process.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	output := strings.ToLower(exit.Stderr)
	return strings.Contains(output, "no such container") || strings.Contains(output, "no such object")
}
