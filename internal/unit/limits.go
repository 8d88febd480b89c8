// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"fmt"
	"os"
	"slices"
	"strconv"
)

// Limits restrict the resources of a unit. Zero or empty values leave systemd's default.
type Limits struct {
	CPUWeight  int   // 1 to 10000; other units have 100
	IOWeight   int   // 1 to 10000; other units have 100
	MemoryHigh int64 // bytes; above it the unit is slowed down, or killed if the kernel cannot slow down (cgroup v1)
	Nice       int   // -20 to 19
	IOClass    string
	IOLevel    int // 0 to 7, for all classes except idle
}

var ioClasses = []string{"", "best-effort", "idle", "realtime"}

// Check refuses values that systemd would refuse.
func (l Limits) Check() error {
	for _, v := range []struct {
		name           string
		value, low, up int
	}{
		{"CPU weight", l.CPUWeight, 0, 10000},
		{"I/O weight", l.IOWeight, 0, 10000},
		{"nice value", l.Nice, -20, 19},
		{"I/O level", l.IOLevel, 0, 7},
	} {
		if v.value < v.low || v.value > v.up {
			return fmt.Errorf("%s %d is not between %d and %d", v.name, v.value, v.low, v.up)
		}
	}
	if !slices.Contains(ioClasses, l.IOClass) {
		return fmt.Errorf("%q is not an I/O class", l.IOClass)
	}
	if l.MemoryHigh < 0 {
		return fmt.Errorf("%d bytes of memory is too little", l.MemoryHigh)
	}
	return nil
}

// weights is the first version with CPUWeight and the other settings of cgroup v2, which it translates for v1.
const weights = 232

// cgroup2 exists if the host has only cgroup v2.
var cgroup2 = "/sys/fs/cgroup/cgroup.controllers"

// properties returns the limits as NAME=VALUE for systemd of this version.
func (l Limits) properties(version int) (p []string) {
	add := func(name string, value int64) {
		if value != 0 {
			p = append(p, name+"="+strconv.FormatInt(value, 10))
		}
	}
	if version < weights {
		add("CPUShares", clamp(l.CPUWeight, 1024, 2, 262144))
		add("BlockIOWeight", clamp(l.IOWeight, 500, 10, 1000))
	} else {
		add("CPUWeight", int64(l.CPUWeight))
		add("IOWeight", int64(l.IOWeight))
	}
	if _, err := os.Stat(cgroup2); version < weights || err != nil {
		add("MemoryLimit", l.MemoryHigh)
	} else {
		add("MemoryHigh", l.MemoryHigh)
	}
	add("Nice", int64(l.Nice))
	if l.IOClass != "" {
		p = append(p, "IOSchedulingClass="+l.IOClass)
	}
	if l.IOClass != "" && l.IOClass != "idle" {
		p = append(p, "IOSchedulingPriority="+strconv.Itoa(l.IOLevel))
	}
	return p
}

// clamp converts a weight, for which 100 is the default, to an older setting with another default and other bounds.
func clamp(weight int, standard, low, up int64) int64 {
	if weight == 0 {
		return 0
	}
	return max(low, min(up, int64(weight)*standard/100))
}
