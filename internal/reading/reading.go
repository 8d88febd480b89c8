// SPDX-License-Identifier: GPL-3.0-or-later

// Package reading contains the common part of every reading of a host: its origin, its time, and the sources that
// failed. A failed source is recorded here; it never makes the whole reading fail, and it never looks like a healthy
// value.
package reading

import (
	"strings"

	"overcloud.backup/internal/excerpt"
)

// Header opens every facts document.
type Header struct {
	// Present reports whether this host has the service at all (its server, its configuration or its data).
	Present bool `json:"present"`
	// GatheredAt is the end of the reading, in seconds since the epoch, on the caller's clock if the caller sent its
	// time (so that readings of several hosts can be compared), else on the host's.
	GatheredAt float64 `json:"gathered_at"`
	// ClockSkew is the host's clock minus the caller's, in seconds; 0 if the caller did not send its time.
	ClockSkew float64 `json:"clock_skew"`
	// Duration is the duration of the reading in seconds.
	Duration float64 `json:"duration"`
	// Host is the host of the reading, as it describes itself.
	Host Host `json:"host"`
	// Errors lists every source that could not be read. It is empty if all of them answered.
	Errors []Error `json:"errors"`
}

// Host is a machine as it describes itself.
type Host struct {
	// Name is the kernel's host name (uname -n), unchanged.
	Name string `json:"name"`
	// Addresses are all global unicast addresses of all interfaces, textual, without prefix length.
	Addresses []string `json:"addresses"`
	// BootID is /proc/sys/kernel/random/boot_id.
	BootID string `json:"boot_id"`
	// MachineID is /etc/machine-id, empty if there is none.
	MachineID string `json:"machine_id"`
}

// Error is one source that could not be read.
type Error struct {
	// Source names the queried source: "sql", "crm_mon", "cibadmin", "stats socket", ...
	Source string `json:"source"`
	// Where locates it: a path, an address, a command line without secrets.
	Where string `json:"where"`
	// Message describes the failure, in one line.
	Message string `json:"message"`
	// Hint suggests a remedy, if there is one.
	Hint string `json:"hint,omitempty"`
}

// maxMessage is the maximum length of a message, in characters.
const maxMessage = 2000

// Add records a failed source.
func (h *Header) Add(source, where string, err error, hint string) {
	message := excerpt.UpTo(maxMessage, strings.ReplaceAll(err.Error(), "\n", "; "))
	h.Errors = append(h.Errors, Error{Source: source, Where: where, Message: message, Hint: hint})
}

// Failed returns the error recorded for a source, or nil.
func (h *Header) Failed(source string) *Error {
	for i := range h.Errors {
		if h.Errors[i].Source == source {
			return &h.Errors[i]
		}
	}
	return nil
}
