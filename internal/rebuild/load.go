// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
)

// prepare unpacks a physical set, reading it back in the same pass, and prepares a datadir from it.
func (r *Copy) prepare(ctx context.Context) error {
	f := r.set.Manifest.Data()
	r.Phase("unpack")
	if err := r.unpack(ctx, f, r.tools.Paths["unpack"], "-x", "-C", r.scratch.Path(scratch.DataName)); err != nil {
		return err
	}
	var err error
	if r.outside, err = removeLinks(r.scratch.Path(scratch.DataName)); err != nil {
		return err
	}
	args, dropped, err := cleanOptions(r.scratch.Path(scratch.DataName), r.scratch.Owner)
	if err != nil {
		return unusable{repository.Damage(f.Name, "%v", err)}
	}
	if len(dropped) > 0 {
		r.Warn("%s of the set has settings that are not used: %s", optionsFile, strings.Join(dropped, ", "))
	}
	r.Phase("prepare")
	output, last := &scratch.Log{}, &process.Tail{Max: 4 << 10}
	o := r.scratch.Child()
	o.Stdout, o.Stderr = io.Discard, io.MultiWriter(output, last)
	err = o.Run(ctx, r.tools.Paths["prepare"],
		// With --no-defaults it assumes pages of 16 KiB and one ibdata1, whatever the backup's own file says
		// (10.11.19).
		"--defaults-file="+filepath.Join(r.scratch.Path(scratch.DataName), optionsFile), "--prepare",
		"--target-dir="+r.scratch.Path(scratch.DataName), "--tmpdir="+r.scratch.Path(scratch.TemporaryName),
		fmt.Sprintf("--use-memory=%d", r.o.Memory))
	if err != nil {
		return refusedBy(f.Name, "mariadb-backup --prepare", err, output.Summary())
	}
	if end := excerpt.LastLine(last.String()); !strings.HasSuffix(end, "completed OK!") {
		return unusable{repository.Damage(f.Name, "mariadb-backup --prepare did not complete: %s", end)}
	}
	r.options = args
	return nil
}

// load starts an empty server and loads a logical set into it.
func (r *Copy) load(ctx context.Context) error {
	r.Phase("install")
	o := r.scratch.Child()
	o.Stdout = io.Discard
	args := emptyServer(r.scratch.Path(scratch.DataName), r.scratch.Path(scratch.TemporaryName), r.scratch.Owner)
	args = slices.Concat(args, creationArgs(r.set.Manifest.Server.Settings), r.o.ServerOptions)
	if err := o.Run(ctx, r.tools.Paths["install"], args...); err != nil {
		return fmt.Errorf("create an empty server: %w", err)
	}
	if err := r.start(ctx, append([]string{"--innodb-log-file-size=64M"}, r.o.ServerOptions...)); err != nil {
		return err
	}
	r.Phase("load")
	loader, err := r.scratch.Connect(ctx)
	if err != nil {
		return fmt.Errorf("log in to the scratch server: %w", err)
	}
	defer loader.Close()
	return (&feeding{Copy: r, server: loader}).all(ctx)
}

// emptyServer returns the arguments that create an empty server. With --force it does not look up the name of this
// host.
func emptyServer(datadir, temporary string, owner process.Owner) []string {
	args := []string{"--no-defaults", "--datadir=" + datadir, "--tmpdir=" + temporary, "--skip-test-db",
		"--skip-name-resolve", "--force",
		"--auth-root-authentication-method=socket", "--innodb-log-file-size=64M"}
	if owner == (process.Owner{}) {
		args = append(args, "--user=root")
	}
	return args
}

// start starts the scratch server.
func (r *Copy) start(ctx context.Context, options []string) (err error) {
	r.Phase("start")
	plugins, err := r.scratch.Plugins(r.tools)
	if err != nil {
		return err
	}
	r.server, err = r.scratch.Start(ctx, r.tools.Paths["server"], r.o.Memory,
		slices.Concat(plugins, adoptedArgs(r.set.Manifest.Server.Settings, r.set.Manifest.Method), options))
	var ended *scratch.EndedError
	if errors.As(err, &ended) && r.set.Manifest.Method == "physical" {
		return refusedBy(r.set.Manifest.Data().Name, "the scratch server does not start on it", ended.Err, ended.Log)
	}
	return err
}
