// SPDX-License-Identifier: GPL-3.0-or-later

// Package container queries podman and docker for containers, and starts temporary ones of an image that this host
// already has. Such a container only waits; programs of the image are run next to it (process.Place). It has no
// network, sees only the given folders of the host, and ends by itself after a day if nobody removes it.
package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
)

// Image is the image of the server's containers.
type Image struct {
	// Engine is podman or docker.
	Engine string `json:"engine"`
	Name   string `json:"name"`
}

// None reports that there is no image: the server's programs are on the host.
func (i Image) None() bool { return i.Name == "" }

// Container is a running container.
type Container struct {
	Engine, Name string
	place        process.Place
}

// Place returns the place in which programs of the image run.
func (c *Container) Place() process.Place { return c.place }

// startTimeout and removeTimeout bound the engine's time to start and to end a container.
const (
	startTimeout  = 60 * time.Second
	removeTimeout = 30 * time.Second
)

// Lifetimes of a container in seconds: one in which programs work, and one that is only inspected, which nobody
// would remove if the inspecting process were killed.
const (
	lifetime     = "86400"
	lookLifetime = "600"
)

// Start starts a container that sees folders of the host, each at the same path. A container of this name is removed.
func (i Image) Start(ctx context.Context, name string, folders ...string) (*Container, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if strings.HasPrefix(i.Name, "-") {
		return nil, fmt.Errorf("%q is not the name of an image", i.Name)
	}
	if _, err := process.Output(ctx, i.Engine, "inspect", "--type", "image", "--format", "{{.Id}}",
		i.Name); err != nil {
		return nil, fmt.Errorf("the image %s is not on this host: %w", i.Name, err)
	}
	if _, err := Remove(ctx, i.Engine, name); err != nil {
		return nil, err
	}
	args := []string{
		"run", "--detach", "--rm", "--name", name, "--network", "none", "--read-only", "--user", "0:0",
		"--security-opt", "label=disable", "--log-driver", i.logDriver(), "--entrypoint", "sleep",
	}
	args = append(args, i.cgroupOptions(ctx)...)
	for _, folder := range folders {
		args = append(args, "--volume", folder+":"+folder)
	}
	waits := lifetime
	if len(folders) == 0 {
		waits = lookLifetime
	}
	c := &Container{Engine: i.Engine, Name: name}
	if _, err := process.Output(ctx, i.Engine, append(args, i.Name, waits)...); err != nil {
		// The engine may continue although its client was ended.
		return nil, errors.Join(fmt.Errorf("start a container of %s: %w", i.Name, err), c.Remove())
	}
	if err := c.enter(ctx); err != nil {
		return nil, errors.Join(err, c.Remove())
	}
	return c, nil
}

// logDriver returns a log driver that leaves nothing behind. podman 1.6 refuses none; its k8s-file is a file in the
// container's folder, which is removed with it. The journal would stay.
func (i Image) logDriver() string {
	if i.Engine == "podman" {
		return "k8s-file"
	}
	return "none"
}

// cgroupOptions returns options that keep the container in our own control group, with our limits. Only podman with
// crun supports that: others put the container into another group, and Remove ends it. podman 1.6 does not report a
// runtime with that template: it uses runc.
func (i Image) cgroupOptions(ctx context.Context) []string {
	if i.Engine != "podman" {
		return nil
	}
	runtime, err := process.Output(ctx, i.Engine, "info", "--format", "{{.Host.OCIRuntime.Name}}")
	if err != nil || strings.TrimSpace(string(runtime)) != "crun" {
		return nil
	}
	return []string{"--cgroups", "disabled"}
}

func (c *Container) enter(ctx context.Context) error {
	place, _, err := Enter(ctx, c.Engine, c.Name)
	if errors.Is(err, errEnded) {
		return fmt.Errorf("the container %s ended immediately: %w", c.Name, err)
	}
	c.place = place
	return err
}

// Remove ends and removes the container. Its place is closed first: while it is open, the container's mounts stay.
func (c *Container) Remove() error {
	closed := c.place.Close()
	_, err := Remove(context.Background(), c.Engine, c.Name)
	return errors.Join(closed, err)
}

// Remove ends and removes a container by its name, and reports whether it existed.
func Remove(ctx context.Context, engine, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	if there, err := exists(ctx, engine, name); !there {
		return false, err
	}
	_, failed := process.Output(ctx, engine, "rm", "--force", name)
	if failed == nil {
		return true, nil
	}
	// With --rm it may disappear at that moment.
	if there, err := exists(ctx, engine, name); there || err != nil {
		return true, fmt.Errorf("remove the container %s: %w", name, errors.Join(failed, err))
	}
	return true, nil
}

// exists reports whether there is a container of that name; an engine that is not installed has none. The result is not
// valid with an error.
func exists(ctx context.Context, engine, name string) (bool, error) {
	_, err := process.Output(ctx, engine, "inspect", "--type", "container", "--format", "{{.Id}}", name)
	switch {
	case err == nil:
		return true, nil
	case isNoContainer(err), errors.Is(err, process.ErrNotFound):
		return false, nil
	}
	return false, fmt.Errorf("check for a container %s: %w", name, err)
}

// maxPasswd bounds the size of /etc/passwd in an image.
const maxPasswd = 1 << 20

// User looks up a user of the container by name.
func (c *Container) User(name string) (process.Owner, error) {
	const path = "/etc/passwd"
	f, err := c.place.Open(path)
	if err != nil {
		return process.Owner{}, fmt.Errorf("find the image's user %s: %w", name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPasswd))
	if err != nil {
		return process.Owner{}, fmt.Errorf("find the image's user %s: %w", name, err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[0] != name {
			continue
		}
		uid, err := strconv.Atoi(fields[2])
		if err == nil && uid == 0 {
			err = errors.New("it is root")
		}
		if err == nil {
			var gid int
			if gid, err = strconv.Atoi(fields[3]); err == nil {
				return process.Owner{UID: uid, GID: gid}, nil
			}
		}
		return process.Owner{}, fmt.Errorf("the user %s in %s of the container: %w", name, path, excerpt.Error(err))
	}
	return process.Owner{}, fmt.Errorf("the image has no user %s", name)
}
