// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"overcloud.backup/internal/process"
)

// A container's engine mounts its hosts, resolv.conf and .containerenv files from a folder named by the container's
// id. That shows in mountinfo whatever cgroups it was started with (TripleO bundles may have none of their own).
//
//	1030 1021 0:25 /containers/overlay-containers/8a3f...64 hex.../userdata/hosts /etc/hosts rw - tmpfs tmpfs rw
//	1030 1021 8:1 /var/lib/containers/storage/vfs-containers/8a3f...64 hex.../userdata/hosts /etc/hosts rw - xfs ...
//	812 798 8:1 /var/lib/docker/containers/8a3f...64 hex.../hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
var (
	podmanMount = regexp.MustCompile(`/[a-z0-9]+-containers/([0-9a-f]{64})/userdata/`)
	dockerMount = regexp.MustCompile(`/containers/([0-9a-f]{64})/(?:hosts|hostname|resolv\.conf)(?:[ /]|$)`)
)

// ParseMountinfo finds the container that a process seems to live in, from its /proc/PID/mountinfo: whom to ask for
// what. Any user can have such mounts, in namespaces of his own. Both are empty on a host. Only what is mounted at a
// place of the container's own counts: on the host itself every container's mounts show, under the engine's folder.
func ParseMountinfo(mountinfo string) (runtime, id string) {
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		root, target := fields[3], fields[4]
		if !strings.HasPrefix(target, "/etc/") && target != "/run/.containerenv" {
			continue
		}
		if m := podmanMount.FindStringSubmatch(root); m != nil {
			return "podman", m[1]
		}
		if m := dockerMount.FindStringSubmatch(root); m != nil {
			return "docker", m[1]
		}
	}
	return "", ""
}

// Home is the container that a server lives in. The zero value is none: the server runs on the host itself.
type Home struct {
	// Runtime is "podman" or "docker", ID what it calls the container, Name what people call it:
	// galera-bundle-podman-0.
	Runtime, ID, Name string
	// Place is where the server's own programs run. It is closed when nothing of it is needed any more.
	Place process.Place
}

// Find tells which container a process lives in, seen from here: none when we share its mounts, or when the
// process is not known (0). A container is what its engine says it is: the process shares our user namespace, and its
// mounts with the process that podman or docker names for the container. A process that only seems to be in one is
// container.ErrStrange.
func Find(ctx context.Context, pid int) (Home, error) {
	if pid == 0 {
		return Home{}, nil
	}
	c, err := containerOf(ctx, pid)
	if err != nil {
		return Home{}, fmt.Errorf("find the server's container: %w", err)
	}
	return c, nil
}

func containerOf(ctx context.Context, pid int) (Home, error) {
	server, err := process.Hold(pid)
	if err != nil {
		return Home{}, err
	}
	defer server.Close()
	if here, err := server.Shares(process.Mounts); here || err != nil {
		return Home{}, err
	}
	ours, err := server.Shares(process.Users)
	if err != nil {
		return Home{}, err
	}
	if !ours {
		return Home{}, fmt.Errorf("process %d is in a user namespace of its own, as any user can make one: %w",
			pid, ErrStrange)
	}
	mounts, err := server.Mountinfo()
	if err != nil {
		return Home{}, err
	}
	if runtime, id := ParseMountinfo(mounts); id != "" {
		return enter(ctx, server, runtime, id)
	}
	// A service that systemd gave mounts of its own, as by PrivateTmp, is among our processes: its programs are this
	// host's. To make mounts in our user namespace takes root.
	if shared, err := server.Shares(process.Processes); shared || err != nil {
		return Home{}, err
	}
	return search(ctx, server)
}

// enter asks the engine for the container that the server's mounts seem to be of.
func enter(ctx context.Context, server process.Place, runtime, id string) (Home, error) {
	place, seen, err := Enter(ctx, runtime, id)
	if err != nil {
		return Home{}, fmt.Errorf("process %d: %w", server.PID(), err)
	}
	same, err := place.Together(server, process.Mounts)
	if err == nil && !same {
		err = fmt.Errorf("process %d has mounts like those of %s's container %s (process %d), and is not in it: %w",
			server.PID(), runtime, seen.Name, seen.PID, ErrStrange)
	}
	if err != nil {
		return Home{}, errors.Join(err, place.Close())
	}
	return Home{Runtime: runtime, ID: seen.ID, Name: seen.Name, Place: place}, nil
}

// search looks among all that the engines run for the one whose mounts the server has.
func search(ctx context.Context, server process.Place) (Home, error) {
	all, err := Running(ctx)
	if err != nil && !errors.Is(err, ErrNoDaemon) {
		return Home{}, err
	}
	for _, seen := range all {
		if sharesMounts(seen.PID, server) {
			return enter(ctx, server, seen.Engine, seen.ID)
		}
	}
	return Home{}, fmt.Errorf("process %d has mounts and processes of its own, "+
		"and neither podman nor docker has a container with them: %w", server.PID(), ErrStrange)
}

// sharesMounts says that a process has the server's mounts.
func sharesMounts(pid int, server process.Place) bool {
	p, err := process.Hold(pid)
	if err != nil {
		return false // it has ended
	}
	defer p.Close()
	same, err := p.Together(server, process.Mounts)
	return err == nil && same
}
