// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"os"
	"path/filepath"
	"testing"

	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
)

// A container may have a database of its own at the same path: only a folder that a restore moved is outdated.
func TestOnlyAMovedFolderIsOutdated(t *testing.T) {
	datadir := filepath.Join(t.TempDir(), "mysql")
	aside, strange := datadir+".aside-JOB", filepath.Join(t.TempDir(), "mysql")
	for _, folder := range []string{datadir, aside, strange} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	moved, _ := filepath.Glob(datadir + ".*")
	for folder, want := range map[string]bool{aside: true, datadir: false, strange: false, strange + "-gone": false} {
		info, _ := os.Stat(folder)
		if anySame(info, moved) != want {
			t.Errorf("%s: %v", folder, !want)
		}
	}
}

// Only Pacemaker stops and starts the replicas of its bundle.
func TestTheBundlesOwnContainersAreNotRestarted(t *testing.T) {
	n := &Node{Members: []string{"controller-0", "controller-1"}, Agent: cib.Agent{Parent: "galera-bundle",
		Bundle: true, Engine: "podman"}}
	for name, want := range map[string]bool{"galera-bundle-podman-0": true, "clustercheck": false,
		"haproxy-bundle-podman-0": false, "": false} {
		if n.ofBundle(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if (&Node{}).ofBundle("--0") {
		t.Error("there is no bundle, and a container of it")
	}
	still := pacemaker.Instances{Containers: map[string][]string{"galera-bundle": {"controller-1"},
		"haproxy-bundle": {"controller-0"}}}
	if got := n.containersOn(n.Members, still); got != "its container still runs on controller-1" {
		t.Errorf("%q", got)
	}
	if got := n.containersOn([]string{"controller-0"}, still); got != "" {
		t.Errorf("on a node without one: %q", got)
	}
}
