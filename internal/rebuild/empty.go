// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/container"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/scratch"
)

// Empty creates the datadir of an empty server in an existing folder that belongs to the server's user. The programs
// come from the image, or from this host if there is none.
func Empty(ctx context.Context, datadir string, owner process.Owner, options []string,
	image container.Image) (err error) {
	temporary, err := os.MkdirTemp(filepath.Dir(datadir), ".overcloud_restore_tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if err := os.Chown(temporary, owner.UID, owner.GID); err != nil {
		return err
	}
	o := process.ChildOptions{Owner: owner, Dir: datadir,
		Confined: &confine.Confinement{Write: []string{datadir, temporary}}}
	if !image.None() {
		c, failed := image.Start(ctx, scratch.ContainerName(datadir), datadir, temporary)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, c.Remove()) }()
		o.Place = c.Place()
	}
	program, err := scratch.FindProgram(o.Place, "install")
	if err != nil {
		return err
	}
	if err := o.Run(ctx, program, append(emptyServer(datadir, temporary, owner), options...)...); err != nil {
		return fmt.Errorf("create an empty datadir: %w", err)
	}
	return nil
}

// ServerUser returns the user that an empty server belongs to: that of the image, or of this host if there is none. A
// host without a user mysql runs its server as root, but runs nothing of a set there. ServerUser fails if Empty would
// lack its program.
func ServerUser(ctx context.Context, image container.Image) (owner process.Owner, err error) {
	if image.None() {
		if _, err := scratch.FindProgram(process.Place{}, "install"); err != nil {
			return owner, err
		}
		owner, err = scratch.ServerUser()
		if errors.As(err, new(*scratch.NoAccountError)) {
			return process.Owner{}, nil
		}
		return owner, err
	}
	c, err := image.Start(ctx, scratch.ContainerName("")+"-user")
	if err != nil {
		return owner, err
	}
	defer func() { err = errors.Join(err, c.Remove()) }()
	if _, err := scratch.FindProgram(c.Place(), "install"); err != nil {
		return owner, err
	}
	return c.User("mysql")
}
