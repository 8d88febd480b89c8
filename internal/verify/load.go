// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"overcloud.backup/internal/process"
)

// unusable is a set that reads back well and cannot be restored.
type unusable struct{ Problem }

func (u unusable) Error() string { return u.String() }

// damagedFile is a file of the set that cannot be read back.
type damagedFile struct{ unusable }

func (d damagedFile) Unwrap() error { return d.unusable }

// fromOutside are the signals by which somebody else ends a program: an operator, systemd, the kernel without memory.
var fromOutside = []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}

// refusedBy makes a problem of a program's own refusal, or of its crash over the data. One that was ended from outside
// proves nothing.
func refusedBy(file, step string, err error, said string) error {
	var exit *process.ExitError
	outside := func(s syscall.Signal) bool { return s.String() == exit.Signal }
	if !errors.As(err, &exit) || slices.ContainsFunc(fromOutside, outside) {
		return fmt.Errorf("%s: %w", step, err)
	}
	how := fmt.Sprintf("exit status %d", exit.Code)
	if exit.Signal != "" {
		how = "ended by " + exit.Signal
	}
	if said == "" {
		said = lastLine(exit.Stderr)
	}
	if err := withoutKey(said); err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	return unusable{problem(file, "%s: %s: %s", step, how, said)}
}

// prepare unpacks a physical set, which is read back in the same pass, and makes a datadir of it.
func (r *restoring) prepare(ctx context.Context) error {
	f := data(r.set.Manifest)
	r.phase("unpack")
	if err := r.pour(ctx, f, newStream(r.set.Manifest), r.tools.Paths["unpack"], "-x", "-C", r.scratch.path(dataName)); err != nil {
		return err
	}
	var err error
	if r.outside, err = removeLinks(r.scratch.path(dataName)); err != nil {
		return err
	}
	args, dropped, err := cleanOptions(r.scratch.path(dataName), r.scratch.owner)
	if err != nil {
		return unusable{problem(f.Name, "%v", err)}
	}
	if len(dropped) > 0 {
		r.warn("%s of the set has settings that are not used: %s", optionsFile, strings.Join(dropped, ", "))
	}
	r.phase("prepare")
	said, last := &serverLog{}, &process.Tail{Max: 4 << 10}
	o := r.scratch.child()
	o.Stdout, o.Stderr = io.Discard, io.MultiWriter(said, last)
	err = o.Run(ctx, r.tools.Paths["prepare"],
		// With --no-defaults it takes pages of 16 KiB and one ibdata1, whatever the backup's own file says (10.11.19).
		"--defaults-file="+filepath.Join(r.scratch.path(dataName), optionsFile), "--prepare", "--target-dir="+r.scratch.path(dataName), "--tmpdir="+r.scratch.path(temporaryName),
		fmt.Sprintf("--use-memory=%d", r.o.Memory))
	if err != nil {
		return refusedBy(f.Name, "mariadb-backup --prepare", err, said.said())
	}
	if end := lastLine(last.String()); !strings.HasSuffix(end, "completed OK!") {
		return unusable{problem(f.Name, "mariadb-backup --prepare did not complete: %s", end)}
	}
	r.options = args
	return nil
}

// load starts an empty server and gives it a logical set.
func (r *restoring) load(ctx context.Context) error {
	r.phase("install")
	o := r.scratch.child()
	o.Stdout = io.Discard
	args := emptyServer(r.scratch.path(dataName), r.scratch.path(temporaryName), r.scratch.owner)
	args = slices.Concat(args, madeWith(r.set.Manifest.Server.Settings), r.o.ServerOptions)
	if err := o.Run(ctx, r.tools.Paths["install"], args...); err != nil {
		return fmt.Errorf("make an empty server: %w", err)
	}
	if err := r.start(ctx, append([]string{"--innodb-log-file-size=64M"}, r.o.ServerOptions...)); err != nil {
		return err
	}
	r.phase("load")
	loader, err := r.scratch.connect(ctx)
	if err != nil {
		return fmt.Errorf("log in to the scratch server: %w", err)
	}
	defer loader.Close()
	return (&feeding{restoring: r, server: loader}).all(ctx)
}

// emptyServer are the arguments by which an empty server is made. --force asks nobody for this host's name.
func emptyServer(datadir, temporary string, owner process.Owner) []string {
	args := []string{"--no-defaults", "--datadir=" + datadir, "--tmpdir=" + temporary, "--skip-test-db", "--skip-name-resolve", "--force",
		"--auth-root-authentication-method=socket", "--innodb-log-file-size=64M"}
	if owner == (process.Owner{}) {
		args = append(args, "--user=root")
	}
	return args
}

// start starts the scratch server.
func (r *restoring) start(ctx context.Context, options []string) (err error) {
	r.phase("start")
	plugins, err := r.scratch.plugins(r.tools)
	if err != nil {
		return err
	}
	r.server, err = r.scratch.start(ctx, r.tools.Paths["server"], r.o.Memory, slices.Concat(plugins, worldOf(r.set.Manifest.Server.Settings, r.set.Manifest.Method), options))
	var ended *endedError
	if errors.As(err, &ended) && r.set.Manifest.Method == "physical" {
		return refusedBy(data(r.set.Manifest).Name, "the scratch server does not start on it", ended.err, ended.said)
	}
	return err
}
