// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"errors"
	"fmt"
	"time"
)

// moment is the state of the counters at one time.
type moment struct {
	at     time.Time
	status map[string]string
}

// Rates compares two readings of SHOW GLOBAL STATUS (names in lower case) made window apart. ownQuestions are our own
// statements that the second reading counts and the first does not. A counter that is missing, unreadable or went back
// (the server restarted, FLUSH STATUS was run) is an error and no sample: Window 0.
func Rates(before, after map[string]string, window time.Duration, ownQuestions int64) (Sample, error) {
	if window <= 0 {
		return Sample{}, fmt.Errorf("a window of %s", window)
	}
	a, b := values{from: before, what: "status"}, values{from: after, what: "status"}
	var errs []error
	growth := func(name string) int64 {
		from, to := a.number(name), b.number(name)
		if to < from {
			errs = append(errs, fmt.Errorf("status %s went back from %d to %d", name, from, to))
		}
		return to - from
	}
	rate := func(n int64) float64 { return float64(n) / window.Seconds() }
	s := Sample{
		Window:      window.Seconds(),
		Replicated:  rate(growth("wsrep_replicated")),
		LocalCommit: rate(growth("wsrep_local_commits")),
		Committed:   rate(growth("wsrep_last_committed")),
		Questions:   rate(max(0, growth("questions")-ownQuestions)),
		FlowControl: min(1, float64(growth("wsrep_flow_control_paused_ns"))/float64(window.Nanoseconds())),
		// Both readings count: a queue that was empty once is not stuck.
		RecvQueueMin: int(min(a.number("wsrep_local_recv_queue"), b.number("wsrep_local_recv_queue"))),
	}
	if err := errors.Join(append(append(errs, a.errs...), b.errs...)...); err != nil {
		return Sample{}, err
	}
	return s, nil
}
