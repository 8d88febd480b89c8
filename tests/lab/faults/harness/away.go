// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// Loss is a way in which one of three controllers is away, and comes back.
type Loss struct {
	Name string
	// Leave and Return are run with the lab, a controller that stays, and the one that leaves.
	Leave, Return func(l lab.Lab, on, who lab.Machine) error
	// Member says that the server of that controller continues to run as a member.
	Member bool
}

// Losses are the ways in which a controller is away: its database is stopped, it has no power, its node is in standby,
// or in maintenance.
var Losses = []Loss{
	{Name: "the database is stopped", Leave: cluster("crm_resource --ban --resource GALERA --node WHO"),
		Return: cluster("crm_resource --clear --resource GALERA --node WHO")},
	{Name: "no power", Leave: power("kill"), Return: power("start")},
	{Name: "standby", Leave: cluster("crm_attribute --node WHO --name standby --update on"),
		Return: cluster("crm_attribute --node WHO --name standby --delete")},
	{Name: "maintenance", Leave: cluster("crm_attribute --node WHO --name maintenance --update true"),
		Return: cluster("crm_attribute --node WHO --name maintenance --delete"), Member: true},
}

func cluster(script string) func(lab.Lab, lab.Machine, lab.Machine) error {
	return func(l lab.Lab, on, who lab.Machine) error {
		_, err := on.Do(strings.NewReplacer("WHO", who.Name(), "GALERA", l.Galera()).Replace(script))
		return err
	}
}

func power(what string) func(lab.Lab, lab.Machine, lab.Machine) error {
	return func(l lab.Lab, _, who lab.Machine) error {
		_, err := l.Run("machine", what, who.Arg())
		return err
	}
}

// Degraded returns a fault that strikes while one of the standbys is away. Faults whose backup has to desync the node
// do not: the only spare is never desynced.
func Degraded(f Fault, random *rand.Rand) Fault {
	loss, swap := Losses[random.IntN(len(Losses))], random.IntN(2) == 1
	f.Loss, f.Swap = &loss, swap
	f.Breaks += "; the other standby: " + loss.Name
	f.Vars = maps.Clone(f.Vars)
	delete(f.Vars, "controller_backup_desync")
	return f
}

// leave takes the other standby away, and waits until the rest has noticed. Who serves may change with it, and what
// clients see of it is not the fault's doing.
func (r *Run) leave() error {
	loss := r.Fault.Loss
	if loss == nil {
		return nil
	}
	if r.Fault.Swap {
		r.Other, r.Victim = r.Victim, r.Other
	}
	away := r.Other
	r.Later(r.comeBack)
	r.away = &away
	if err := loss.Leave(r.Lab, r.Active, away); err != nil {
		return fmt.Errorf("%s: %w", loss.Name, err)
	}
	noticed := func() bool {
		for _, m := range r.present() {
			if !loss.Member && (m.Status("wsrep_cluster_size") != "2" || m.Proxied()[away.Name()] == "UP") ||
				m.Status("wsrep_local_state_comment") != "Synced" {
				return false
			}
		}
		return true
	}
	if !lab.Until(90*time.Second, 300*time.Millisecond, noticed) {
		return fmt.Errorf("%s: the others have not noticed", loss.Name)
	}
	_, _ = r.Active.DoFor(2*time.Minute, "crm_resource --wait --timeout=90")
	if _, err := r.Run("load", "start"); err != nil {
		return err
	}
	active, err := r.Serving()
	if err != nil {
		return err
	}
	r.Active, r.Other = active, away
	for _, m := range r.present() {
		if m != r.Active {
			r.Victim = m
		}
	}
	time.Sleep(6 * time.Second) // HAProxy's statistics count from an uptime of 5 s on
	r.Began = time.Now()
	return nil
}

// present returns the machines that are not away.
func (r *Run) present() []lab.Machine {
	var here []lab.Machine
	for _, m := range r.Machines() {
		if r.away == nil || m != *r.away {
			here = append(here, m)
		}
	}
	return here
}

// comeBack brings back the one that is away. Clients may notice that, by a state transfer: their load is over.
func (r *Run) comeBack() error {
	if r.away == nil {
		return nil
	}
	away := *r.away
	seen, err := r.clients()
	if err != nil {
		return err
	}
	r.seen, r.away = &seen, nil
	if err := r.Fault.Loss.Return(r.Lab, r.Active, away); err != nil {
		return fmt.Errorf("the end of %s: %w", r.Fault.Loss.Name, err)
	}
	if len(r.Foreign) == 0 {
		_, err = r.Run("wait")
		return err
	}
	// An operator's desync lasts until the case is over: the others will be Synced only then.
	synced := func() bool { return away.Status("wsrep_local_state_comment") == "Synced" }
	if !lab.Until(4*time.Minute, 300*time.Millisecond, synced) {
		return fmt.Errorf("%s is not Synced again", away.Name())
	}
	return nil
}
