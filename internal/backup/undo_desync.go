// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/process"
)

// desyncUndo tells the server process that was desynced. wsrep_desync is no setting that outlives its server: another
// process has it OFF, or ON by somebody else.
type desyncUndo struct {
	Was    string `json:"was"` // always OFF: a node that is desynced already is refused
	BootID string `json:"boot_id"`
	// PID and Start (clock ticks after the boot) are of the server behind a unix socket; else they are 0, and Up is used.
	PID   int    `json:"pid"`
	Start string `json:"start"`
	UID   string `json:"server_uid"`
	Up    int64  `json:"uptime"` // seconds, when it was desynced
}

// thisServer describes the server that c is connected to.
func thisServer(ctx context.Context, c *galera.Client) (desyncUndo, error) {
	u := desyncUndo{Was: "OFF", BootID: bootID(), PID: c.PeerPID()}
	u.Start = process.Started(u.PID)
	s, err := c.Server(ctx)
	if err != nil {
		return u, err
	}
	u.UID = s.UID
	u.Up, err = uptime(ctx, c)
	return u, err
}

func uptime(ctx context.Context, c *galera.Client) (int64, error) {
	text, err := c.Value(ctx, "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Uptime'")
	if err != nil {
		return 0, fmt.Errorf("read the server's uptime: %w", err)
	}
	return strconv.ParseInt(text, 10, 64)
}

// same says that now is the server that was desynced then.
func (u desyncUndo) same(now desyncUndo) bool {
	if u.BootID != now.BootID || u.UID != now.UID {
		return false
	}
	if u.Start != "" && now.Start != "" {
		return u.PID == now.PID && u.Start == now.Start
	}
	return now.Up >= u.Up
}

func (u desyncUndo) undo(ctx context.Context, o UndoOptions) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.DrainTimeout+2*syncedTimeout)
	defer cancel()
	open := func(ctx context.Context) (*galera.Client, error) { return galera.Open(ctx, o.Login) }
	d := &desync{open: open, drain: o.DrainTimeout, up: Healthy(o.HealthURL), ours: true, undone: func() error { return nil }}
	c, err := d.connect(ctx)
	if gone(err) {
		return "the server that was desynced does not run any more", nil
	}
	if err != nil {
		return "", fmt.Errorf("%w; run SET GLOBAL wsrep_desync=OFF on this node when wsrep_local_recv_queue is 0", err)
	}
	d.client = c
	now, err := thisServer(ctx, c)
	if err != nil {
		return "", errors.Join(err, c.Close())
	}
	if !u.same(now) {
		return "the server was restarted since, which ended the desync", c.Close()
	}
	w, err := c.Status(ctx)
	if err == nil && !w.Desync {
		return "wsrep_desync is OFF", c.Close()
	}
	return d.end()
}

// gone says that no server listens any more.
func gone(err error) bool {
	var refused *galera.LoginError
	return errors.As(err, &refused) && refused.Absent()
}

func bootID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
}
