// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"fmt"

	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/container"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/quantity"
)

// Job is a backup that may be run: everything was checked, nothing was changed.
type Job struct {
	o      Options
	plan   Plan
	tool   tool.Tool
	server galera.Server
	// instance is the process of that server, whose container and files were inspected.
	instance effect.Instance
	// container is where the server and its tools are, if not on the host itself.
	container     container.Home
	containerName string
	// early says that wsrep_desync is set to ON before the data is read, and not when the guard asks for it.
	early bool
	// serves says that clients used the node when it was last checked, and were allowed; stays that it is needed as a
	// spare and remains in service; decided that the decision says so; members is the size of the Galera cluster.
	serves, stays, decided bool
	few                    string // why it is needed as a spare
	members                int
	visitors               logins.Visitors // since the facts of the decision
	// described says that the account sees all tables, views, triggers and events.
	described bool
	// events is what the decision says about the cluster's events; nil if there is none.
	events *decision.Events
	// folders appear as schemas to the server, but no CREATE DATABASE made them; only for a physical backup.
	folders []string
	// dump is what a logical backup will contain.
	dump  content.Dump
	notes *effect.Notes
}

// Plan is what Run will do.
func (j *Job) Plan() Plan { return j.plan }

func (j *Job) warn(format string, args ...any) {
	j.plan.Warnings = append(j.plan.Warnings, fmt.Sprintf(format, args...))
}

func (j *Job) inContainer() string {
	if j.containerName == "" {
		return ""
	}
	return " in the container " + j.containerName
}

// steps returns the plan in words.
func (j *Job) steps() []string {
	steps := []string{}
	if j.o.Job != "" {
		steps = append(steps, "take the cluster's backup lock, so that no other backup of it runs")
	}
	steps = append(steps, "check once more that this node is healthy"+map[bool]string{false: " and serves no " +
		"clients"}[j.o.AllowClients],
		"wait until it has applied all that the cluster committed, and check again")
	steps = append(steps, j.spareSteps()...)
	if j.early {
		steps = append(steps, "set wsrep_desync=ON")
	}
	steps = append(steps, fmt.Sprintf("read about %s with %s%s and write them to a new set in %s",
		quantity.Bytes(j.plan.Space.Raw), j.tool.Path, j.inContainer(), j.plan.Destination))
	if j.early {
		steps = append(steps, "wait for the receive queue to drain, set wsrep_desync=OFF, wait until the node is "+
			"Synced and UP")
	}
	return append(steps, "save users, cluster and database configuration next to the data",
		"write the manifest, which makes the set exist")
}

func (j *Job) failed(step string, err error) error {
	return fmt.Errorf("%s: %s: %w", j.plan.Controller, step, err)
}
