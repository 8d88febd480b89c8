// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"overcloud.backup/internal/unit"
)

// Standing is the progress of a job.
type Standing struct {
	Job      string          `json:"job"`
	Unit     string          `json:"unit"`
	Running  bool            `json:"running"` // its unit exists, also while it undoes
	Ended    bool            `json:"ended"`
	Progress json.RawMessage `json:"progress,omitempty"`
	Result   map[string]any  `json:"result,omitempty"` // of a job that has ended
}

// maxEnding is the time after which a job with a result has ended, whatever its unit still waits for: a destination
// that hangs keeps a process from ending.
const maxEnding = 15 * time.Second

// Look reads a job's state and its unit. Whether the unit runs is read before the state, because in between it may end;
// and whether the job is new before that, because in between its unit may begin.
func (j *Job) Look(ctx context.Context) (Standing, error) {
	s := Standing{Job: j.ID, Unit: j.Unit()}
	young := j.starting()
	u, err := unit.Show(ctx, j.Unit())
	if err != nil {
		return s, err
	}
	state, err := j.State()
	if err != nil {
		return s, err
	}
	s.Running, s.Progress = u.Running(), state.Progress
	s.Ended = state.Finished && (!s.Running || age(j.StateFile()) > maxEnding)
	switch {
	case s.Ended:
		err = json.Unmarshal(state.Content, &s.Result)
		delete(s.Result, "ansible_job_id")
	case !s.Running && !young:
		s.Ended = true
		s.Result = Failure(fmt.Sprintf("job %s ended without a result: this host was restarted, or its processes "+
			"were killed; state: recovered on this host undoes what it left", j.ID))
	}
	return s, err
}

// Gone reports that nothing of a job runs any more, and that none of it is about to.
func (j *Job) Gone(ctx context.Context) (bool, error) {
	if j.starting() { // checked first: its unit may begin just now
		return false, nil
	}
	u, err := unit.Show(ctx, j.Unit())
	return err == nil && !u.Running(), err
}

// starting reports that a job was created just now: until its unit runs, and writes a journal, it looks like a dead
// one.
func (j *Job) starting() bool {
	state, err := j.State()
	if _, missing := os.Lstat(j.Journal()); err != nil || state.Finished || missing == nil {
		return false
	}
	made := age(filepath.Dir(j.StateFile()))
	return made >= 0 && made < startTime
}

const startTime = 10 * time.Second

func age(path string) time.Duration {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return time.Since(info.ModTime())
}

// Message describes the standing.
func (s Standing) Message() string {
	if !s.Ended {
		return "job " + s.Job + " runs"
	}
	return fmt.Sprintf("job %s has ended: %v", s.Job, s.Result["msg"])
}

// Outcome returns the result of a job that has ended as the answer to this call.
func (s Standing) Outcome() (*Answer, error) {
	values := maps.Clone(s.Result)
	a := &Answer{Changed: values["changed"] == true, Values: values}
	a.Msg, _ = values["msg"].(string)
	if list, ok := values["warnings"].([]any); ok {
		for _, w := range list {
			a.Warnings = append(a.Warnings, fmt.Sprint(w))
		}
	}
	var err error
	if values["failed"] == true {
		err, a.Msg = errors.New(a.Msg), ""
	}
	for _, key := range []string{"changed", "failed", "msg", "warnings", "invocation", "exception"} {
		delete(values, key)
	}
	values["job"], values["unit"] = s.Job, s.Unit
	return a, err
}

// earlier returns the outcome of a job that had ended before this call asked for it by its id.
func (s Standing) earlier(what string) (*Answer, error) {
	a, err := s.Outcome()
	a.Changed = false
	a.Warnings = append(a.Warnings,
		"job "+s.Job+" had ended before: this is its earlier result, and nothing was done now; "+
			"leave job out, or set another one, for a new "+what)
	return a, err
}

// Attachment is the answer to a start that is not awaited.
func (s Standing) Attachment(attached bool) map[string]any {
	return map[string]any{"job": s.Job, "unit": s.Unit, "attached": attached, "ended": s.Ended}
}

// Failure is the result of a job that could not leave one itself.
func Failure(msg string) map[string]any {
	return map[string]any{"changed": false, "failed": true, "msg": msg}
}
