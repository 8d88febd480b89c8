// SPDX-License-Identifier: GPL-3.0-or-later

package scratch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository/local"
	"overcloud.backup/internal/safefile"
)

// A scratch folder contains the lock, and below run all of one restore. Files that are there while nobody holds the
// lock belong to a restore that was killed: the folder itself is the journal of what is to be undone. No other folder
// has one of this name, whatever path an operator sets.
const (
	LockName = "overcloud_verify.lock"
	runName  = "overcloud_verify.run"
	// containerFile, inside of run, contains the engine and the name of the container.
	containerFile = "container"
)

// ErrBusy reports that another verification holds the scratch folder.
var ErrBusy = errors.New("another verification runs here")

// hold locks a scratch folder, at once or not at all (ErrBusy).
func hold(root string) (*os.File, error) {
	if err := local.Check(root); err != nil {
		return nil, fmt.Errorf("scratch: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(root, LockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("scratch: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("scratch %s: %w", root, ErrBusy)
		}
		return nil, fmt.Errorf("scratch: lock %s: %w", f.Name(), err)
	}
	return f, nil
}

// The files of a restore: folders of the server's user, the content of the last one, and folders of root, which the
// server can only read: its input, the plugins that it may load and the files that statements may name (none).
const (
	DataName      = "data"
	TemporaryName = "tmp"
	serverName    = "srv"
	SocketName    = serverName + "/s"
	pidName       = serverName + "/pid"
	givenName     = "given"
	accountName   = givenName + "/account.sql"
	pluginsName   = "plugins"
	FilesName     = "files"
)

// maxNote limits the record of a container.
const maxNote = 1 << 10

// noted matches the record of a container. Nothing else is run or removed, whoever wrote it.
var noted = regexp.MustCompile(`^(podman|docker) (overcloud-backup-[0-9a-f]{12})\n$`)

// leaveContainer removes the container that a restore recorded in its folder.
func leaveContainer(run string) (undone []string, err error) {
	note, err := safefile.ReadOwn(filepath.Join(run, containerFile), maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	found := noted.FindStringSubmatch(string(note))
	if err != nil || found == nil {
		return nil, err // killed while it was recorded: there is no container yet
	}
	removed, err := container.Remove(context.Background(), found[1], found[2])
	if removed && err == nil {
		undone = append(undone, "removed the container "+found[2])
	}
	return undone, err
}

// serversOf returns the user of the server that works in run, which owns the folders there. The place itself is root's.
func serversOf(run string) []int {
	info, err := os.Lstat(filepath.Join(run, DataName))
	if err != nil {
		return nil
	}
	return []int{int(info.Sys().(*syscall.Stat_t).Uid)}
}

// clean kills the processes that work in run and removes it. The caller holds the lock.
func clean(root string) (undone []string, err error) {
	run := filepath.Join(root, runName)
	info, err := os.Lstat(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !info.IsDir() {
		return nil, errors.Join(fmt.Errorf("scratch: %s is not a folder of ours; choose another one", run), err)
	}
	if undone, err = leaveContainer(run); err != nil {
		return undone, err
	}
	for range 100 {
		inside := process.WorkingIn(run, serversOf(run)...)
		if len(inside) == 0 {
			break
		}
		for _, w := range inside {
			if err := w.Kill(); err == nil {
				undone = append(undone, fmt.Sprintf("ended %s (pid %d)", w.Name, w.PID))
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := os.RemoveAll(run); err != nil {
		return undone, fmt.Errorf("remove %s manually: %w", run, err)
	}
	return append(undone, "removed "+run), nil
}
