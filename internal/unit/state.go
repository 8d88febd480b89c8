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

// State is a unit as systemd shows it, in systemd's words.
type State struct {
	Load    string // loaded, not-found
	Active  string // active, inactive, failed, activating, deactivating, reloading
	Sub     string // running, stop-post, dead
	Result  string // success, signal, timeout, oom-kill, exit-code
	MainPID int    // 0 when its program does not run
}

// Running says that the unit, or what it runs after its end, is not over.
func (s State) Running() bool {
	return slices.Contains([]string{"active", "activating", "deactivating", "reloading"}, s.Active)
}

// Show reads the state of a unit. One that is not there is not-found and inactive.
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

// parseShow takes lines as ActiveState=inactive; one that is not there has no Result and no MainPID before 230.
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
		return State{}, fmt.Errorf("systemctl says %q", excerpt.UpTo(200, text))
	}
	return s, nil
}
