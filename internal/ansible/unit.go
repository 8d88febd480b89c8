// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"overcloud.backup/internal/ansible/value"
)

// unitJob runs the module of an arguments file as the program of a unit.
func (p Program) unitJob(ctx context.Context, arguments, state string) int {
	t, err := p.prepareFile(arguments, InUnit)
	if err != nil {
		return endJob(state, t.refusal(err))
	}
	t.call.progress = func(v any) { t.report(state, v) }
	return endJob(state, t.run(ctx))
}

// unitUndo runs the module again after the unit's program has ended. An existing result of that program stays; only if
// the program was killed first does the result of unitUndo become the job's.
func (p Program) unitUndo(ctx context.Context, arguments, state string) int {
	t, err := p.prepareFile(arguments, AfterUnit)
	line := t.refusal(err)
	if err == nil {
		line = t.run(ctx)
	}
	if !ended(state) {
		return endJob(state, line)
	}
	if failed(line) {
		// Only the systemd journal shows it.
		fmt.Fprintln(os.Stderr, message(line))
		return 1
	}
	return 0
}

func (p Program) prepareFile(arguments string, s Stage) (*task, error) {
	f, err := os.Open(arguments)
	if err != nil {
		return &task{fragments: p.Fragments, call: &Call{Stage: s}}, fmt.Errorf("read the arguments: %w", err)
	}
	defer f.Close()
	t, err := p.prepare("", f)
	t.call.Stage = s
	return t, err
}

// message returns the text of a result for people.
func message(line []byte) string {
	var r struct{ Msg string }
	if json.Unmarshal(line, &r) != nil || r.Msg == "" {
		return string(line)
	}
	return r.Msg
}

// ended reports whether a job file contains a result.
func ended(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	state, err := value.Object(f)
	_, running := state["started"]
	return err == nil && !running
}
