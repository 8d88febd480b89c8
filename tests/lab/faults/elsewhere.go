// SPDX-License-Identifier: GPL-3.0-or-later

package main

// elsewhere are faults that need no lab: the Go test of each.
var elsewhere = []struct{ fault, folder, test string }{}
