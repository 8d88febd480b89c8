// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"time"
)

// networks: cables.
var networks = []fault{
	{
		name: "cut-off", breaks: "the backup node is cut off from the others for 15 s", when: streaming,
		hurt: partition, hold: 15 * time.Second, heal: heal, want: failed, says: "primary|cluster|quorum|server|pacemaker|wsrep", control: true,
	},
	{
		name: "one-way", breaks: "what the backup node sends is lost, for 12 s", when: streaming,
		hurt: badWire(wire{dropOut: true}), hold: 12 * time.Second, heal: goodWire, want: either, says: "primary|cluster|quorum|server|pacemaker|contact|connection|wsrep", control: true,
	},
	{
		name: "slow-wire", breaks: "200 ms of delay each way at the backup node, for 10 s", when: streaming,
		hurt: badWire(wire{delay: 200 * time.Millisecond}), hold: 10 * time.Second, heal: goodWire, want: either,
		says: "flow|queue|lag|primary|cluster|quorum", control: true,
	},
}

// machines: controllers that go down.
var machines = []fault{
	{
		name: "power-backup", breaks: "power loss of the backup controller, desynced", when: streaming, vars: vars("desync", "always"),
		hurt: machineDo(victim, "kill"), hold: 3 * time.Second, heal: machineDo(victim, "start"), want: failed, recover: true, always: true,
		says: "connect|contact|unreachable|restart|reboot|ended|gone|lost", control: true,
	},
	{
		name: "power-active", breaks: "power loss of the active controller", when: streaming,
		hurt: machineDo(active, "kill"), hold: 10 * time.Second, heal: machineDo(active, "start"), want: either, control: true,
		says: "spare|client|session|cluster|pacemaker|unreachable",
	},
	{
		name: "power-other", breaks: "power loss of the other standby", when: streaming,
		hurt: machineDo(other, "kill"), hold: 6 * time.Second, heal: machineDo(other, "start"), want: either, control: true, says: "spare|cluster|pacemaker|quorum",
	},
	{
		name: "reboot-backup", breaks: "reboot of the backup controller", when: streaming, vars: vars("desync", "always"),
		hurt: machineDo(victim, "stop"), hold: time.Second, heal: machineDo(victim, "start"), want: failed, recover: true, control: true,
		says: "connect|contact|unreachable|restart|reboot|ended|gone|terminat|stop|server|lost",
	},
}

func partition(r *run) error { _, err := r.run("partition", r.victim.arg()); return err }
func heal(r *run) error      { _, err := r.run("heal", r.victim.arg()); return err }

func machineDo(who func(*run) machine, what string) func(*run) error {
	return func(r *run) error {
		_, err := r.run("machine", what, who(r).arg())
		return err
	}
}

func replaceVictim(script, name string) string { return strings.ReplaceAll(script, "VICTIM", name) }
