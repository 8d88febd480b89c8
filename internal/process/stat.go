// SPDX-License-Identifier: GPL-3.0-or-later

package process

import (
	"fmt"
	"os"
	"strings"
)

// stat are the fields of /proc/PID/stat from the state on, the third of proc(5); nil when the process is gone.
//
//	1234 (mariadbd) S 1 ...
//
// The name may hold anything, ") " as well, so what counts is behind the last parenthesis.
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

// state is the letter of what a process does; Z is one that has ended.
func state(pid int) string {
	if fields := stat(pid); len(fields) > 0 {
		return fields[0]
	}
	return "Z"
}

// Started is when a process started, in clock ticks after the boot; empty when it is not known, or has ended and was
// not waited for yet. Together with the pid that names a process once and for all.
func Started(pid int) string {
	fields := stat(pid)
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19] // the 22nd
}
