// SPDX-License-Identifier: GPL-3.0-or-later

// Package ansible speaks Ansible's module protocol: one JSON object in, validated and coerced by the module's
// NAME.yml, one JSON object out, whatever happens, with no secret in it.
package ansible

import (
	"context"

	"overcloud.backup/internal/secret"
)

// Module is one Ansible module of the binary.
type Module struct {
	// Spec is the content of NAME.yml: the only description of the options and results.
	Spec []byte
	// Run does the work. An error becomes {"failed": true, "msg": ...}; a result returned beside it is kept too.
	Run func(ctx context.Context, call *Call) (*Result, error)
}

// Call is what a module is asked to do.
type Call struct {
	// Name is the module's short name.
	Name string
	// CheckMode forbids every change.
	CheckMode bool
	// Diff asks for Result.Diff.
	Diff bool
	// Verbosity is the number of v's.
	Verbosity int
	// Now is the caller's clock in seconds since the epoch at the time of the call, 0 when it was not told.
	Now float64
	// Stage says which part of a unit this is; empty for a plain call.
	Stage Stage

	args     map[string]any
	secrets  secret.Set
	progress func(any)
}

// Stage is a part of the life of a unit of systemd that a module has started.
type Stage string

// InUnit is the unit's program, AfterUnit what systemd runs when that has ended, in whatever way.
const (
	InUnit    Stage = "job"
	AfterUnit Stage = "undo"
)

// Result is what a module answers. The zero value is "ok, nothing changed".
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

// Diff is a change in text; both sides end with a line feed.
type Diff struct {
	Before string `json:"before"`
	After  string `json:"after"`
}
