// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// mount puts a file system of its own over the destination of the victim until the case ends: "tmpfs", or "ext4" on a
// file of the host, which can be frozen and shut down.
func mount(kind string, mib int) func(*run) error {
	return func(r *run) error {
		m := r.victim
		unmount := func() error {
			_, err := m.do("fsfreeze --unfreeze " + destination + " 2>/dev/null; umount " + destination)
			return err
		}
		if kind == "tmpfs" {
			r.later(unmount)
			_, err := m.do(fmt.Sprintf("mkdir -p -m 0700 %s; mount -t tmpfs -o mode=0700,size=%dM tmpfs %s", destination, mib, destination))
			return err
		}
		device, err := loop(r, mib)
		if err != nil {
			return err
		}
		r.later(unmount) // before the device goes
		minor := strings.TrimPrefix(device, "/dev/loop")
		_, err = m.do(fmt.Sprintf("set -e; mkdir -p -m 0700 %s; rm -f /dev/fault; mknod /dev/fault b 7 %s; mount -t ext4 /dev/fault %s; rm /dev/fault; rmdir %s/lost+found; chmod 0700 %s",
			destination, minor, destination, destination, destination))
		return err
	}
}

// loop makes a block device of the host with ext4 on it, for as long as the case lasts.
func loop(r *run, mib int) (string, error) {
	image := filepath.Join(r.state, "fault.img")
	if _, err := command(usual, "bash", "-c", fmt.Sprintf("rm -f %s; truncate -s %dM %s; mkfs.ext4 -q %s", image, mib, image, image)); err != nil {
		return "", err
	}
	device, err := command(usual, "losetup", "--find", "--show", image)
	if err != nil {
		return "", err
	}
	r.later(func() error {
		_, _ = command(usual, "losetup", "--detach", device)
		_ = os.Remove(image)
		return nil
	})
	return device, nil
}

// whileStopped hurts while the worker, or the tool, stands still, so that it cannot be done before.
func whileStopped(which func(process) bool, hurt func(*run) error) func(*run) error {
	return func(r *run) error {
		stopped := r.victim.processes(which)
		deal(stopped, syscall.SIGSTOP)
		defer deal(stopped, syscall.SIGCONT)
		return hurt(r)
	}
}

// on is a shell command in the victim.
func on(script string) func(*run) error {
	return func(r *run) error {
		_, err := r.victim.do(script)
		return err
	}
}

// fill leaves nothing free in the destination.
var fill = on("cd " + destination + " && dd if=/dev/zero of=.filler bs=1M status=none 2>/dev/null; dd if=/dev/zero bs=1 count=65536 >>.filler 2>/dev/null; test -s .filler")

var unfill = on("rm -f " + destination + "/.filler")

// shutdown makes every read and write of the ext4 fail, as a disk that was pulled.
func shutdown(r *run) error {
	// EXT4_IOC_SHUTDOWN, with EXT4_GOING_FLAGS_NOLOGFLUSH
	_, err := r.victim.do(`python3 -c 'import fcntl, os, struct; fcntl.ioctl(os.open("` + destination + `", os.O_RDONLY), 0x8004587d, struct.pack("I", 2))'`)
	return err
}
