// SPDX-License-Identifier: GPL-3.0-or-later

package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// steps returns the steps in order.
func (s *situation) steps() []Step {
	switch s.State {
	case Restored:
		return s.restore()
	case RolledBack:
		return s.rollBack()
	case Rejoined:
		return []Step{{
			State: "rejoined", Task: "Rejoin the controller", Hosts: []string{s.target.Host},
			Why: "give up the data of " + s.target.Node.Name + ", and have it copy those of another controller",
		}}
	case Loaded:
		return []Step{
			{State: "loaded", Task: "Load parts of the set", Hosts: []string{s.target.Host},
				Why: "load them through " + s.target.Host},
			{
				State: "counted", Task: "Count what was loaded on every controller", Hosts: s.Hosts,
				Why: "count them on every controller",
			},
		}
	}
	verb := "compare"
	if s.Push {
		verb = "replace"
	}
	return []Step{{
		State: "configured", Task: "Compare Pacemaker's configuration with the set's", Hosts: []string{s.target.Host},
		Why: verb + " it through " + s.target.Host,
	}}
}

func (s *situation) restore() (steps []Step) {
	target, datadir := []string{s.target.Host}, s.target.Node.Datadir
	keep := ", and keep it"
	if s.RemoveOld {
		keep = ", until the end"
	}
	if !s.lives() {
		steps = append(steps, Step{
			State: "staged", Task: "Make the set ready", Hosts: target, Target: s.target.Host,
			Why: "make it ready on " + s.target.Host + " beside " + datadir + ", while the database serves",
		})
	}
	steps = append(steps, s.stop()...)
	if !s.lives() {
		steps = append(steps, Step{
			State: "replaced", Task: "Move the datadirs aside and the set in", Hosts: hosts(s.views),
			Target: s.target.Host,
			Why:    "move every " + datadir + " aside" + keep,
		})
	}
	return slices.Concat(steps, s.start("start it from the set on "+s.target.Host+"; the others copy its data"),
		s.end())
}

func (s *situation) rollBack() []Step {
	steps := []Step{{
		State: "rolling_back", Task: "Record that the original data is to return", Hosts: hosts(s.views),
		Why: "record on all controllers that the original data is to return",
	}}
	if s.stopped {
		back := Step{
			State: "rolled_back", Task: "Put the original data back", Hosts: hosts(s.views), Target: s.target.Host,
			Why: "put the original datadirs back, and keep the restored ones next to them",
		}
		steps = slices.Concat(steps, s.stop(), []Step{back}, s.start("start it on the original data"))
	}
	return append(steps, s.end()...)
}

// stop returns the steps to a stopped database that no client waits for.
func (s *situation) stop() []Step {
	return []Step{
		{
			State: "fenced", Task: "Keep clients out", Hosts: hosts(s.views), Target: s.target.Host,
			Why: "keep clients from port " + s.target.Node.Port + " of all controllers",
		},
		{
			State: "stopped", Task: "Stop the database", Hosts: []string{s.target.Host}, Target: s.target.Host,
			Why: "stop the database on all controllers, through Pacemaker",
		},
	}
}

func (s *situation) start(why string) []Step {
	return []Step{
		{State: "started", Task: "Start the database", Hosts: []string{s.target.Host}, Target: s.target.Host, Why: why},
		{
			State: "checked", Task: "Check the database with the deployed accounts", Hosts: hosts(s.views),
			Target: s.target.Host, Why: "check it with the deployed accounts",
		},
	}
}

// end returns the steps that let clients in. The target ends last: a restore is under way as long as its book is open.
func (s *situation) end() []Step {
	others := slices.DeleteFunc(hosts(s.views), func(host string) bool { return host == s.target.Host })
	slices.Sort(others)
	return []Step{
		{State: "opened", Task: "Let clients in", Hosts: hosts(s.views), Target: s.target.Host, Why: "let clients in"},
		{
			State: "reached", Task: "Check through the virtual IP", Hosts: []string{s.target.Host},
			Target: s.target.Host,
			Why:    "check through the virtual IP",
		},
		{
			State: "finished", Task: "End the restore", Hosts: append(others, s.target.Host), Target: s.target.Host,
			Why: "record on all controllers that it has ended",
		},
	}
}

// lines returns the plan for people.
func (s *situation) lines() []string {
	lines := s.heading()
	for i, step := range s.steps() {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, step.Why))
	}
	return lines
}

// notSigned is what a restore cannot know about a set.
const notSigned = "   not signed: anyone who can write to the destination can have written its data, its manifest " +
	"and the record that it was verified"

func (s *situation) heading() []string {
	members := strings.Join(s.members, ", ")
	switch s.State {
	case Restored:
		verb := "Restore"
		if s.begun {
			verb = "Continue the restore"
		}
		lines := []string{verb + " of " + s.set, "   to " + members, "   verified: " + s.verified(), notSigned}
		if len(s.rejoining) > 0 {
			lines = append(lines, s.takesOver())
		}
		return lines
	case RolledBack:
		return []string{fmt.Sprintf("Return to the data from before the restore %s of %s, begun %s, on %s",
			s.job, s.set, s.began, members)}
	case Rejoined:
		return []string{"Rejoin " + s.target.Node.Name + " from the other controllers"}
	case Loaded:
		return []string{"Load parts of " + s.set, "   verified: " + s.verified(), notSigned}
	}
	if s.Push {
		return []string{"Replace Pacemaker's configuration with that of " + s.set, notSigned}
	}
	return []string{"Compare Pacemaker's configuration with that of " + s.set, notSigned}
}

func (s *situation) takesOver() string {
	var aside []string
	for _, v := range s.rejoining {
		aside = append(aside, v.Book.Aside...)
	}
	return "   " + named(s.rejoining) + ": its rejoin has not ended: this restore takes it over. " +
		"What was moved aside for it stays at " + cmp.Or(strings.Join(aside, ", "), "its place")
}

func (s *situation) report() string {
	members := strings.Join(s.members, ", ")
	switch s.State {
	case Restored:
		return members + ": restored from " + s.set
	case RolledBack:
		return members + ": back at the original data"
	}
	return s.target.Host + ": it has the data of the other controllers again"
}

// advice says how to continue after a step has failed.
func (s *situation) advice() string {
	if s.State == Restored || s.State == RolledBack {
		return "What was done stays as it is: run it again to continue, or with controller_restore_state=rolled_back " +
			"to return to the original data."
	}
	return "What was done stays as it is: run it again to continue."
}
