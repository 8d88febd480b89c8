// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import "strings"

// EndedItself says that a job left its result itself, so that nothing ended it by force.
func (j *Job) EndedItself() bool {
	state, err := j.State()
	return err == nil && state.Finished
}

// HowEnded puts into words what systemd tells a unit's stop command, in its environment, of the unit's end.
func HowEnded(getenv func(string) string) string {
	result, status := getenv("SERVICE_RESULT"), getenv("EXIT_STATUS")
	switch {
	case result == "signal" && status != "":
		return "SIG" + strings.TrimPrefix(status, "SIG")
	case result == "oom-kill":
		return "it needed more memory than memory_high"
	case result == "":
		return "systemd does not say how"
	}
	return strings.TrimSpace(result + " " + status)
}
