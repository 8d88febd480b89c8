// SPDX-License-Identifier: GPL-3.0-or-later

package jobs_test

import (
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/tests/units"
)

// A destination that hangs blocks a process, and so its unit, for ever; the result exists anyway.
func TestAJobWithAResultEndsThoughItsUnitHangs(t *testing.T) {
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", units.Failed, ":")
	units.Aged(t, job.StateFile())
	if got, err := job.Look(t.Context()); err != nil || !got.Ended || !got.Running {
		t.Errorf("%+v %v", got, err)
	}
}

// A caller that gives every night's backup the same name is told that no backup was made.
func TestAJobThatHadEndedMakesNothing(t *testing.T) {
	for state, fails := range map[string]bool{units.Made: false, units.Failed: true} {
		s, folder := units.Store(t)
		job := units.Job(t, s, folder, "nightly", state, "")
		r, err := (jobs.Kind{What: "backup", Store: s, Keep: 20}).Start(t.Context(), jobs.Caller{}, job.ID, true)
		if (err != nil) != fails || r.Changed || len(r.Warnings) == 0 ||
			!strings.Contains(r.Warnings[len(r.Warnings)-1],
				"nothing was done now") {
			t.Errorf("%+v %v", r, err)
		}
		r, err = (jobs.Kind{What: "backup", Store: s, Keep: 20}).Start(t.Context(), jobs.Caller{}, job.ID, false)
		values, _ := r.Values.(map[string]any)
		if err != nil || r.Changed || values["attached"] != true || values["ended"] != true {
			t.Errorf("without waiting: %+v %v", r, err)
		}
	}
}
