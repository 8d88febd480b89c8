// SPDX-License-Identifier: GPL-3.0-or-later

package main

import "slices"

// all are the cases, in the order in which they run: what a case leaves behind for Pacemaker to do costs the next one
// time, so the cheap ones come first.
func all() []fault {
	return slices.Concat(callers, processes, containers, storage, databases, secrets, clusters, networks, machines)
}
