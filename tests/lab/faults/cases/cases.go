// SPDX-License-Identifier: GPL-3.0-or-later

// Package cases has the faults: what breaks, when, and what must come of it.
package cases

import (
	"slices"

	"overcloud.backup/tests/lab/faults/harness"
)

// All are the cases, in the order in which they run: what a case leaves behind for Pacemaker to do costs the next one
// time, so the cheap ones come first.
func All() []harness.Fault {
	return slices.Concat(callers, processes, containers, storage, databases, secrets, clusters, networks, machines)
}
