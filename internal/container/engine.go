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

// engines are those that are asked. Where podman goes by the name docker, too (podman-docker), a container shows twice.
var engines = []string{"podman", "docker"}

// Seen is a container that runs, as its engine tells it. Nobody else is believed: mounts, names of folders and control
// groups can be made to look like a container's by any user in namespaces of his own.
type Seen struct {
	// Engine is podman or docker, ID its 64 hexadecimal digits, Name what people call it.
	Engine, ID, Name string
	// PID is the container's first process.
	PID int
}

// askTimeout is what an engine may take for one answer. podman waits for the locks of containers that start or stop.
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

// errEnded says that a container has no process.
var errEnded = errors.New("nothing of it runs")

func parseSeen(engine, line string) (Seen, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 || !wholeID.MatchString(fields[0]) {
		return Seen{}, fmt.Errorf("%s says %.200q of a container, and not its id, process and name", engine, line)
	}
	s := Seen{Engine: engine, ID: fields[0], Name: strings.TrimPrefix(fields[2], "/")}
	if !plainName.MatchString(s.Name) {
		s.Name = s.ID[:12]
	}
	var err error
	if s.PID, err = strconv.Atoi(fields[1]); err != nil || s.PID < 0 {
		return s, fmt.Errorf("%s says that %.80q is the process of the container %s", engine, fields[1], s.Name)
	}
	if s.PID <= 1 {
		return s, fmt.Errorf("the container %s has ended (its process is %d): %w", s.Name, s.PID, errEnded)
	}
	return s, nil
}

// Look asks an engine for a container that runs, by id or name.
func Look(ctx context.Context, engine, container string) (Seen, error) {
	if !plainName.MatchString(container) {
		return Seen{}, fmt.Errorf("%.200q is no name and no id of a container", container)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, err := process.Output(ctx, engine, "inspect", "--type", "container", "--format", seenFormat, container)
	if err != nil {
		return Seen{}, fmt.Errorf("look at the container %s: %w", container, err)
	}
	s, err := parseSeen(engine, strings.TrimSpace(string(out)))
	if err == nil && wholeID.MatchString(container) && s.ID != container {
		err = fmt.Errorf("%s was asked for the container %s, and tells of %s", engine, container, s.ID)
	}
	return s, err
}

// ErrNoDaemon says that docker's client is here and its daemon does not run: it knows nothing of its containers, nor
// restarts one. Some may run on all the same (live-restore).
var ErrNoDaemon = errors.New("its daemon does not run")

// Running are the containers that run, of every engine that is installed, each once. An engine that does not answer is
// an error: its containers are not known. With ErrNoDaemon those of podman are there.
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

// listTries is how often a list is taken anew when one of its containers has ended before it was looked at.
const listTries = 3

func running(ctx context.Context, engine string) (found []Seen, err error) {
	if _, err := process.Find(engine); err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for range listTries {
		if found, err = list(ctx, engine); err == nil || !saysNone(err) {
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
			return nil, fmt.Errorf("%s says %.200q for the id of a container", engine, id)
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

// noDaemon tells what docker's client says without its daemon:
//
//	Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?   (docker 1.13 and later)
func noDaemon(err error) bool {
	var exit *process.ExitError
	return errors.As(err, &exit) && strings.Contains(exit.Stderr, "Is the docker daemon running?")
}

// ErrStrange says that a process is not what its engine says, or that no engine says anything of it.
var ErrStrange = errors.New("not entered")

// Enter looks at a container by descriptors, so that it is the engine's own and stays the same: its first process is in
// our user namespace, has mounts of its own, and the engine names it again after it was opened. The caller closes the
// place.
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
		return fmt.Errorf("the container %s has a user namespace of its own: %w; its root is not this host's", s.Name,
			ErrStrange)
	case mounts:
		return fmt.Errorf("the process %d that %s names for the container %s has this host's mounts: %w",
			s.PID, s.Engine, s.Name, ErrStrange)
	}
	// The process may have ended, and the pid been taken by another, before it was opened.
	again, err := Look(ctx, s.Engine, s.ID)
	if err == nil && again.PID != s.PID {
		err = fmt.Errorf("the container %s was process %d and is %d now: %w; run it again",
			s.Name, s.PID, again.PID, ErrStrange)
	}
	return err
}
