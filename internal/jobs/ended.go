// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import "strings"

// EndedItself reports that a job left its result itself, so that nothing ended it by force.
func (j *Job) EndedItself() bool {
	state, err := j.State()
	return err == nil && state.Finished
}

// HowEnded describes the unit's end, as systemd reports it in the environment of the unit's stop command.
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
