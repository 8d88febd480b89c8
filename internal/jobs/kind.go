// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"time"

	"overcloud.backup/internal/unit"
)

// Systemd and StartUnit are changed by tests, which start no units.
var (
	Systemd   = unit.Available
	StartUnit = unit.Start
)

// Kind is what jobs of one kind have in common: each runs as a unit of systemd.
type Kind struct {
	What  string // a job of it makes, in a word
	Store Store
	Keep  int // of how many ended jobs the results are kept
	// Spec is the unit of a job.
	Spec func(*Job) unit.Spec
	// Pause is the time between two looks of a caller that waits. Lease says that each renews the job's lease, Forget
	// that systemd is to forget the unit once it has ended.
	Pause  time.Duration
	Lease  bool
	Forget bool
	// Alone is what a caller gets that goes away before the job has ended.
	Alone func(*Job) (*Answer, error)
}
