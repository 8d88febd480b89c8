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
	What  string // product of its jobs, in a word
	Store Store
	Keep  int // number of ended jobs whose results are kept
	// Spec is the unit of a job.
	Spec func(*Job) unit.Spec
	// Pause is the time between two checks of a caller that waits. Lease says that each renews the job's lease, Forget
	// that systemd is to forget the unit after it has ended.
	Pause  time.Duration
	Lease  bool
	Forget bool
	// Alone is the answer to a caller that leaves before the job has ended.
	Alone func(*Job) (*Answer, error)
}
