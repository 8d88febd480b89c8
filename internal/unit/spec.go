// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"errors"
	"regexp"
	"time"
)

var (
	// ErrNoSystemd reports that this host cannot run units. Use errors.Is.
	ErrNoSystemd = errors.New("no systemd")
	// ErrExists reports that a unit of this name already exists. Use errors.Is.
	ErrExists = errors.New("the unit already exists")
)

// minVersion is the first version whose units run the stop commands of a killed service.
const minVersion = 219

// systemdRun exists if systemd is the init system: see sd_booted(3).
var systemdRun = "/run/systemd/system"

// Spec describes a unit. Both commands begin with an absolute path and are plain: letters, digits, space and
// _./:,+@%=- without quotes, dollars and the like. After Exec has ended for any reason, systemd runs StopPost, which
// must call KillRest first.
type Spec struct {
	Name        string // with .service
	Description string
	Exec        []string
	StopPost    []string
	// StopTimeout is the time that Exec has after SIGTERM, and that StopPost has.
	StopTimeout time.Duration
	Limits      Limits
}

// env runs Exec and StopPost: if SELinux enforces, systemd may not start a program under /var/lib, but env may.
const env = "/usr/bin/env"

var unitName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\.service$`)
