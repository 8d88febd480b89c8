// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

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

// ParseMountinfo finds the container that a process lives in, from its /proc/PID/mountinfo. Both are empty on a host.
// Only what is mounted at a place of the container's own counts: on the host itself every container's mounts show,
// under the engine's folder.
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
	// Runtime is "podman" or "docker", ID what it calls the container; empty for those of another engine.
	Runtime, ID string
	// Place is where the server's own programs run.
	Place process.Place
	// Removed says, of one that ContainersWith found, that the folder is not on the host any more.
	Removed bool
}

// FindContainer tells which container a process lives in, seen from here: none when we share its mounts, or when the
// process is not known (0).
func FindContainer(pid int) (Container, error) {
	if pid == 0 {
		return Container{}, nil
	}
	c, err := containerOf(pid)
	if err != nil {
		return Container{}, fmt.Errorf("find the server's container: %w", err)
	}
	return c, nil
}

func containerOf(pid int) (Container, error) {
	if shared, err := shares(pid, "mnt"); shared || err != nil {
		return Container{}, err
	}
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
	if err != nil {
		return Container{}, err
	}
	if runtime, id := ParseMountinfo(string(mounts)); id != "" {
		return Container{Runtime: runtime, ID: id, Place: process.Place{PID: pid}}, nil
	}
	// A service that systemd gave mounts of its own, as by PrivateTmp, is among our processes; what LXC or containerd started
	// is not, and can be entered all the same.
	if shared, err := shares(pid, "pid"); shared || err != nil {
		return Container{}, err
	}
	return Container{Place: process.Place{PID: pid}}, nil
}

// shares says whether a process is in our namespace of that kind.
func shares(pid int, kind string) (bool, error) {
	ours, err := os.Readlink("/proc/self/ns/" + kind)
	if err != nil {
		return false, err
	}
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
	return ours == theirs, err
}

// nameTimeout is what an engine may take for a name, which is for people: one that hangs must not look like a database that
// does.
const nameTimeout = 3 * time.Second

// Name asks the engine how the container is called: galera-bundle-podman-0. With an error it is the beginning of its id,
// and empty on the host itself and with another engine.
func (c Container) Name(ctx context.Context) (string, error) {
	if c.ID == "" {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, nameTimeout)
	defer cancel()
	out, err := process.Output(ctx, c.Runtime, "inspect", "--format", "{{.Name}}", c.ID)
	if err != nil {
		return c.ID[:12], fmt.Errorf("name the server's container %s: %w", c.ID[:12], err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "/"), nil
}

// ContainersWith lists the containers, each once, that have a folder of the database's mounted at that path: it may have
// been moved on the host since.
func ContainersWith(folder string) (found []Container) {
	infos, _ := filepath.Glob("/proc/[0-9]*/mountinfo")
	seen := map[string]bool{}
	for _, info := range infos {
		mounts, err := os.ReadFile(info)
		if err != nil {
			continue // it has ended
		}
		runtime, id := ParseMountinfo(string(mounts))
		mounted, removed := mountsAt(string(mounts), folder)
		if id == "" || seen[id] || !mounted {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(info)))
		if err == nil {
			seen[id] = true
			found = append(found, Container{Runtime: runtime, ID: id, Place: process.Place{PID: pid}, Removed: removed})
		}
	}
	return found
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
