// SPDX-License-Identifier: GPL-3.0-or-later

package cases

import (
	"strings"
	"time"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// networks are faults of network links.
var networks = []harness.Fault{
	{
		Name: "cut-off", Breaks: "the backup node is cut off from the others for 15 s", When: harness.Streaming,
		Hurt: partition, Hold: 15 * time.Second, Heal: heal, Want: harness.Failed,
		Says: "primary|cluster|quorum|server|pacemaker|wsrep", Control: true,
	},
	{
		Name: "one-way", Breaks: "what the backup node sends is lost, for 12 s", When: harness.Streaming,
		Hurt: badWire(lab.Wire{DropOut: true}), Hold: 12 * time.Second, Heal: goodWire, Want: harness.Either,
		Says: "primary|cluster|quorum|server|pacemaker|contact|connection|wsrep", Control: true,
	},
	{
		Name: "slow-wire", Breaks: "200 ms of delay each way at the backup node, for 10 s", When: harness.Streaming,
		Hurt: badWire(lab.Wire{Delay: 200 * time.Millisecond}), Hold: 10 * time.Second, Heal: goodWire,
		Want: harness.Either,
		Says: "flow|queue|lag|primary|cluster|quorum", Control: true,
	},
}

// machines are faults in which controllers go down.
var machines = []harness.Fault{
	{
		Name: "power-backup", Breaks: "power loss of the backup controller, desynced", When: harness.Streaming,
		Vars: harness.Vars("desync", "always"),
		Hurt: machineDo(victim, "kill"), Hold: 3 * time.Second, Heal: machineDo(victim, "start"), Want: harness.Failed,
		Recover: true, Always: true,
		Says: "connect|contact|unreachable|restart|reboot|ended|gone|lost", Control: true,
	},
	{
		Name: "power-active", Breaks: "power loss of the active controller", When: harness.Streaming,
		Hurt: machineDo(active, "kill"), Hold: 10 * time.Second, Heal: machineDo(active, "start"), Want: harness.Either,
		Control: true,
		Says:    "spare|client|session|cluster|pacemaker|unreachable",
	},
	{
		Name: "power-other", Breaks: "power loss of the other standby", When: harness.Streaming,
		Hurt: machineDo(other, "kill"), Hold: 6 * time.Second, Heal: machineDo(other, "start"), Want: harness.Either,
		Control: true, Says: staysASpare + `|\((cluster_silent|no_quorum), since`,
	},
	{
		Name: "reboot-backup", Breaks: "reboot of the backup controller", When: harness.Streaming,
		Vars: harness.Vars("desync", "always"),
		Hurt: machineDo(victim, "stop"), Hold: time.Second, Heal: machineDo(victim, "start"), Want: harness.Failed,
		Recover: true, Control: true,
		Says: "connect|contact|unreachable|restart|reboot|ended|gone|terminat|stop|server|lost",
	},
}

func partition(r *harness.Run) error { _, err := r.Run("partition", r.Victim.Arg()); return err }
func heal(r *harness.Run) error      { _, err := r.Run("heal", r.Victim.Arg()); return err }

func machineDo(who func(*harness.Run) lab.Machine, what string) func(*harness.Run) error {
	return func(r *harness.Run) error {
		_, err := r.Run("machine", what, who(r).Arg())
		return err
	}
}

func replaceVictim(script, name string) string { return strings.ReplaceAll(script, "VICTIM", name) }
