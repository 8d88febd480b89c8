// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"overcloud.backup/tests/podman"
)

// If it is unknown where the server runs, its datadir is not taken for a path of this host.
func TestTheSpaceOfAnUnknownPlaceIsNotReported(t *testing.T) {
	pid := podman.Unshared(t, 65534, "echo ready; exec sleep 60", "", "--user", "--map-root-user", "--mount", "--pid")
	g := gathering{Facts: &Facts{}}
	g.Server.PID, g.Server.Datadir = pid, "/"
	g.where(t.Context())
	if e := g.Failed("container"); e == nil || !strings.Contains(e.Hint, "login_unix_socket") {
		t.Errorf("%+v", e)
	}
	if e := g.Failed("datadir"); e == nil || g.Storage.DatadirTotal != 0 {
		t.Errorf("%+v, %+v", e, g.Storage)
	}
}

func TestTheSpaceOfAContainersDatadirIsReadInside(t *testing.T) {
	bin := podman.Install(t)
	pid := podman.Unshared(t, 0,
		`mount -t tmpfs -o size=8m none /mnt && ln -s /mnt /mnt/data && echo ready && exec sleep 60`, "", "--mount",
		"--pid")
	podman.Put(t, filepath.Join(bin, "podman.pid"), strconv.Itoa(pid))
	g := gathering{Facts: &Facts{}}
	g.Server.PID, g.Server.Datadir = pid, "/mnt/data"
	g.where(t.Context())
	if len(g.Errors) > 0 || g.Storage.DatadirTotal != 8<<20 || g.Reached.Container != "galera-bundle-podman-0" ||
		g.Reached.Runtime != "podman" {
		t.Errorf("%+v, %+v", g.Errors, g.Storage)
	}
	g.Server.Datadir = "/mnt/gone"
	g.where(t.Context())
	if e := g.Failed("datadir"); e == nil || e.Where != "/mnt/gone" {
		t.Errorf("%+v", e)
	}
}
