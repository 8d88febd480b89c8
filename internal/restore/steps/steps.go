// SPDX-License-Identifier: GPL-3.0-or-later

// Package steps brings one controller to the states of a restore: each is a step with a name, what the controller must
// have recorded before it, a check whether it was taken, and an action. It also contains operations outside of a
// restore: schemas that are loaded into the running cluster, and Pacemaker's configuration.
package steps

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/restore"
)

// Step is a state that a controller is brought to. It may be requested again, whatever interrupted the previous
// attempt: what was done already stays as it is.
type Step struct {
	Name string
	// book is what the controller must have recorded of the restore.
	book func(*run) error
	// done reports that the step was taken already. If nil, the action finds that out by itself.
	done func(*run) bool
	act  func(*run, context.Context) error
}

// steps are all steps, in the order of a restore; then those of a rollback, and of a single controller.
var steps = []Step{
	{Name: "staged", book: (*run).anyBook, act: (*run).staged},
	{Name: "fenced", book: (*run).begin, done: (*run).ended, act: (*run).fenced},
	{Name: "stopped", book: (*run).known, done: (*run).runsAgain, act: (*run).stopped},
	{Name: "replaced", book: (*run).forward, done: (*run).ended, act: (*run).replaced},
	{Name: "started", book: (*run).known, done: (*run).ended, act: (*run).started},
	{Name: "checked", book: (*run).known, done: (*run).ended, act: (*run).checked},
	{Name: "opened", book: (*run).known, done: (*run).letIn, act: (*run).opened},
	{Name: "reached", book: (*run).known, done: (*run).ended, act: (*run).reached},
	{Name: "finished", book: (*run).known, done: (*run).ended, act: (*run).finished},
	{Name: "rolling_back", book: (*run).begin, act: (*run).rollingBack},
	{Name: "rolled_back", book: (*run).known, done: (*run).ended, act: (*run).rolledBack},
	{Name: "rejoined", book: (*run).anyBook, act: (*run).rejoined},
}

// Run brings this controller to the state of the options.
func (o Options) Run(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	switch o.State {
	case "loaded":
		return o.loaded(ctx, caller)
	case "counted":
		return o.counted(ctx, caller)
	case "configured":
		return o.configured(ctx, caller)
	}
	n, err := restore.Look(ctx)
	if err != nil {
		return nil, err
	}
	if o.State == Planned {
		return o.planned(ctx, n)
	}
	step, err := find(o.State)
	if err != nil {
		return nil, err
	}
	if caller.CheckMode {
		return &jobs.Answer{Changed: true, Msg: "check mode: nothing was done; state planned shows what would be"}, nil
	}
	b, err := restore.OpenBook(home)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	r := &run{Options: o, caller: caller, node: n, book: b}
	return r.take(ctx, step)
}

func find(name string) (Step, error) {
	for _, s := range steps {
		if s.Name == name {
			return s, nil
		}
	}
	return Step{}, fmt.Errorf("internal error: state %q", name)
}

// take takes one step, or finds that it was taken already.
func (r *run) take(ctx context.Context, s Step) (*jobs.Answer, error) {
	err := s.book(r)
	if err == nil && (s.done == nil || !s.done(r)) {
		err = s.act(r, ctx)
	}
	values := standing(r.node, r.book)
	values.Said = r.actions
	return &jobs.Answer{Changed: r.changed, Msg: strings.Join(r.actions, "; "), Warnings: r.warnings,
		Values: values}, err
}
