// SPDX-License-Identifier: GPL-3.0-or-later

// Package ansible implements Ansible's module protocol: one JSON object in, validated and coerced by the module's
// NAME.yml, and always one JSON object out, with no secret in it.
package ansible

import (
	"context"

	"overcloud.backup/internal/secret"
)

// Module is one Ansible module of the binary.
type Module struct {
	// Spec is the content of NAME.yml, the only description of the options and results.
	Spec []byte
	// Run does the work. An error becomes {"failed": true, "msg": ...}; a result returned with it is kept.
	Run func(ctx context.Context, call *Call) (*Result, error)
}

// Call is a request to a module.
type Call struct {
	// Name is the module's short name.
	Name string
	// CheckMode forbids every change.
	CheckMode bool
	// Diff asks for Result.Diff.
	Diff bool
	// Verbosity is the number of v's.
	Verbosity int
	// Now is the caller's clock in seconds since the epoch at the time of the call, 0 if it is unknown.
	Now float64
	// Stage is the part of a unit that this call runs; empty for a plain call.
	Stage Stage

	args     map[string]any
	secrets  secret.Set
	progress func(any)
}

// Stage is a part of the life of a systemd unit that a module has started.
type Stage string

// InUnit is the unit's program. AfterUnit is run by systemd when that program has ended, for any reason.
const (
	InUnit    Stage = "job"
	AfterUnit Stage = "undo"
)

// Result is a module's answer. The zero value is "ok, nothing changed".
type Result struct {
	Changed bool
	Skipped bool
	Msg     string
	// Facts go under ansible_facts.
	Facts map[string]any
	// Values are merged into the top level: a struct with json tags, or a map.
	Values any
	// Warnings are shown by Ansible.
	Warnings []string
	// Diff is shown with --diff.
	Diff *Diff
}

// Diff is a change in a text; both sides end with a line feed.
type Diff struct {
	Before string `json:"before"`
	After  string `json:"after"`
}
