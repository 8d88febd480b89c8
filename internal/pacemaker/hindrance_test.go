// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"slices"
	"testing"

	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/tests/pacemakertest"
)

func TestObstaclesToADatabasesReturnAreReported(t *testing.T) {
	healthy, err := cib.ParseAgent(pacemakertest.Configuration(t, "lab-cib.xml"))
	if err != nil {
		t.Fatal(err)
	}
	unmanaged := healthy
	unmanaged.Managed = false
	other := healthy
	other.Members = []string{"overcloud-controller-0", "overcloud-controller-1", "overcloud-controller-3"}
	for _, c := range []struct {
		file  string
		agent cib.Agent
		want  []string
	}{
		{"lab-status.xml", healthy, nil},
		{"lab-bundle-status.xml", healthy, nil},
		// A restore cleans up a resource that a failed promotion blocks.
		{"lab-blocked.xml", healthy, nil},
		{"lab-status.xml", unmanaged, []string{"galera is unmanaged"}},
		{"lab-standby.xml", healthy, []string{"controller-2: the node is in standby"}},
		{"lab-maintenance.xml", healthy, []string{"the whole cluster is in maintenance mode",
			"controller-2: the node is in standby"}},
		{"lab-banned.xml", healthy, []string{"controller-1: the constraint cli-ban-galera-master-on-controller-1" +
			" keeps galera-master off it"}},
		{"lab-no-quorum.xml", healthy, []string{"the cluster has no quorum"}},
		{"status-1.1.xml", other, []string{"overcloud-controller-1: the node is in standby"}},
	} {
		if got := hindrances(mustStatus(t, c.file), c.agent, "controller-1"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.file, got, c.want)
		}
	}
	// A ban on another node is reported by that node.
	if got := hindrances(mustStatus(t, "lab-banned.xml"), healthy, "controller-0"); got != nil {
		t.Errorf("%q", got)
	}
}
