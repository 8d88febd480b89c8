// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"overcloud.backup/internal/excerpt"
)

// Main runs one command line, without the program's name, and returns the exit status. It accepts:
//
//	ARGSFILE                      as Ansible starts a binary module; _ansible_module_name names the module
//	- NAME                        arguments on stdin
//	- NAME --async JID LIMIT DIR  the same in the background, with a job file for async_status
//	ARGSFILE --job STATEFILE      as a unit's program: progress and result go to STATEFILE, a job file
//	ARGSFILE --undo STATEFILE     as the program after it; its result is used only if the job left none
//	--version
func (p Program) Main(argv []string, stdin io.Reader, stdout io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	switch {
	case len(argv) == 1 && argv[0] == "--version":
		fmt.Fprintln(stdout, p.Version)
		return 0
	case len(argv) == 1 && !strings.HasPrefix(argv[0], "-"):
		content, err := os.ReadFile(argv[0])
		if err != nil {
			return p.refuse(stdout, fmt.Errorf("read the arguments: %w", excerpt.Error(err)))
		}
		return p.run(ctx, "", bytes.NewReader(content), stdout)
	case len(argv) == 3 && argv[1] == "--job":
		return p.unitJob(ctx, argv[0], argv[2])
	case len(argv) == 3 && argv[1] == "--undo":
		return p.unitUndo(ctx, argv[0], argv[2])
	case len(argv) == 2 && argv[0] == "-":
		return p.run(ctx, argv[1], stdin, stdout)
	case len(argv) == 6 && argv[0] == "-" && argv[2] == "--async":
		return p.detach(argv[1], argv[3], argv[4], argv[5], stdin, stdout)
	case len(argv) == 5 && argv[0] == "-" && argv[2] == "--job":
		return p.job(ctx, argv[1], argv[3], argv[4], stdin)
	}
	const usage = "usage: ARGSFILE [--job|--undo STATEFILE] | - MODULE [--async JID LIMIT DIR] | --version"
	return p.refuse(stdout, errors.New(usage))
}

func (p Program) run(ctx context.Context, name string, in io.Reader, stdout io.Writer) int {
	t, err := p.prepare(name, in)
	if err != nil {
		return write(stdout, t.refusal(err))
	}
	return write(stdout, t.run(ctx))
}
