// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/reading"
)

// answer is what one command gave.
type answer struct {
	tool  string
	where string // the command line
	out   []byte
	err   error
}

// unreadable is an output that is not what the command prints.
type unreadable struct{ error }

func (e *unreadable) Unwrap() error { return e.error }

// run runs one of the commands to its end.
func (r *reader) run(ctx context.Context, tool string, args ...string) answer {
	a := answer{tool: tool, where: strings.Join(append([]string{tool}, args...), " ")}
	path, err := r.find(tool)
	if err != nil {
		a.err = err
		return a
	}
	a.where = strings.Join(append([]string{path}, args...), " ")
	a.out, a.err = process.Output(ctx, path, args...)
	return a
}

// refused says that the command does not know an option:
//
//	crm_mon: unrecognized option '--output-as=xml'    (1.1, exit status 1, then its usage)
//	crm_mon: Unknown option --output-as=xml           (2.x, exit status 64)
func (a answer) refused() bool {
	var exit *process.ExitError
	if !errors.As(a.err, &exit) {
		return false
	}
	return strings.Contains(exit.Stderr, "unrecognized option") || strings.Contains(exit.Stderr, "Unknown option")
}

// problem is the answer as a recorded error.
func (a answer) problem(source string) *reading.Error {
	message := a.err.Error()
	if reason := a.reason(); reason != "" {
		message += ": " + reason
	}
	return &reading.Error{Source: source, Where: a.where, Message: message, Hint: a.hint()}
}

// reason is what a command that failed said on its standard output: with --output-as=xml errors go there, and 1.1
// prints them in plain text.
func (a answer) reason() string {
	var exit *process.ExitError
	if !errors.As(a.err, &exit) || len(a.out) == 0 {
		return ""
	}
	if root, err := document(a.out, "pacemaker-result"); err == nil {
		return complaints(root)
	}
	text := strings.TrimSpace(string(a.out[:min(len(a.out), 4096)]))
	if text == "" || strings.HasPrefix(text, "<") || exit.Stderr != "" {
		return ""
	}
	return excerpt.Of(text)
}

// Exit statuses of Pacemaker's commands: 2.x has its own, 1.1 gives errno.
var (
	exitsNotConnected = map[int]bool{102: true, 107: true}
	exitsNotAllowed   = map[int]bool{4: true, 13: true, 126: true}
)

func (a answer) hint() string {
	var exit *process.ExitError
	var bad *unreadable
	var none *NotConnectedError
	isExit := errors.As(a.err, &exit)
	switch {
	case errors.Is(a.err, process.ErrNotFound):
		return fmt.Sprintf("install the package that has it (%s); PATH, /usr/sbin and /sbin are searched",
			packages[a.tool])
	case errors.Is(a.err, context.DeadlineExceeded):
		return "run it by hand on this host: if it answers late, raise the option timeout; if it never does, look at" +
			" pacemaker and corosync in the journal"
	case errors.Is(a.err, os.ErrPermission), isExit && (exitsNotAllowed[exit.Code] || denied(exit.Stderr)):
		return notAllowed
	case errors.As(a.err, &none), isExit && exitsNotConnected[exit.Code]:
		if os.Geteuid() != 0 {
			return notAllowed
		}
		return "is the cluster running on this host? See systemctl status corosync pacemaker"
	case errors.As(a.err, &bad):
		return "run it by hand on this host and look at what it prints: is this the command of Pacemaker or Corosync?"
	case isExit && a.tool == "corosync-quorumtool":
		return "is corosync running on this host, and do you ask as root? See systemctl status corosync"
	}
	return "run it by hand on this host"
}

const notAllowed = "ask as root (become: true) or as a member of the group haclient"

func denied(text string) bool {
	return strings.Contains(text, "Permission denied") || strings.Contains(text, "nsufficient")
}

// packages names what to install, on Red Hat and on Debian.
var packages = map[string]string{
	"crm_mon": "pacemaker-cli or pacemaker-cli-utils", "cibadmin": "pacemaker-cli or pacemaker-cli-utils",
	"crm_node": "pacemaker-cli or pacemaker-cli-utils", "crm_resource": "pacemaker-cli or pacemaker-cli-utils",
	"corosync-quorumtool": "corosync",
}

// silent is the hint of a command that was killed at its deadline: here no option gives it more time.
const silent = "Pacemaker does not answer on this host: see systemctl status pacemaker corosync"

// failure is the answer as an error of the step it was asked for.
func (a answer) failure(step string) error {
	if errors.Is(a.err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w; %s", step, a.err, silent)
	}
	return fmt.Errorf("%s: %w; %s", step, a.err, a.hint())
}

// problemError is a failed reading as an error.
func problemError(ctx context.Context, p *reading.Error) error {
	hint := p.Hint
	if ctx.Err() != nil {
		hint = silent
	}
	return fmt.Errorf("%s; %s", p.Message, hint)
}
