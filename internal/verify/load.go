// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/safefile"
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
		said = errorLine(exit.Stderr)
	}
	return unusable{problem(file, "%s: %s: %s", step, how, said)}
}

// errorLine is what the client says, as "ERROR 1064 (42000) at line 7: You have...", among the statement itself.
func errorLine(text string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "ERROR ") {
			return excerpt.Said(strings.TrimSpace(line))
		}
	}
	return excerpt.Said(lastLine(text))
}

// maxOptionsFile bounds backup-my.cnf, which has a dozen lines. The set wrote it into a folder of the server's user.
const maxOptionsFile = 1 << 20

// prepare unpacks a physical set, which is read back in the same pass, and makes a datadir of it.
func (r *restoring) prepare(ctx context.Context) error {
	f := data(r.set.Manifest)
	r.phase("unpack")
	o := r.scratch.child()
	o.Stdout = io.Discard
	if err := r.pour(ctx, f, o, passOn, r.tools.Paths["unpack"], "-x", "-C", r.scratch.path(dataName)); err != nil {
		return err
	}
	var err error
	if r.elsewhere, err = removeLinks(r.scratch.path(dataName)); err != nil {
		return err
	}
	options, err := safefile.ReadOwn(filepath.Join(r.scratch.path(dataName), optionsFile), maxOptionsFile)
	if err != nil {
		return unusable{problem(f.Name, "the stream holds no %s", optionsFile)}
	}
	r.phase("prepare")
	said, last := &serverLog{}, &process.Tail{Max: 4 << 10}
	o = r.scratch.child()
	o.Stdout, o.Stderr = io.Discard, io.MultiWriter(said, last)
	err = o.Run(ctx, r.tools.Paths["prepare"], "--no-defaults", "--prepare", "--target-dir="+r.scratch.path(dataName), "--tmpdir="+r.scratch.path(temporaryName),
		fmt.Sprintf("--use-memory=%d", r.o.Memory))
	if err != nil {
		return refusedBy(f.Name, "mariadb-backup --prepare", err, said.said())
	}
	if end := lastLine(last.String()); !strings.HasSuffix(end, "completed OK!") {
		return unusable{problem(f.Name, "mariadb-backup --prepare did not complete: %s", end)}
	}
	r.options = optionsOf(options)
	return nil
}

// pour hands what is inside a file of the set to a program, and reads the file back on the way. What it finds wrong with
// the file goes before what the program says. through sees what the program gets.
func (r *restoring) pour(ctx context.Context, f repository.File, o process.ChildOptions, through func(io.Writer) io.Writer, program string, args ...string) error {
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	defer to.Close()
	o.Stdin = from
	child, err := process.StartChild(ctx, o, program, args...)
	from.Close()
	if err != nil {
		return err
	}
	defer child.Kill()
	bad, err := r.set.readFile(ctx, f, through(to), r.read)
	to.Close()
	ended := child.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case bad != nil:
		return damagedFile{unusable{*bad}}
	case err != nil && !errors.Is(err, syscall.EPIPE):
		return err
	case ended != nil:
		return refusedBy(f.Name, program, ended, "")
	}
	return err
}

func passOn(to io.Writer) io.Writer { return to }

// load starts an empty server and gives it a logical set: users first, because views and triggers name them.
func (r *restoring) load(ctx context.Context) error {
	r.phase("install")
	o := r.scratch.child()
	o.Stdout = io.Discard
	args := emptyServer(r.scratch.path(dataName), r.scratch.path(temporaryName), r.scratch.owner)
	if err := o.Run(ctx, r.tools.Paths["install"], append(args, r.o.ServerOptions...)...); err != nil {
		return fmt.Errorf("make an empty server: %w", err)
	}
	if err := r.start(ctx, append([]string{"--innodb-log-file-size=64M"}, r.o.ServerOptions...)); err != nil {
		return err
	}
	r.phase("load")
	login, err := r.server.OptionFile("")
	if err == nil {
		err = r.scratch.give(loginName, string(login))
	}
	if err != nil {
		return err
	}
	for _, f := range r.set.Manifest.Files {
		if f.Content == contentUsers {
			if err := r.feed(ctx, f); err != nil {
				return err
			}
		}
	}
	return r.feed(ctx, data(r.set.Manifest))
}

// emptyServer are the arguments by which an empty server is made.
func emptyServer(datadir, temporary string, owner process.Owner) []string {
	args := []string{"--no-defaults", "--datadir=" + datadir, "--tmpdir=" + temporary, "--skip-test-db", "--skip-name-resolve",
		"--auth-root-authentication-method=socket", "--innodb-log-file-size=64M"}
	if owner == (process.Owner{}) {
		args = append(args, "--user=root")
	}
	return args
}

// feed runs the client on a file of statements. --sandbox keeps them from the host.
func (r *restoring) feed(ctx context.Context, f repository.File) error {
	args := []string{"--defaults-file=" + r.scratch.path(loginName), "--batch", "--default-character-set=utf8mb4", "--max-allowed-packet=1G"}
	if r.tools.sandbox {
		args = append(args, "--sandbox")
	}
	o := r.scratch.child()
	o.Stdout = io.Discard
	err := r.pour(ctx, f, o, func(to io.Writer) io.Writer { return &insideOnly{to: to} }, r.tools.Paths["client"], args...)
	var bad unusable
	if errors.As(err, &bad) && strings.Contains(bad.Reason, notLoaded) {
		return fmt.Errorf("accounts of the set have a login plugin that the server here lacks; install it, or take another host: %s", bad.Reason)
	}
	return err
}

// notLoaded is what the client says of an account whose plugin the server has not loaded. The set is not to blame.
const notLoaded = "ERROR 1524 "

// start starts the scratch server.
func (r *restoring) start(ctx context.Context, options []string) (err error) {
	r.phase("start")
	r.server, err = r.scratch.start(ctx, r.tools.Paths["server"], r.o.Memory, slices.Concat(r.tools.loadPlugins(), options))
	var ended *endedError
	if errors.As(err, &ended) && r.set.Manifest.Method == "physical" {
		return refusedBy(data(r.set.Manifest).Name, "the scratch server does not start on it", ended.err, ended.said)
	}
	return err
}
