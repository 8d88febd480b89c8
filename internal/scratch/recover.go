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
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/safefile"
)

// maxNote bounds the note of a container.
const maxNote = 1 << 10

// noted is the note of a container. Nothing else is run or removed, whoever wrote it.
var noted = regexp.MustCompile(`^(podman|docker) (overcloud-backup-[0-9a-f]{12})\n$`)

// leaveContainer removes the container that a restore noted in its place.
func leaveContainer(run string) (undone []string, err error) {
	note, err := safefile.ReadOwn(filepath.Join(run, containerFile), maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	found := noted.FindStringSubmatch(string(note))
	if err != nil || found == nil {
		return nil, err // killed while it was noted: there is no container yet
	}
	removed, err := container.Remove(context.Background(), found[1], found[2])
	if removed && err == nil {
		undone = append(undone, "removed the container "+found[2])
	}
	return undone, err
}

// Recover ends and removes what a killed restore left in a scratch folder, and says what that was. ErrBusy is a restore
// that still runs. It may be repeated.
func Recover(root string) (undone []string, err error) {
	if _, err := os.Lstat(root); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	lock, err := hold(root)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	return clean(root)
}

// serversOf is the user of the server that works in run: the folders there are its. The place itself is root's.
func serversOf(run string) []int {
	info, err := os.Lstat(filepath.Join(run, DataName))
	if err != nil {
		return nil
	}
	return []int{int(info.Sys().(*syscall.Stat_t).Uid)}
}

// former is the scratch folder that was the default once, where anybody may be first.
var former = "/var/tmp/overcloud.backup"

// RecoverFormer is Recover for the folder that was the default once. One that is not root's holds nothing of ours,
// and one that is busy is looked after by who uses it.
func RecoverFormer() (undone []string, err error) {
	run := filepath.Join(former, runName)
	if err := repository.Check(former); err != nil || !isFolder(run) {
		return nil, nil
	}
	undone, err = Recover(former)
	if errors.Is(err, ErrBusy) {
		err = nil
	}
	return undone, err
}

func isFolder(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// clean kills what works inside of run and removes it. The caller holds the lock.
func clean(root string) (undone []string, err error) {
	run := filepath.Join(root, runName)
	info, err := os.Lstat(run)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || !info.IsDir() {
		return nil, errors.Join(fmt.Errorf("scratch: %s is no folder of ours; choose another one", run), err)
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
		return undone, fmt.Errorf("remove %s by hand: %w", run, err)
	}
	return append(undone, "removed "+run), nil
}
