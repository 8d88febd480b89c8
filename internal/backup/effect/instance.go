// SPDX-License-Identifier: GPL-3.0-or-later

package effect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/process"
)

// ErrOtherHost reports a server that runs on another host.
var ErrOtherHost = errors.New("log in to the server of this host")

// CheckHost refuses a server that runs elsewhere: a backup of it would carry this controller's name.
func CheckHost(server galera.Server, host string) error {
	if server.Hostname != host {
		return fmt.Errorf("the server that answers runs on %q, and this host is %q: %w", server.Hostname, host,
			ErrOtherHost)
	}
	return nil
}

// Instance identifies a server's process. After a restart it is another one, with the same name and possibly other
// files.
type Instance struct {
	BootID string `json:"boot_id"`
	// PID and Start (clock ticks after the boot) identify the server behind a unix socket; otherwise they are 0, and Up
	// is used.
	PID   int    `json:"pid"`
	Start string `json:"start"`
	UID   string `json:"server_uid"`
	Up    int64  `json:"uptime"` // seconds, when it was read
}

// ThisServer returns the process that c is connected to. It refuses a server on another host: a different process there
// would not mean a restart.
func ThisServer(ctx context.Context, c *mariadb.Client) (Instance, error) {
	host, err := os.Hostname()
	if err != nil {
		return Instance{}, err
	}
	s, err := galera.ReadServer(ctx, c)
	if err == nil {
		err = CheckHost(s, host)
	}
	return InstanceOf(s), err
}

// InstanceOf returns the process of a server that was read.
func InstanceOf(s galera.Server) Instance {
	return Instance{BootID: bootID(), PID: s.PID, Start: process.Started(s.PID), UID: s.UID, Up: s.Uptime}
}

// Same reports whether now is the same process.
func (i Instance) Same(now Instance) bool {
	if i.BootID != now.BootID || i.UID != now.UID {
		return false
	}
	if i.Start != "" && now.Start != "" {
		return i.PID == now.PID && i.Start == now.Start
	}
	return now.Up >= i.Up
}

// runs reports whether the process is known to run still, listening or not.
func (i Instance) runs() bool {
	return i.BootID == bootID() && i.Start != "" && i.Start == process.Started(i.PID)
}

func bootID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
}
