// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/mariadb"
)

// statusQuery and variablesQuery select what the facts contain, not the thousand other rows.
const (
	statusQuery = `SHOW GLOBAL STATUS WHERE Variable_name LIKE 'wsrep\_%'` +
		` OR Variable_name IN ('Uptime', 'Questions')`
	variablesQuery = `SHOW GLOBAL VARIABLES WHERE Variable_name LIKE 'wsrep\_%' OR Variable_name IN (
		'hostname', 'server_uid', 'version', 'port', 'bind_address', 'socket', 'datadir', 'log_bin', 'server_id',
		'gtid_binlog_pos', 'read_only')`
)

// Status returns the node's current Galera state. Values that the server did not report, or reported unreadably, are
// named in the error and keep their zero value, which is never a healthy one.
func Status(ctx context.Context, c *mariadb.Client) (Wsrep, error) {
	status, err := c.Pairs(ctx, statusQuery)
	if err != nil {
		return Wsrep{}, fmt.Errorf("read wsrep status: %w", err)
	}
	variables, err := c.Pairs(ctx, variablesQuery)
	if err != nil {
		return Wsrep{}, fmt.Errorf("read wsrep variables: %w", err)
	}
	return ParseWsrep(status, variables)
}

// ParseWsrep types SHOW GLOBAL STATUS and SHOW GLOBAL VARIABLES (names in lower case). With wsrep_on=OFF only
// unreadable values are an error: a server outside of any cluster has few of them.
func ParseWsrep(status, variables map[string]string) (Wsrep, error) {
	v := values{from: variables, what: "variable"}
	w := Wsrep{LocalIndex: -1, ClusterConfID: -1, LastCommitted: -1, IncomingAddresses: []string{},
		ProviderOptions: map[string]string{}}
	w.On = v.flag("wsrep_on")
	v.lenient = !w.On
	parseVariables(&w, &v)

	s := values{from: status, what: "status", lenient: !w.On}
	w.Connected = s.flag("wsrep_connected")
	parseState(&w, &s)
	parseCounters(&w, &s)
	parseNow(&w, &s)
	return w, errors.Join(append(v.errs, s.errs...)...)
}

func parseVariables(w *Wsrep, v *values) {
	w.Desync = v.flag("wsrep_desync")
	w.ClusterName = v.text("wsrep_cluster_name")
	w.ClusterAddress = v.text("wsrep_cluster_address")
	w.NodeName = v.text("wsrep_node_name")
	w.NodeAddress = v.text("wsrep_node_address")
	w.BindAddress = mariadb.Specific(v.from["bind_address"])
	w.SSTMethod = v.text("wsrep_sst_method")
	w.SlaveThreads = int(v.number("wsrep_slave_threads"))
	w.ProviderOptions = providerOptions(v.text("wsrep_provider_options"))
}

// parseState reads the node's identity and position.
func parseState(w *Wsrep, s *values) {
	w.State = s.state()
	w.ClusterStatus = s.clusterStatus()
	w.Ready = s.flag("wsrep_ready")
	w.ClusterSize = int(s.number("wsrep_cluster_size"))
	w.ClusterStateUUID = s.text("wsrep_cluster_state_uuid")
	w.LocalStateUUID = s.text("wsrep_local_state_uuid")
	w.ClusterConfID = s.position("wsrep_cluster_conf_id")
	w.LocalIndex = s.index("wsrep_local_index")
	w.ProviderVersion = s.text("wsrep_provider_version")

	// A provider that is not connected has no group communication to report.
	connected := *s
	connected.errs = nil
	connected.lenient = s.lenient || !w.Connected
	w.EVSState = connected.text("wsrep_evs_state")
	w.GcommUUID = connected.text("wsrep_gcomm_uuid")
	w.DesyncCount = int(connected.number("wsrep_desync_count"))
	w.IncomingAddresses, w.Arbitrators = addresses(connected.text("wsrep_incoming_addresses"))
	s.errs = append(s.errs, connected.errs...)
}

func parseCounters(w *Wsrep, s *values) {
	w.LastCommitted = s.position("wsrep_last_committed")
	w.LocalCommits = s.number("wsrep_local_commits")
	w.Replicated = s.number("wsrep_replicated")
	w.Received = s.number("wsrep_received")
	w.FlowControlNS = s.number("wsrep_flow_control_paused_ns")
	w.FlowControlSent = s.number("wsrep_flow_control_sent")
	w.FlowControlRecv = s.number("wsrep_flow_control_recv")
}

func parseNow(w *Wsrep, s *values) {
	w.RecvQueue = int(s.number("wsrep_local_recv_queue"))
	w.RecvQueueMax = int(s.number("wsrep_local_recv_queue_max"))
	w.SendQueue = int(s.number("wsrep_local_send_queue"))
	w.FlowControlPaused = s.fraction("wsrep_flow_control_paused")
	// Galera before 26.4.3 has no such row; there paused_ns shows it.
	if _, known := s.from["wsrep_flow_control_active"]; known {
		w.FlowControlActive = s.flag("wsrep_flow_control_active")
	}
}

// addresses splits wsrep_incoming_addresses. AUTO and empty entries name nobody: an empty one among others is an
// arbitrator (garbd), which accepts no clients.
func addresses(list string) (kept []string, arbitrators int) {
	kept = []string{}
	entries := strings.Split(list, ",")
	for _, a := range entries {
		switch a = strings.TrimSpace(a); {
		case a == "" && len(entries) > 1:
			arbitrators++
		case a != "" && !strings.EqualFold(a, "AUTO"):
			kept = append(kept, a)
		}
	}
	return kept, arbitrators
}

// providerOptions keeps the options that a decision can rest on, of "base_dir = /var/lib/mysql/; gcs.fc_limit = 16;
// ...".
func providerOptions(text string) map[string]string {
	kept := map[string]string{}
	for _, option := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(option, "=")
		name = strings.TrimSpace(name)
		for _, prefix := range []string{"gcs.fc_", "gcs.sync_donor", "gcache.", "pc."} {
			if strings.HasPrefix(name, prefix) {
				kept[name] = strings.TrimSpace(value)
			}
		}
	}
	return kept
}
