// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/crmmon"
	"overcloud.backup/internal/pacemaker/xmldoc"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/reading"
)

// Answer is the result of one command.
type Answer struct {
	tool  string
	where string // the command line
	Out   []byte
	Err   error
}

// unreadable is an output that the command does not print.
type unreadable struct{ error }

func (e *unreadable) Unwrap() error { return e.error }

// Run runs one of the commands to its end.
func (r *Commands) Run(ctx context.Context, tool string, args ...string) Answer {
	a := Answer{tool: tool, where: strings.Join(append([]string{tool}, args...), " ")}
	path, err := r.Find(tool)
	if err != nil {
		a.Err = err
		return a
	}
	a.where = strings.Join(append([]string{path}, args...), " ")
	a.Out, a.Err = process.Output(ctx, path, args...)
	return a
}

// refused reports that the command does not know an option:
//
//	crm_mon: unrecognized option '--output-as=xml'    (1.1, exit status 1, then its usage)
//	crm_mon: Unknown option --output-as=xml           (2.x, exit status 64)
func (a Answer) refused() bool {
	var exit *process.ExitError
	if !errors.As(a.Err, &exit) {
		return false
	}
	return strings.Contains(exit.Stderr, "unrecognized option") || strings.Contains(exit.Stderr, "Unknown option")
}

// problem returns the answer as a recorded error.
func (a Answer) problem(source string) *reading.Error {
	message := a.Err.Error()
	if reason := a.reason(); reason != "" {
		message += ": " + reason
	}
	return &reading.Error{Source: source, Where: a.where, Message: message, Hint: a.hint()}
}

// reason returns what a command that failed printed to its standard output: with --output-as=xml errors go there, and
// 1.1 prints them in plain text.
func (a Answer) reason() string {
	var exit *process.ExitError
	if !errors.As(a.Err, &exit) || len(a.Out) == 0 {
		return ""
	}
	if root, err := xmldoc.Parse(a.Out, "pacemaker-result"); err == nil {
		return crmmon.Complaints(root)
	}
	text := strings.TrimSpace(string(a.Out[:min(len(a.Out), 4096)]))
	if text == "" || strings.HasPrefix(text, "<") || exit.Stderr != "" {
		return ""
	}
	return excerpt.Of(text)
}

// Exit statuses of Pacemaker's commands: 2.x has its own, 1.1 uses errno.
var (
	exitsNotConnected = map[int]bool{102: true, 107: true}
	exitsNotAllowed   = map[int]bool{4: true, 13: true, 126: true}
)

func (a Answer) hint() string {
	var exit *process.ExitError
	var bad *unreadable
	var none *crmmon.NotConnectedError
	isExit := errors.As(a.Err, &exit)
	switch {
	case errors.Is(a.Err, process.ErrNotFound):
		return fmt.Sprintf("install the package that has it (%s); PATH, /usr/sbin and /sbin are searched",
			packages[a.tool])
	case errors.Is(a.Err, context.DeadlineExceeded):
		return "run it by hand on this host: if it answers late, raise the option timeout; if it never does, check" +
			" pacemaker and corosync in the journal"
	case errors.Is(a.Err, os.ErrPermission), isExit && (exitsNotAllowed[exit.Code] || denied(exit.Stderr)):
		return notAllowed
	case errors.As(a.Err, &none), isExit && exitsNotConnected[exit.Code]:
		if os.Geteuid() != 0 {
			return notAllowed
		}
		return "is the cluster running on this host? See systemctl status corosync pacemaker"
	case errors.As(a.Err, &bad):
		return "run it by hand on this host and check its output: is this the command of Pacemaker or Corosync?"
	case isExit && a.tool == "corosync-quorumtool":
		return "is corosync running on this host, and do you ask as root? See systemctl status corosync"
	}
	return "run it by hand on this host"
}

const notAllowed = "ask as root (become: true) or as a member of the group haclient"

func denied(text string) bool {
	return strings.Contains(text, "Permission denied") || strings.Contains(text, "nsufficient")
}

// packages lists the packages to install, on Red Hat and on Debian.
var packages = map[string]string{
	"crm_mon": "pacemaker-cli or pacemaker-cli-utils", "cibadmin": "pacemaker-cli or pacemaker-cli-utils",
	"crm_node": "pacemaker-cli or pacemaker-cli-utils", "crm_resource": "pacemaker-cli or pacemaker-cli-utils",
	"corosync-quorumtool": "corosync",
}

// silentHint is the hint for a command that was killed at its deadline: here no option extends it.
const silentHint = "Pacemaker does not answer on this host: see systemctl status pacemaker corosync"

// Failure returns the answer as an error of the step that it was asked for.
func (a Answer) Failure(step string) error {
	if errors.Is(a.Err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w; %s", step, a.Err, silentHint)
	}
	return fmt.Errorf("%s: %w; %s", step, a.Err, a.hint())
}

// ProblemError returns a failed reading as an error.
func ProblemError(ctx context.Context, p *reading.Error) error {
	hint := p.Hint
	if ctx.Err() != nil {
		hint = silentHint
	}
	return fmt.Errorf("%s; %s", p.Message, hint)
}
