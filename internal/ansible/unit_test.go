// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/ansible/value"
)

// unitFiles returns the arguments of a unit's job and the job file of a running job.
func unitFiles(t *testing.T, args string) (arguments, state string) {
	t.Helper()
	dir := t.TempDir()
	arguments, state = filepath.Join(dir, "arguments"), filepath.Join(dir, "state.json")
	write := func(path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(arguments, args)
	write(state, `{"started": 1, "finished": 0, "ansible_job_id": "j"}`)
	return arguments, state
}

func readState(t *testing.T, path string) map[string]any {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := value.Object(f)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// staged notes the stages in which a module runs, and fails with end in the stage of the unit's end.
func staged(stages *[]Stage, end error) Program {
	return probe(func(_ context.Context, call *Call) (*Result, error) {
		*stages = append(*stages, call.Stage)
		if call.Stage == AfterUnit {
			return &Result{Values: map[string]any{"by": "undo"}}, errors.New("ended by force, hunter2")
		}
		return &Result{Changed: end == nil, Values: map[string]any{"by": "job"}}, end
	})
}

const unitArguments = `{"_ansible_module_name":"overcloud.backup.probe","password":"hunter2","name":"n"}`

// The job's own result is kept, good or bad; the result of the stop command is used only if there is none.
func TestTheResultOfAUnitIsItsJobsElseItsUndos(t *testing.T) {
	for name, c := range map[string]struct {
		run  bool
		end  error
		by   string
		fail bool
	}{
		"it succeeded": {true, nil, "job", false}, "it failed": {true, errors.New("full"), "job", true},
		"it was killed": {false, nil, "undo", true},
	} {
		t.Run(name, func(t *testing.T) {
			arguments, state := unitFiles(t, unitArguments)
			var stages []Stage
			p, want := staged(&stages, c.end), []Stage{AfterUnit}
			if c.run {
				want = []Stage{InUnit, AfterUnit}
				if status := p.Main([]string{arguments, "--job", state}, nil, nil); status != 0 != c.fail {
					t.Errorf("the job's status is %d", status)
				}
			}
			p.Main([]string{arguments, "--undo", state}, nil, nil)
			got := readState(t, state)
			if got["by"] != c.by || (got["failed"] == true) != c.fail || got["started"] != nil ||
				!slices.Equal(stages, want) {
				t.Errorf("%v after %v", got, stages)
			}
			if strings.Contains(value.Show(got["msg"]), "hunter2") {
				t.Errorf("the secret is shown: %v", got)
			}
		})
	}
}

func TestAUnitsProgressIsInItsJobFile(t *testing.T) {
	arguments, state := unitFiles(t, unitArguments)
	var seen map[string]any
	p := probe(func(_ context.Context, call *Call) (*Result, error) {
		call.Progress(map[string]any{"phase": "stream", "note": "hunter2"})
		seen = readState(t, state)
		return nil, nil
	})
	if status := p.Main([]string{arguments, "--job", state}, nil, nil); status != 0 {
		t.Error(status)
	}
	progress, _ := seen["progress"].(map[string]any)
	if progress["phase"] != "stream" || progress["note"] == "hunter2" || value.Show(seen["finished"]) != "0" {
		t.Errorf("while it ran: %v", seen)
	}
}

// The arguments are only in memory, so they are gone after a reboot; so are those of an incomplete file.
func TestAUnitWithoutItsArgumentsFailsInItsJobFile(t *testing.T) {
	for name, args := range map[string]string{"missing": "", "torn": `{"_ansible_module_name":"pro`,
		"of another program": `{"_ansible_module_name":"gone"}`} {
		for _, how := range []string{"--job", "--undo"} {
			arguments, state := unitFiles(t, args)
			if args == "" {
				os.Remove(arguments)
			}
			var stages []Stage
			if status := staged(&stages, nil).Main([]string{arguments, how, state}, nil, nil); status != 1 ||
				len(stages) > 0 {
				t.Errorf("%s %s: %d, ran %v", name, how, status, stages)
			}
			if got := readState(t, state); got["failed"] != true || got["msg"] == "" {
				t.Errorf("%s %s: %v", name, how, got)
			}
		}
	}
}

// A file that is not a job file is replaced: there must be a result.
func TestADamagedJobFileIsNoResult(t *testing.T) {
	arguments, state := unitFiles(t, unitArguments)
	if err := os.WriteFile(state, []byte(`{"msg": "ma`), 0o600); err != nil {
		t.Fatal(err)
	}
	var stages []Stage
	staged(&stages, nil).Main([]string{arguments, "--undo", state}, nil, nil)
	if got := readState(t, state); got["by"] != "undo" {
		t.Errorf("%v", got)
	}
}
