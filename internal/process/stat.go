// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"fmt"
	"os"
	"strings"
)

// stat returns the fields of /proc/PID/stat from the state on, the third of proc(5); nil if the process is gone.
//
//	1234 (mariadbd) S 1 ...
//
// The name may contain anything, including ") ", so only what follows the last parenthesis counts.
func stat(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return statFields(string(text))
}

func statFields(text string) []string {
	return strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
}

// state returns the letter of a process's state; Z is one that has ended.
func state(pid int) string {
	if fields := stat(pid); len(fields) > 0 {
		return fields[0]
	}
	return "Z"
}

// Started returns when a process started, in clock ticks after the boot; empty if it is not known, or if the process
// has ended and was not waited for yet. Together with the pid it identifies a process permanently.
func Started(pid int) string {
	fields := stat(pid)
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19] // the 22nd
}
