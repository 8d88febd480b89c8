// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"errors"
	"testing"

	"overcloud.backup/internal/backup/effect"
)

func TestAKilledJobSaysWhatIsLeft(t *testing.T) {
	t.Setenv("SERVICE_RESULT", "signal")
	t.Setenv("EXIT_STATUS", "KILL")
	o := Options{Job: "j"}
	done := []effect.Undone{{Effect: "lock", Done: "the lock is free"}}
	for want, err := range map[string]error{
		"the backup job j was ended by force (SIGKILL); nothing is left of it": o.killed(nil, "",
			nil),
		"the backup job j was ended by force (SIGKILL); undone: the lock is free; left: the set: busy": o.killed(done,
			"",
			errors.New("the set: busy")),
		"the backup job j was ended by force (SIGKILL); its set was already complete: /b/c/s": o.killed(nil,
			"/b/c/s", nil),
	} {
		if err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}
