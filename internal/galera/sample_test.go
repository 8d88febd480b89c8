// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"maps"
	"testing"
)

func TestRatesAreDifferencesOverTheWindow(t *testing.T) {
	base := func() map[string]string {
		return map[string]string{"wsrep_replicated": "100", "wsrep_local_commits": "90", "wsrep_last_committed": "1000",
			"questions": "500", "wsrep_flow_control_paused_ns": "0", "wsrep_local_recv_queue": "7"}
	}
	after := base()
	maps.Copy(after, map[string]string{"wsrep_replicated": "110", "wsrep_local_commits": "95",
		"wsrep_last_committed": "1030",
		"questions":            "521", "wsrep_flow_control_paused_ns": "125000000", "wsrep_local_recv_queue": "3"})
	const half = 500_000_000
	s, err := Rates(base(), after, half, 1)
	want := Sample{Window: 0.5, Replicated: 20, LocalCommit: 10, Committed: 60, Questions: 40, FlowControl: 0.25,
		RecvQueueMin: 3}
	if err != nil || s != want {
		t.Errorf("got %+v %v, want %+v", s, err, want)
	}
	for name, change := range map[string]map[string]string{
		"a counter that went back": {"wsrep_replicated": "99"},
		"one that cannot be read":  {"questions": "?"},
	} {
		t.Run(name, func(t *testing.T) {
			after := base()
			maps.Copy(after, change)
			if s, err := Rates(base(), after, half, 1); err == nil || s != (Sample{}) {
				t.Errorf("got %+v %v", s, err)
			}
		})
	}
	if _, err := Rates(base(), base(), 0, 1); err == nil {
		t.Error("no window, no error")
	}
	if s, err := Rates(base(), base(), half, 1); err != nil || s.Questions != 0 {
		t.Errorf("fewer statements than our own: %+v %v", s, err)
	}
}
