// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import "testing"

func TestHowAJobEndedIsInWords(t *testing.T) {
	for _, c := range []struct{ result, status, want string }{
		{"signal", "KILL", "SIGKILL"}, {"signal", "SIGSEGV", "SIGSEGV"}, {"oom-kill", "KILL",
			"it needed more memory than memory_high"},
		{"timeout", "TERM", "timeout TERM"}, {"exit-code", "2", "exit-code 2"}, {"core-dump", "ABRT", "core-dump ABRT"},
		{"", "", "systemd does not say how"}, // before 232
	} {
		env := map[string]string{"SERVICE_RESULT": c.result, "EXIT_STATUS": c.status}
		if got := HowEnded(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%v: %s", c, got)
		}
	}
}
