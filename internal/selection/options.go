// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"fmt"
	"math"
	"slices"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/topology"
	"overcloud.backup/internal/traffic"
)

// Options are what the operator requests of a decision. Start from Defaults.
type Options struct {
	Policy decision.Policy `json:"policy"`
	// Limits are the values that differ from the default.
	Limits condition.Limits `json:"-"`
	// VIP are the addresses that the clients of the database use; empty: those on which HAProxy listens for it.
	VIP []string `json:"vip"`
	// Exclude and Prefer are names of controllers: the inventory's, Pacemaker's or the host's own.
	Exclude []string `json:"exclude"`
	Prefer  []string `json:"prefer"`
	// Now is the time of the decision, in seconds since the epoch, on the clock of the facts' gathered_at.
	Now float64 `json:"-"`
}

// Defaults returns those that idle_controller documents.
func Defaults() Options { return Options{Policy: decision.RequireIdle} }

// rules returns how the sources are read.
func (o Options) rules() traffic.Rules {
	return traffic.Rules{MinProxyUptime: o.Limits.Whole(condition.MinProxyUptime), VIP: o.VIP}
}

func (o Options) check() error {
	if !slices.Contains(decision.Policies, o.Policy) {
		return fmt.Errorf("policy: %q is not one of require_idle, prefer_idle, allow_active", o.Policy)
	}
	if err := o.Limits.Check(); err != nil {
		return err
	}
	for _, text := range o.VIP {
		if _, ok := topology.Address(text); !ok {
			return fmt.Errorf("vip: %q is not an IP address", excerpt.Of(text))
		}
	}
	if o.Now <= 0 || math.IsNaN(o.Now) || math.IsInf(o.Now, 0) {
		return fmt.Errorf("now: %v is not a time in seconds since the epoch", o.Now)
	}
	return nil
}
