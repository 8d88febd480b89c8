// SPDX-License-Identifier: GPL-3.0-or-later

package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"overcloud.backup/internal/process"
)

// Mounted is a container that has a folder of the database's mounted at the folder's own path.
type Mounted struct {
	Seen
	// Folder is what it has there; nil where that is not known. It may have been moved on the host since.
	Folder fs.FileInfo
	// Removed says that it is not on the host any more.
	Removed bool
}

// WithFolder lists the containers that run and have a folder of the database's mounted at that path. The engines
// say which run: an engine that does not answer is an error.
func WithFolder(ctx context.Context, folder string) (found []Mounted, err error) {
	all, err := Running(ctx)
	if errors.Is(err, ErrNoDaemon) {
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
func mountedIn(seen Seen, folder string) (m Mounted, mounted bool, err error) {
	p, mounts, err := mountsOf(seen.PID)
	if hasEnded(err) {
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

// hasEnded says that a process has ended while it was looked at.
func hasEnded(err error) bool {
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
