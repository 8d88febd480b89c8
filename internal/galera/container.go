// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
)

// A container's engine mounts its hosts, resolv.conf and .containerenv files from a folder named by the container's
// id. That shows in mountinfo whatever cgroups it was started with (TripleO bundles may have none of their own).
//
//	1030 1021 0:25 /containers/overlay-containers/8a3f...64 hex.../userdata/hosts /etc/hosts rw,nosuid - tmpfs tmpfs rw
//	1030 1021 8:1 /var/lib/containers/storage/vfs-containers/8a3f...64 hex.../userdata/hosts /etc/hosts rw - xfs /dev/sda1 rw
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

// Container is the container that a server lives in. The zero value is none: the server runs on the host itself.
type Container struct {
	// Runtime is "podman" or "docker", ID what it calls the container, Name what people call it:
	// galera-bundle-podman-0.
	Runtime, ID, Name string
	// Place is where the server's own programs run. It is closed when nothing of it is needed any more.
	Place process.Place
}

// FindContainer tells which container a process lives in, seen from here: none when we share its mounts, or when the
// process is not known (0). A container is what its engine says it is: the process shares our user namespace, and its
// mounts with the process that podman or docker names for the container. What seems to be one and is not is
// container.ErrStrange.
func FindContainer(ctx context.Context, pid int) (Container, error) {
	if pid == 0 {
		return Container{}, nil
	}
	c, err := containerOf(ctx, pid)
	if err != nil {
		return Container{}, fmt.Errorf("find the server's container: %w", err)
	}
	return c, nil
}

func containerOf(ctx context.Context, pid int) (Container, error) {
	server, err := process.Hold(pid)
	if err != nil {
		return Container{}, err
	}
	defer server.Close()
	if here, err := server.Shares(process.Mounts); here || err != nil {
		return Container{}, err
	}
	ours, err := server.Shares(process.Users)
	if err != nil {
		return Container{}, err
	}
	if !ours {
		return Container{}, fmt.Errorf("process %d is in a user namespace of its own, as any user can make one: %w",
			pid, container.ErrStrange)
	}
	mounts, err := server.Mountinfo()
	if err != nil {
		return Container{}, err
	}
	if runtime, id := ParseMountinfo(mounts); id != "" {
		return enter(ctx, server, runtime, id)
	}
	// A service that systemd gave mounts of its own, as by PrivateTmp, is among our processes: its programs are this
	// host's. To make mounts in our user namespace takes root.
	if shared, err := server.Shares(process.Processes); shared || err != nil {
		return Container{}, err
	}
	return search(ctx, server)
}

// enter asks the engine for the container that the server's mounts seem to be of.
func enter(ctx context.Context, server process.Place, runtime, id string) (Container, error) {
	place, seen, err := container.Enter(ctx, runtime, id)
	if err != nil {
		return Container{}, fmt.Errorf("process %d: %w", server.PID(), err)
	}
	same, err := place.Together(server, process.Mounts)
	if err == nil && !same {
		err = fmt.Errorf("process %d has mounts like those of %s's container %s (process %d), and is not in it: %w",
			server.PID(), runtime, seen.Name, seen.PID, container.ErrStrange)
	}
	if err != nil {
		return Container{}, errors.Join(err, place.Close())
	}
	return Container{Runtime: runtime, ID: seen.ID, Name: seen.Name, Place: place}, nil
}

// search looks among all that the engines run for the one whose mounts the server has.
func search(ctx context.Context, server process.Place) (Container, error) {
	all, err := container.Running(ctx)
	if err != nil && !errors.Is(err, container.ErrNoDaemon) {
		return Container{}, err
	}
	for _, seen := range all {
		if together(seen.PID, server) {
			return enter(ctx, server, seen.Engine, seen.ID)
		}
	}
	return Container{}, fmt.Errorf("process %d has mounts and processes of its own, "+
		"and neither podman nor docker has a container with them: %w", server.PID(), container.ErrStrange)
}

// together says that a process has the server's mounts.
func together(pid int, server process.Place) bool {
	p, err := process.Hold(pid)
	if err != nil {
		return false // it has ended
	}
	defer p.Close()
	same, err := p.Together(server, process.Mounts)
	return err == nil && same
}

// Mounted is a container that has a folder of the database's mounted at the folder's own path.
type Mounted struct {
	container.Seen
	// Folder is what it has there; nil where that is not known. It may have been moved on the host since.
	Folder fs.FileInfo
	// Removed says that it is not on the host any more.
	Removed bool
}

// ContainersWith lists the containers that run and have a folder of the database's mounted at that path. The engines
// say which run: an engine that does not answer is an error.
func ContainersWith(ctx context.Context, folder string) (found []Mounted, err error) {
	all, err := container.Running(ctx)
	if errors.Is(err, container.ErrNoDaemon) {
		err = unknown(folder, err)
	}
	if err != nil {
		return nil, err
	}
	for _, seen := range all {
		m, mounted, err := mountedIn(seen, folder)
		if err != nil {
			return nil, err
		}
		if mounted {
			found = append(found, m)
		}
	}
	return found, nil
}

// unknown is the error of a docker that knows nothing, when there seems to be a container of its with the folder for
// all that: nothing is done to it, but it is not none. Where there is none docker is not in use.
func unknown(folder string, why error) error {
	found, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range found {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		p, mounts, err := mountsOf(pid)
		if err != nil {
			continue // it has ended
		}
		_ = p.Close()
		runtime, _ := ParseMountinfo(mounts)
		if mounted, _ := mountsAt(mounts, folder); mounted && runtime == "docker" {
			return fmt.Errorf("process %d seems to be in a container with %s mounted: %w", pid, folder, why)
		}
	}
	return nil
}

// mountedIn looks at the process that the engine named. One that has ended has nothing mounted.
func mountedIn(seen container.Seen, folder string) (m Mounted, mounted bool, err error) {
	p, mounts, err := mountsOf(seen.PID)
	if gone(err) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	defer p.Close()
	m = Mounted{Seen: seen}
	if mounted, m.Removed = mountsAt(mounts, folder); mounted {
		m.Folder, _ = p.Stat(folder)
	}
	return m, mounted, nil
}

// mountsOf holds a process and reads its mounts; empty are those that it has of ours, and those of another user
// namespace: what its root, who may be anybody, says of his own mounts is nothing to us. The caller closes the place.
func mountsOf(pid int) (p process.Place, mounts string, err error) {
	if p, err = process.Hold(pid); err != nil {
		return p, "", err
	}
	users, err := p.Shares(process.Users)
	here, failed := p.Shares(process.Mounts)
	if err = cmp.Or(err, failed); err == nil && users && !here {
		mounts, err = p.Mountinfo()
	}
	if err != nil {
		_ = p.Close()
	}
	return p, mounts, err
}

// gone says that a process has ended while it was looked at.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// mountsAt says whether something is mounted at a folder, and whether the kernel marks its origin as removed:
//
//	1040 1021 8:1 /var/lib/mysql//deleted /var/lib/mysql rw,relatime - ext4 /dev/sda1 rw
func mountsAt(mountinfo, folder string) (mounted, removed bool) {
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == folder {
			return true, strings.HasSuffix(fields[3], "//deleted")
		}
	}
	return false, false
}
