// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/tests/node"
)

// A value that the manifest could not hold is refused before anything is read.
func TestADecisionThatNoManifestCanKeepIsRefused(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 9999) + "1" + strings.Repeat("}", 9999)
	for name, tt := range map[string]struct{ decision, want string }{
		"none":      {"", ""},
		"a list":    {"[1]", ""},
		"too large": {`"` + strings.Repeat("x", maxDecision) + `"`, "a manifest accepts at most 4.0 MiB"},
		"too deep":  {deep, "cannot be kept in the manifest"},
		"no JSON":   {`{"a":`, "cannot be kept in the manifest"},
	} {
		err := fits(json.RawMessage(tt.decision))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %.200v", name, err)
		}
	}
	s := shared(t)
	o := s.options(t)
	o.Decision = json.RawMessage(deep)
	if _, err := Prepare(t.Context(), o); err == nil ||
		!strings.Contains(err.Error(), "cannot be kept in the manifest") {
		t.Errorf("%.200v", err)
	}
}

// The server accepts the statement that the message recommends.
func TestAMissingPrivilegeIsNamedAsTheServerNamesIt(t *testing.T) {
	for version, want := range map[string]string{
		"10.3.39-MariaDB": "REPLICATION CLIENT", "10.4.34-MariaDB": "REPLICATION CLIENT",
		"10.5.2-MariaDB":   "BINLOG MONITOR",
		"10.11.19-MariaDB": "BINLOG MONITOR", "11.8.1-MariaDB": "BINLOG MONITOR",
	} {
		got := tool.PrivilegeNames(galera.Server{Version: version}, []string{"RELOAD", "BINLOG MONITOR"})
		if !slices.Equal(got, []string{"RELOAD", want}) {
			t.Errorf("%s: %q", version, got)
		}
	}
}

func TestOnlyToolsBeforeBackupStagesTakeTheReadLock(t *testing.T) {
	for version, want := range map[string]bool{"10.3.39-MariaDB": true, "10.4.0-MariaDB": false,
		"10.11.19-MariaDB": false, "11.0.1-MariaDB": false, "": true} {
		if tool.TakesReadLock(tool.Tool{Method: tool.Physical}, galera.Server{Version: version}) != want ||
			tool.TakesReadLock(tool.Tool{Method: tool.Logical}, galera.Server{Version: version}) {
			t.Errorf("%q: not %t", version, want)
		}
	}
}

// Without a number of spares, Pacemaker is asked only for its own state. The node itself is one of the spares.
func TestSparesAreCounted(t *testing.T) {
	s := shared(t)
	for name, tt := range map[string]struct {
		min          int
		allowClients bool
		status, want string
	}{
		"none are wanted": {0, false, "", ""},
		"none are wanted, maintenance": {0, false, `s/name="controller-1" id="2" online="true"` +
			` standby="false"/name="controller-1" id="2" online="true" standby="true"/`, "the node is in standby"},
		"a cluster of one": {1, false, "",
			"the Galera cluster has 0 other members, and must have 1 (min_spares is 1)"},
		"a cluster of one, active": {1, true, "",
			"the Galera cluster has 0 other members, and must have 1 (min_spares is 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			node.FakeCluster(t, tt.status, "")
			o := s.options(t)
			o.MinSpares, o.AllowClients = tt.min, tt.allowClients
			_, err := Prepare(t.Context(), o)
			if tt.want == "" && err != nil || tt.want != "" &&
				(err == nil || !strings.Contains(err.Error(), tt.want) || !TryAnother(err)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	j := &Job{o: Options{MinSpares: 2}}
	node.FakeCluster(t, "", "")
	three := galera.Wsrep{ClusterSize: 3}
	if err := j.spares(t.Context(), three); err != nil || !j.stays {
		t.Errorf("%v, stays: %t", err, j.stays)
	}
	arbitrated := galera.Wsrep{ClusterSize: 3, Arbitrators: 1}
	if err := j.spares(t.Context(), arbitrated); err == nil ||
		!strings.Contains(err.Error(), "the Galera cluster has 1 other member, and must have") {
		t.Errorf("an arbitrator is no spare: %v", err)
	}
	c := node.FakeCluster(t, `/<node name="controller-2"/s/standby="false"/standby="true"/`, "")
	if err := j.spares(t.Context(), three); err == nil || !strings.Contains(err.Error(), "the database is promoted on"+
		" controller-0 in addition, and 2 other nodes must be able to serve") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "crm_mon"), []byte("#!/bin/sh\nexit 102\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := j.spares(t.Context(), three); err == nil || !strings.Contains(err.Error(), "read the cluster's state") {
		t.Errorf("got %v", err)
	}
}
