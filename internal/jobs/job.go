// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"overcloud.backup/internal/durable"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/journal"
)

// Job is the files of one backup job.
type Job struct {
	ID    string
	store Store
}

// Unit is the name of the job's systemd unit.
func (j *Job) Unit() string { return Unit(j.ID) }

// Unit returns the name of the unit of a job, also of one that is unknown to this host.
func Unit(id string) string { return "overcloud-backup-" + id + ".service" }

// Journal is the path of the record of what the job did and how to undo it.
func (j *Job) Journal() string { return filepath.Join(j.folder(), "journal") }

// StateFile is the path of the job's progress and final result, in the format of Ansible's async jobs.
func (j *Job) StateFile() string { return filepath.Join(j.folder(), "state.json") }

// Binary is the path of the program that the unit runs.
func (j *Job) Binary() string { return filepath.Join(j.folder(), "overcloud_backup") }

// Arguments is the path of the module's arguments, with its secrets. They are never on a disk.
func (j *Job) Arguments() string { return filepath.Join(j.run(), "arguments") }

func (j *Job) folder() string { return filepath.Join(j.store.State, j.ID) }
func (j *Job) run() string    { return filepath.Join(j.store.Run, j.ID) }
func (j *Job) lease() string  { return filepath.Join(j.run(), "lease") }

// Renew records that a caller still waits for the job. The job compares what Lease returns: only a change counts, not
// the content, because clocks jump.
func (j *Job) Renew() error {
	before, err := j.Lease()
	if err != nil {
		return err
	}
	now := time.Now().UTC().Format(time.RFC3339Nano)
	if now == before {
		now += " again"
	}
	if err := durable.Exchange(j.lease(), []byte(now), 0o600); err != nil {
		return fmt.Errorf("renew the lease of job %s: %w", j.ID, err)
	}
	return nil
}

// Lease returns what the last Renew left.
func (j *Job) Lease() (content string, err error) {
	raw, err := ReadSmall(j.lease())
	if err != nil {
		return "", fmt.Errorf("read the lease of job %s: %w", j.ID, err)
	}
	return string(raw), nil
}

// DropSecrets removes the arguments. It is not an error if they are already gone.
func (j *Job) DropSecrets() error {
	if err := os.Remove(j.Arguments()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the arguments of job %s: %w", j.ID, err)
	}
	return nil
}

// End leaves a final result if the job itself left none.
func (j *Job) End(result map[string]any) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("end job %s: %w", j.ID, err)
	}
	if err := durable.Exchange(j.StateFile(), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("end job %s: %w", j.ID, err)
	}
	return nil
}

// State is the content of a job's state file. Its zero value is a job that has not begun.
type State struct {
	Begun    bool // the file exists
	Finished bool // it has its final result
	Failed   bool // which says that it failed
	Progress json.RawMessage
	Content  json.RawMessage // the complete file
}

// Running reports that the job has begun and has not written its result. Its unit shows whether it lives.
func (s State) Running() bool { return s.Begun && !s.Finished }

// State reads the state file; a missing one is a job that has not begun.
func (j *Job) State() (State, error) {
	raw, err := ReadSmall(j.StateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read the state of job %s: %w", j.ID, err)
	}
	s, err := parseState(raw)
	if err != nil {
		return State{}, fmt.Errorf("read the state of job %s: %s: %w", j.ID, j.StateFile(), err)
	}
	return s, nil
}

// parseState follows Ansible's async_status: a file without "started" is the result.
func parseState(raw []byte) (State, error) {
	var c struct {
		Started  json.RawMessage `json:"started"`
		Finished json.RawMessage `json:"finished"`
		Failed   bool            `json:"failed"`
		Progress json.RawMessage `json:"progress"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return State{}, excerpt.Error(err)
	}
	finished := c.Started == nil || yes(c.Finished)
	return State{Begun: true, Finished: finished, Failed: finished && c.Failed, Progress: c.Progress, Content: raw}, nil
}

func yes(raw json.RawMessage) bool { return string(raw) == "1" || string(raw) == "true" }

func (j *Job) fill(arguments []byte, binary string) error {
	// This job is new, so existing files are left over.
	if err := errors.Join(os.RemoveAll(j.run()), os.Mkdir(j.run(), 0o700)); err != nil {
		return err
	}
	if err := durable.Create(j.Arguments(), arguments, 0o600); err != nil {
		return err
	}
	if err := durable.Create(j.lease(), []byte(j.ID), 0o600); err != nil {
		return err
	}
	if err := linkOrCopy(binary, j.Binary()); err != nil {
		return err
	}
	state, _ := json.Marshal(map[string]any{"started": 1, "finished": 0, "ansible_job_id": j.ID})
	if err := durable.Create(j.StateFile(), append(state, '\n'), 0o600); err != nil {
		return err
	}
	return errors.Join(durable.SyncFolder(j.folder()), durable.SyncFolder(j.store.State))
}

// remove removes everything of a job.
func (j *Job) remove() error {
	return errors.Join(os.RemoveAll(j.run()), os.RemoveAll(j.folder()))
}

// over reports that nobody needs a job's files any more.
func (j *Job) over() bool {
	state, err := j.State()
	if err != nil || !state.Finished {
		return false
	}
	left, err := journal.Read(j.Journal())
	return len(left) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist))
}

func (j *Job) ended() time.Time {
	info, err := os.Lstat(j.StateFile())
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
