// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// mount mounts a separate file system over the destination of the victim until the case ends: "tmpfs", or "ext4" on a
// file of the host, which can be frozen and shut down.
func mount(kind string, mib int) func(*harness.Run) error {
	return func(r *harness.Run) error {
		m := r.Victim
		unmount := func() error {
			_, err := m.Do("fsfreeze --unfreeze " + harness.Destination + " 2>/dev/null; umount " + harness.Destination)
			return err
		}
		if kind == "tmpfs" {
			r.Later(unmount)
			_, err := m.Do(fmt.Sprintf("mkdir -p -m 0700 %s; mount -t tmpfs -o mode=0700,size=%dM tmpfs %s",
				harness.Destination, mib, harness.Destination))
			return err
		}
		device, err := loop(r, mib)
		if err != nil {
			return err
		}
		r.Later(unmount) // before the device is removed
		minor := strings.TrimPrefix(device, "/dev/loop")
		_, err = m.Do(fmt.Sprintf("set -e; mkdir -p -m 0700 %s; rm -f /dev/fault; mknod /dev/fault b 7 %s; mount -t"+
			" ext4 /dev/fault %s; rm /dev/fault; rmdir %s/lost+found; chmod 0700 %s",
			harness.Destination, minor, harness.Destination, harness.Destination, harness.Destination))
		return err
	}
}

// loop creates a block device with ext4 on the host, for the duration of the case.
func loop(r *harness.Run, mib int) (string, error) {
	image := filepath.Join(r.State, "fault.img")
	if _, err := lab.Command(lab.UsualLimit, "bash", "-c",
		fmt.Sprintf("rm -f %s; truncate -s %dM %s; mkfs.ext4 -q %s", image, mib, image, image)); err != nil {
		return "", err
	}
	device, err := lab.Command(lab.UsualLimit, "losetup", "--find", "--show", image)
	if err != nil {
		return "", err
	}
	r.Later(func() error {
		_, _ = lab.Command(lab.UsualLimit, "losetup", "--detach", device)
		_ = os.Remove(image)
		return nil
	})
	return device, nil
}

// whileStopped strikes while the worker, or the tool, is stopped, so that it cannot finish before.
func whileStopped(which func(lab.Process) bool, hurt func(*harness.Run) error) func(*harness.Run) error {
	return func(r *harness.Run) error {
		stopped := r.Victim.Processes(which)
		lab.SignalAll(stopped, syscall.SIGSTOP)
		defer lab.SignalAll(stopped, syscall.SIGCONT)
		return hurt(r)
	}
}

// on returns a fault that is a shell command on the victim.
func on(script string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		_, err := r.Victim.Do(script)
		return err
	}
}

// fill uses up the free space of the destination.
var fill = on("cd " + harness.Destination + " && dd if=/dev/zero of=.filler bs=1M status=none 2>/dev/null; dd" +
	" if=/dev/zero bs=1 count=65536 >>.filler 2>/dev/null; test -s .filler")

var unfill = on("rm -f " + harness.Destination + "/.filler")

// shutdown makes every access to the ext4 fail, as if its disk had been pulled out.
func shutdown(r *harness.Run) error {
	// EXT4_IOC_SHUTDOWN, with EXT4_GOING_FLAGS_NOLOGFLUSH
	_, err := r.Victim.Do(`python3 -c 'import fcntl, os, struct; fcntl.ioctl(os.open("` + harness.Destination +
		`", os.O_RDONLY), 0x8004587d, struct.pack("I", 2))'`)
	return err
}
