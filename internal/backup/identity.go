// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

var errOtherHost = errors.New("log in to the server of this host")

// checkHost refuses a server that runs elsewhere: a backup of it would carry this controller's name.
func checkHost(server galera.Server, host string) error {
	if server.Hostname != host {
		return fmt.Errorf("the server that answers runs on %q, and this host is %q: %w", server.Hostname, host, errOtherHost)
	}
	return nil
}

// checkDatadir proves that the server at the other end of the unix socket owns the files that a physical backup reads.
// mariadb-backup does not: connected to one server and reading the files of another it says "completed OK!". mariadbd
// works inside its datadir, so that its current directory, seen through its pid, must be the folder that it names.
func checkDatadir(pid int, datadir string, at process.Place) error {
	if pid == 0 {
		return errors.New("the process behind the server's socket is unknown, so its files cannot be told from another server's; run as root in the server's own pid namespace or above it")
	}
	cwd := fmt.Sprintf("/proc/%d/cwd", pid)
	theirs, err := os.Stat(cwd)
	if err != nil {
		return fmt.Errorf("find the server's datadir: %w", err)
	}
	ours, err := at.Stat(datadir)
	if err != nil {
		return fmt.Errorf("the datadir %s of the server (pid %d) is not visible here: %w", datadir, pid, err)
	}
	if !os.SameFile(theirs, ours) {
		where, _ := os.Readlink(cwd)
		return fmt.Errorf("%s here is not the datadir of the server that answers (pid %d works in %s): a backup would hold another server's data", datadir, pid, where)
	}
	return nil
}

// instance is a server's process. After a restart it is another one, with the same name and maybe other files.
type instance struct {
	BootID string `json:"boot_id"`
	// PID and Start (clock ticks after the boot) are of the server behind a unix socket; else they are 0, and Up is used.
	PID   int    `json:"pid"`
	Start string `json:"start"`
	UID   string `json:"server_uid"`
	Up    int64  `json:"uptime"` // seconds, when it was looked at
}

// thisServer is the process that c is connected to. Of another host's it refuses to tell: what is not the same there was
// not restarted.
func thisServer(ctx context.Context, c *galera.Client) (instance, error) {
	host, err := os.Hostname()
	if err != nil {
		return instance{}, err
	}
	s, err := c.Server(ctx)
	if err == nil {
		err = checkHost(s, host)
	}
	return instanceOf(s), err
}

func instanceOf(s galera.Server) instance {
	return instance{BootID: bootID(), PID: s.PID, Start: process.Started(s.PID), UID: s.UID, Up: s.Uptime}
}

// same says that now is the process that it was then.
func (i instance) same(now instance) bool {
	if i.BootID != now.BootID || i.UID != now.UID {
		return false
	}
	if i.Start != "" && now.Start != "" {
		return i.PID == now.PID && i.Start == now.Start
	}
	return now.Up >= i.Up
}

// runs says that it is known to run still, whether it listens or not.
func (i instance) runs() bool {
	return i.BootID == bootID() && i.Start != "" && i.Start == process.Started(i.PID)
}

func bootID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
}
