// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
)

// containerTimeout is how long an engine may take to report which container the server is in: one that hangs must not
// look like a database that hangs.
const containerTimeout = 5 * time.Second

// where finds out in which container the server runs, and reads the space of its datadir there.
func (g *gathering) where(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, containerTimeout)
	defer cancel()
	c, err := container.Find(asking, g.Server.PID)
	if err != nil {
		g.Add("container", fmt.Sprintf("pid %d", g.Server.PID), err, containerHint(err))
	}
	if err != nil && !errors.Is(err, os.ErrPermission) {
		g.Add("datadir", g.Server.Datadir, errors.New("it is not known in which container it is"), "")
		return
	}
	// If only root could check, this host's folder is meant.
	defer c.Place.Close()
	g.Reached.Runtime, g.Reached.Container = c.Runtime, c.Name
	g.ownSpace(c.Place)
}

func containerHint(err error) string {
	switch {
	case errors.Is(err, container.ErrStrange):
		return "set login_unix_socket to the socket of this host's own server; " +
			"one in a container is entered when podman or docker runs it as root"
	case errors.Is(err, process.ErrNotFound):
		return "install the engine's command on this host, or have it on PATH"
	}
	return ""
}

// ownSpace reads the space where the server has its datadir: in a container that may be anywhere on the host.
func (g *gathering) ownSpace(at process.Place) {
	if at.Host() {
		g.space(g.Server.Datadir)
		return
	}
	folder, err := at.Folder(g.Server.Datadir)
	if err != nil {
		g.Add("datadir", g.Server.Datadir, err, "")
		return
	}
	defer folder.Close()
	g.space("/proc/self/fd/" + strconv.Itoa(int(folder.Fd())))
}

func (g *gathering) space(dir string) {
	if g.Running && g.Reached.Via == "tcp" && !sameHost(g.Server.Hostname, g.hostname) {
		g.Add("datadir", g.Server.Datadir, errors.New("it is on another host"), "")
		return
	}
	total, free, err := space(dir)
	if err != nil {
		g.Add("datadir", cmp.Or(g.Server.Datadir, dir), err, "")
		return
	}
	g.Storage.DatadirTotal, g.Storage.DatadirFree = total, free
}
