// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
)

// State is the state of a unit in systemd's terms.
type State struct {
	Load    string // loaded, not-found
	Active  string // active, inactive, failed, activating, deactivating, reloading
	Sub     string // running, stop-post, dead
	Result  string // success, signal, timeout, oom-kill, exit-code
	MainPID int    // 0 if its program does not run
}

// Running reports whether the unit, or a program that it runs after its end, is still active.
func (s State) Running() bool {
	return slices.Contains([]string{"active", "activating", "deactivating", "reloading"}, s.Active)
}

// Show reads the state of a unit. A unit that does not exist is not-found and inactive.
func Show(ctx context.Context, name string) (State, error) {
	out, err := process.Output(ctx, "systemctl", "show", "--property=LoadState", "--property=ActiveState",
		"--property=SubState", "--property=Result", "--property=MainPID", "--", name)
	if err != nil {
		return State{}, fmt.Errorf("show %s: %w", name, err)
	}
	s, err := parseShow(string(out))
	if err != nil {
		return State{}, fmt.Errorf("show %s: %w", name, err)
	}
	return s, nil
}

// parseShow reads lines such as ActiveState=inactive; a missing unit has no Result and no MainPID before 230.
func parseShow(text string) (s State, err error) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		switch name {
		case "LoadState":
			s.Load = value
		case "ActiveState":
			s.Active = value
		case "SubState":
			s.Sub = value
		case "Result":
			s.Result = value
		case "MainPID":
			s.MainPID, err = strconv.Atoi(value)
		}
	}
	if err != nil || s.Load == "" || s.Active == "" {
		return State{}, fmt.Errorf("systemctl reports %q", excerpt.UpTo(200, text))
	}
	return s, nil
}

// Failed returns the units of a name pattern, such as overcloud-backup-*.service, that ended badly and that systemd has
// not forgotten.
func Failed(ctx context.Context, pattern string) ([]string, error) {
	out, err := process.Output(ctx, "systemctl", "list-units", "--all", "--full", "--no-legend", "--no-pager",
		"--state=failed", "--", pattern)
	if err != nil {
		return nil, fmt.Errorf("list the units that failed: %w", err)
	}
	return parseUnits(string(out)), nil
}

// parseUnits reads the names of a list. Versions mark a failed unit with a dot:
//
//	● overcloud-backup-20261123T081500Z-4f2a9c.service loaded failed failed overcloud.backup job 2026…
func parseUnits(text string) (names []string) {
	for line := range strings.Lines(text) {
		for _, word := range strings.Fields(line) {
			if strings.HasSuffix(word, ".service") {
				names = append(names, excerpt.Of(word))
				break
			}
		}
	}
	return names
}
