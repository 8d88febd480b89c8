// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
)

// values types the texts of SHOW STATUS or SHOW VARIABLES and collects what was missing or unreadable.
type values struct {
	from map[string]string
	what string // "status" or "variable"
	// lenient ignores missing values, never unreadable ones.
	lenient bool
	errs    []error
}

func (v *values) get(name string) (string, bool) {
	value, found := v.from[name]
	if !found && !v.lenient {
		v.errs = append(v.errs, fmt.Errorf("%s %s is missing", v.what, name))
	}
	return value, found
}

func (v *values) bad(name, value, want string) {
	v.errs = append(v.errs, fmt.Errorf("%s %s is %q, which is not %s", v.what, name, excerpt.Of(value), want))
}

func (v *values) text(name string) string {
	value, _ := v.get(name)
	return value
}

func (v *values) flag(name string) bool {
	value, found := v.get(name)
	if !found {
		return false
	}
	on, known := mariadb.OnOff(value)
	if !known {
		v.bad(name, value, "ON or OFF")
	}
	return on
}

// number reads a count.
func (v *values) number(name string) int64 {
	value, found := v.get(name)
	if !found {
		return 0
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		v.bad(name, value, "a count")
		return 0
	}
	return n
}

// position reads a number that the server prints as -1, or as the unsigned form of -1, if it has none.
func (v *values) position(name string) int64 {
	value, found := v.get(name)
	if !found {
		return -1
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if n == math.MaxUint64 && err == nil || value == "-1" {
		return -1
	}
	if err != nil || n > math.MaxInt64 {
		v.bad(name, value, "a position")
		return -1
	}
	return int64(n)
}

// index reads a member's number. A server that is not a member prints -1, or the unsigned form of -1 in 32 or 64 bits.
func (v *values) index(name string) int {
	n := v.position(name)
	if n == math.MaxUint32 {
		return -1
	}
	return int(n)
}

func (v *values) fraction(name string) float64 {
	value, found := v.get(name)
	if !found {
		return 0
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		v.bad(name, value, "a fraction")
		return 0
	}
	return f
}

// state reads wsrep_local_state. 0 covers the states without a number of their own; the comment distinguishes them.
func (v *values) state() State {
	value, found := v.get("wsrep_local_state")
	if !found {
		return StateUnknown
	}
	switch value {
	case "0":
		return v.unnumbered()
	case "1":
		return StateJoining
	case "2":
		return StateDonorDesync
	case "3":
		return StateJoined
	case "4":
		return StateSynced
	}
	v.bad("wsrep_local_state", value, "a state from 0 to 4")
	return StateUnknown
}

// unnumbered reads wsrep_local_state_comment, which may say more: "Joining: preparing for State Transfer".
func (v *values) unnumbered() State {
	comment := v.text("wsrep_local_state_comment")
	word, _, _ := strings.Cut(comment, ":")
	switch strings.TrimSpace(word) {
	case "Initialized", "":
		return StateInitialized
	case "Joining", "Joiner":
		return StateJoining
	case "Disconnected", "Disconnecting", "Destroyed":
		return StateDisconnected
	}
	v.bad("wsrep_local_state_comment", comment, "a state known to have the number 0")
	return StateUnknown
}

func (v *values) clusterStatus() ClusterStatus {
	value, found := v.get("wsrep_cluster_status")
	if !found {
		return ClusterUnknown
	}
	switch strings.ToLower(value) {
	case "primary":
		return ClusterPrimary
	case "non-primary":
		return ClusterNonPrimary
	case "disconnected":
		return ClusterDisconnected
	}
	v.bad("wsrep_cluster_status", value, "Primary, non-Primary or Disconnected")
	return ClusterUnknown
}
