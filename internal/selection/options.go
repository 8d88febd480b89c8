// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"math"
	"slices"

	"overcloud.backup/internal/excerpt"
)

// Policy says what to do about a controller that serves clients.
type Policy string

// Policies. No policy accepts a controller of which it is unknown whether it serves.
const (
	// RequireIdle takes an idle controller or none.
	RequireIdle Policy = "require_idle"
	// PreferIdle takes an active one, with a warning, only when no idle one is eligible.
	PreferIdle Policy = "prefer_idle"
	// AllowActive makes no difference between active and idle.
	AllowActive Policy = "allow_active"
)

// Options are the limits of the decision. Start from Defaults: zero is a value like any other.
type Options struct {
	Policy Policy `json:"policy"`
	// MinSpares is how many sound standbys must remain when the chosen one is taken away.
	MinSpares int `json:"min_spares"`
	// MaxAge of facts, in seconds.
	MaxAge float64 `json:"max_age"`
	// MaxRecvQueue is the longest receive queue, in write-sets.
	MaxRecvQueue int `json:"max_recv_queue"`
	// MaxLag is how far a node may be behind the cluster, in write-sets.
	MaxLag float64 `json:"max_lag"`
	// MaxFlowControl is the largest part of the sampling window for which replication may have stood still, 0 to 1.
	MaxFlowControl float64 `json:"max_flow_control"`
	// MinFreeSpace on the file system of the datadir, in bytes.
	MinFreeSpace int64 `json:"min_free_space"`
	// MinProxyUptime is the age, in seconds, from which the statistics of the VIP holder's HAProxy count.
	MinProxyUptime int64 `json:"min_proxy_uptime"`
	// VIP are the addresses that the clients of the database use; empty: those on which HAProxy listens for it.
	VIP []string `json:"vip"`
	// Exclude and Prefer are names of controllers: the inventory's, Pacemaker's or the host's own.
	Exclude []string `json:"exclude"`
	Prefer  []string `json:"prefer"`
	// Now is the time of the decision, in seconds since the epoch, on the clock of the facts' gathered_at.
	Now float64 `json:"-"`
}

// Defaults are the limits that idle_controller documents.
func Defaults() Options {
	return Options{
		Policy: RequireIdle, MinSpares: 1, MaxAge: 120, MaxRecvQueue: 16, MaxLag: 500, MaxFlowControl: 0.01,
		MinFreeSpace: 1 << 30, MinProxyUptime: 5,
	}
}

func (o Options) check() error {
	if policies := []Policy{RequireIdle, PreferIdle, AllowActive}; !slices.Contains(policies, o.Policy) {
		return fmt.Errorf("policy: %q is none of require_idle, prefer_idle, allow_active", o.Policy)
	}
	for name, v := range map[string]float64{
		"min_spares": float64(o.MinSpares), "max_age": o.MaxAge, "max_recv_queue": float64(o.MaxRecvQueue),
		"max_lag": o.MaxLag, "max_flow_control": o.MaxFlowControl, "min_free_space": float64(o.MinFreeSpace),
		"min_proxy_uptime": float64(o.MinProxyUptime),
	} {
		if v < 0 || math.IsNaN(v) {
			return fmt.Errorf("%s: %v is less than 0; give 0 or more", name, v)
		}
	}
	for _, text := range o.VIP {
		if _, ok := address(text); !ok {
			return fmt.Errorf("vip: %q is no IP address", excerpt.Of(text))
		}
	}
	if o.MaxAge == 0 {
		return fmt.Errorf("max_age: 0 makes all facts too old; give seconds, as in 120")
	}
	if o.MaxFlowControl > 1 {
		return fmt.Errorf("max_flow_control: %v is a part of the time, from 0 to 1", o.MaxFlowControl)
	}
	if o.Now <= 0 || math.IsNaN(o.Now) || math.IsInf(o.Now, 0) {
		return fmt.Errorf("now: %v is no time in seconds since the epoch", o.Now)
	}
	return nil
}
