// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"overcloud.backup/tests/messages"
)

var update = flag.Bool("update", false, "write the golden files anew")

// recorded reads a recording of SHOW STATUS and, below its separator, SHOW VARIABLES, with tabs between the columns.
func recorded(t testing.TB, name string) (status, variables map[string]string) {
	data, err := os.ReadFile(filepath.Join("testdata", "wsrep", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	first, second, found := strings.Cut(string(data), "-- variables\n")
	if !found {
		t.Fatalf("%s holds no variables", name)
	}
	return pairsOf(first), pairsOf(second)
}

func pairsOf(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); found {
			m[strings.ToLower(name)] = value
		}
	}
	return m
}

func TestParseWsrepOfRecordedNodes(t *testing.T) {
	for _, name := range []string{"synced", "desynced", "nonprimary", "disconnected", "active", "standby"} {
		t.Run(name, func(t *testing.T) {
			status, variables := recorded(t, name)
			w, err := ParseWsrep(status, variables)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(w, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "wsrep", name+".golden.json"), append(got, '\n'))
		})
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != string(got) {
		t.Errorf("%s (%v) differs from\n%s", path, err, got)
	}
}

// healthy reports whether a decision would regard the node as serving.
func healthy(w Wsrep) bool {
	return w.On && w.Ready && w.Connected && w.State == StateSynced && w.ClusterStatus == ClusterPrimary
}

func TestParseWsrepReadsEachState(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		want   State
		status ClusterStatus
	}{
		"synced":  {nil, StateSynced, ClusterPrimary},
		"joined":  {map[string]string{"wsrep_local_state": "3"}, StateJoined, ClusterPrimary},
		"donor":   {map[string]string{"wsrep_local_state": "2"}, StateDonorDesync, ClusterPrimary},
		"joining": {map[string]string{"wsrep_local_state": "1"}, StateJoining, ClusterPrimary},
		"joining, in 0": {map[string]string{"wsrep_local_state": "0",
			"wsrep_local_state_comment": "Joining: preparing for State Transfer"}, StateJoining, ClusterPrimary},
		"initialized": {map[string]string{"wsrep_local_state": "0", "wsrep_local_state_comment": "Initialized"},
			StateInitialized, ClusterPrimary},
		"disconnected": {map[string]string{"wsrep_local_state": "0", "wsrep_local_state_comment": "Disconnected",
			"wsrep_cluster_status": "Disconnected"}, StateDisconnected, ClusterDisconnected},
		"lower case words": {map[string]string{"wsrep_cluster_status": "non-primary"}, StateSynced, ClusterNonPrimary},
	} {
		t.Run(name, func(t *testing.T) {
			status, variables := recorded(t, "synced")
			maps.Copy(status, c.change)
			w, err := ParseWsrep(status, variables)
			if err != nil || w.State != c.want || w.ClusterStatus != c.status {
				t.Errorf("got %q %q %v", w.State, w.ClusterStatus, err)
			}
		})
	}
}

func TestParseWsrepNamesMissingAndUnreadableRows(t *testing.T) {
	for name, c := range map[string]struct{ key, value, want string }{
		"no state": {"wsrep_local_state", "", "status wsrep_local_state is missing"},
		"a state that nobody knows": {"wsrep_local_state", "5",
			`status wsrep_local_state is "5", which is not a state from 0 to 4`},
		"no cluster status": {"wsrep_cluster_status", "", "status wsrep_cluster_status is missing"},
		"an unknown cluster status": {"wsrep_cluster_status", "Maybe",
			`status wsrep_cluster_status is "Maybe", which is not Primary, non-Primary or Disconnected`},
		"no ready":           {"wsrep_ready", "", "status wsrep_ready is missing"},
		"neither ON nor OFF": {"wsrep_ready", "ONE", `status wsrep_ready is "ONE", which is not ON or OFF`},
		"a negative queue": {"wsrep_local_recv_queue", "-1",
			`status wsrep_local_recv_queue is "-1", which is not a count`},
		"a queue in words": {"wsrep_local_recv_queue", "many",
			`status wsrep_local_recv_queue is "many", which is not a count`},
		"a size that overflows": {"wsrep_cluster_size", "99999999999999999999",
			`status wsrep_cluster_size is "99999999999999999999", which is not a count`},
		"not a number": {"wsrep_flow_control_paused", "NaN",
			`status wsrep_flow_control_paused is "NaN", which is not a fraction`},
		"no desync count": {"wsrep_desync_count", "", "status wsrep_desync_count is missing"},
		"no EVS state":    {"wsrep_evs_state", "", "status wsrep_evs_state is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			status, variables := recorded(t, "synced")
			if status[c.key] = c.value; c.value == "" {
				delete(status, c.key)
			}
			w, err := ParseWsrep(status, variables)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if strings.Contains(c.key, "state") && !strings.Contains(c.key, "evs") && healthy(w) {
				t.Errorf("it looks healthy: %+v", w)
			}
		})
	}
}

// Galera writes IPv6 addresses in brackets, with a port if the node's configuration has one.
func TestParseWsrepOfIPv6Addresses(t *testing.T) {
	status, variables := recorded(t, "synced")
	status["wsrep_incoming_addresses"] = "[fd00:fd00:fd00:2000::11]:3306,[fd00:fd00:fd00:2000::12]:3306,AUTO"
	variables["wsrep_node_address"] = "[fd00:fd00:fd00:2000::11]:4567"
	variables["wsrep_cluster_address"] = "gcomm://[fd00:fd00:fd00:2000::11],[fd00:fd00:fd00:2000::12]"
	w, err := ParseWsrep(status, variables)
	if err != nil || !healthy(w) || w.NodeAddress != variables["wsrep_node_address"] ||
		w.ClusterAddress != variables["wsrep_cluster_address"] ||
		strings.Join(w.IncomingAddresses, " ") != "[fd00:fd00:fd00:2000::11]:3306 [fd00:fd00:fd00:2000::12]:3306" {
		t.Errorf("%+v, %v", w, err)
	}
}

// A server that is not a member reports -1, which some versions print as an unsigned number.
func TestAServerOutsideOfAComponentHasNoIndex(t *testing.T) {
	for printed, want := range map[string]int{"-1": -1, "4294967295": -1, "18446744073709551615": -1, "0": 0, "2": 2} {
		status, variables := recorded(t, "nonprimary")
		status["wsrep_local_index"] = printed
		if w, err := ParseWsrep(status, variables); err != nil || w.LocalIndex != want {
			t.Errorf("%s: %d, %v", printed, w.LocalIndex, err)
		}
	}
	status, variables := recorded(t, "synced")
	status["wsrep_last_committed"] = "4294967295"
	if w, err := ParseWsrep(status, variables); err != nil || w.LastCommitted != 4294967295 {
		t.Errorf("the 4294967295th transaction: %d, %v", w.LastCommitted, err)
	}
}

func TestParseWsrepOfNothingIsNotHealthy(t *testing.T) {
	w, err := ParseWsrep(nil, nil)
	if err == nil || healthy(w) || w.LocalIndex != -1 || w.LastCommitted != -1 {
		t.Errorf("%v %+v", err, w)
	}
}

func TestParseWsrepOutsideOfAClusterIsNoError(t *testing.T) {
	w, err := ParseWsrep(map[string]string{}, map[string]string{"wsrep_on": "OFF"})
	if err != nil || w.On || healthy(w) {
		t.Errorf("%v %+v", err, w)
	}
	if _, err := ParseWsrep(map[string]string{"wsrep_cluster_size": "x"},
		map[string]string{"wsrep_on": "OFF"}); err == nil {
		t.Error("an unreadable value went through")
	}
}

func TestWhereClientsReachANode(t *testing.T) {
	for bound, want := range map[string]string{
		"controller-0.internalapi.localdomain": "controller-0.internalapi.localdomain", "fd00::1": "fd00::1",
		"10.0.0.1, ::1": "10.0.0.1",
		"":              "", "*": "", "0.0.0.0": "", "::": "",
	} {
		status, variables := recorded(t, "synced")
		variables["bind_address"] = bound
		if w, err := ParseWsrep(status, variables); err != nil || w.BindAddress != want {
			t.Errorf("%q: %q, %v", bound, w.BindAddress, err)
		}
	}
}

func TestProviderOptionsKeepsTheRelevantOnes(t *testing.T) {
	got := providerOptions("base_dir = /x/; gcs.fc_limit = 16; gcs.max_throttle = 0.25; gcache.size = 1G; pc.weight =" +
		" 1; socket.ssl_key = /k; gcs.sync_donor = no; ")
	want := map[string]string{"gcs.fc_limit": "16", "gcache.size": "1G", "pc.weight": "1", "gcs.sync_donor": "no"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestThinnedRecordingsSayTheSame(t *testing.T) {
	for _, name := range []string{"synced", "nonprimary", "disconnected"} {
		text := thinned(t, name)
		first, second, _ := strings.Cut(text, "-- variables\n")
		w, err := ParseWsrep(pairsOf(first), pairsOf(second))
		status, variables := recorded(t, name)
		want, _ := ParseWsrep(status, variables)
		w.ProviderOptions, want.ProviderOptions = nil, nil
		if err != nil || !reflect.DeepEqual(w, want) || len(text) > 2500 {
			t.Errorf("%s: %d bytes say %+v, %v; want %+v", name, len(text), w, err, want)
		}
	}
}

func FuzzParseWsrep(f *testing.F) {
	for _, name := range []string{"synced", "nonprimary", "disconnected"} {
		f.Add(thinned(f, name), "wsrep_local_state", "5")
	}
	f.Fuzz(func(t *testing.T, text, name, value string) {
		first, second, _ := strings.Cut(text, "-- variables\n")
		status, variables := pairsOf(first), pairsOf(second)
		status[name] = value
		w, err := ParseWsrep(status, variables)
		if w.RecvQueue < 0 || w.SendQueue < 0 || w.ClusterSize < 0 || w.LastCommitted < -1 || w.FlowControlPaused < 0 {
			t.Fatalf("a count below zero: %+v", w)
		}
		if healthy(w) && (status["wsrep_local_state"] != "4" ||
			!strings.EqualFold(status["wsrep_cluster_status"], "primary")) {
			t.Fatalf("healthy without the server's word: %+v", w)
		}
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") { // one for each missing or malformed value
				messages.Check(t, errors.New(line))
			}
		}
		if w.On && err == nil && (status["wsrep_local_recv_queue"] == "" || status["wsrep_local_state"] == "") {
			t.Fatalf("something is missing and no error says so: %+v", w)
		}
	})
}

// An arbitrator (garbd) has an empty entry among the addresses of the others; a server that is not connected has no
// entry.
func TestArbitratorsAreMembersWithoutAnAddress(t *testing.T) {
	for list, want := range map[string]int{
		"": 0, " ": 0, "10.0.0.1:3306": 0, "10.0.0.1:3306,10.0.0.2:3306,AUTO": 0, "10.0.0.1:3306,,10.0.0.2:3306": 1,
		",10.0.0.1:3306": 1,
		"AUTO,AUTO,":     1, ",, 10.0.0.1:3306": 2,
	} {
		if _, n := addresses(list); n != want {
			t.Errorf("%q: %d, want %d", list, n, want)
		}
	}
}
