// SPDX-License-Identifier: GPL-3.0-or-later

package readiness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/container"
	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/internal/restore"
	"overcloud.backup/internal/scratch"
)

// sets lists the repository.
func (c *host) sets() {
	if l, skip := c.after(doctor.Destination); skip {
		c.add(doctor.Sets, l)
		return
	}
	var l doctor.Result
	if err := withTimeout("list the sets in "+c.o.Backup.Destination, func() error {
		l = list(c.o.Backup.Destination)
		return nil
	}); err != nil {
		l = result("", err)
	}
	c.add(doctor.Sets, l)
}

func list(destination string) doctor.Result {
	r, err := stores.Open(destination)
	if errors.Is(err, fs.ErrNotExist) {
		return result("none yet", nil)
	}
	if err != nil {
		return result("", err)
	}
	defer r.Close()
	sets, err := r.List("")
	if err != nil {
		return result("", err)
	}
	seen := quantity.Count(int64(len(sets.Sets)), "set")
	if newest := sets.Newest(); newest != nil {
		seen += ", the newest is " + newest.Set
	}
	return result(seen, nil, amiss(sets)...)
}

// amiss are the findings of a listing.
func amiss(sets repository.Listing) []string {
	warnings := sets.Warnings()
	for _, f := range sets.NoSets {
		warnings = append(warnings, f.Path+": "+f.Reason)
	}
	return warnings
}

// verification checks what a scratch server needs. In a bundle its programs are those of the container that runs: that
// of another image would have to be started.
func (c *host) verification(ctx context.Context) {
	l, skip := c.after(doctor.Tool)
	if !skip {
		l = result(c.scratch(ctx))
	}
	c.add(doctor.Verification, l)
	c.add(doctor.VerificationSpace, c.room(c.o.Scratch))
}

func (c *host) scratch(ctx context.Context) (seen string, err error) {
	image, err := restore.ServerImage(ctx)
	if err != nil {
		return "", err
	}
	if image.None() {
		_, tools, err := rebuild.InspectHost(ctx, rebuild.Options{Scratch: c.o.Scratch}, c.method, c.version)
		return fmt.Sprintf("server %s, in %s", tools.Version, c.o.Scratch), err
	}
	if err := scratch.Check(c.o.Scratch, process.Owner{}); err != nil {
		return "", err
	}
	if err := confine.Possible(); err != nil {
		return "", err
	}
	at, err := c.serverHome(ctx)
	if err != nil {
		return "", err
	}
	defer at.Place.Close()
	tools, err := scratch.FindTools(ctx, at.Place, c.method, c.version)
	return fmt.Sprintf("server %s as in its container, in %s", tools.Version, c.o.Scratch), err
}

// serverHome finds the container that the server runs in.
func (c *host) serverHome(ctx context.Context) (container.Home, error) {
	db, err := mariadb.Open(ctx, c.o.Backup.Login.Login(c.caller.Hide))
	if err != nil {
		return container.Home{}, err
	}
	defer db.Close()
	return container.Find(ctx, db.PeerPID())
}

// room compares the space at a folder with what a copy of the data needs.
func (c *host) room(folder string) doctor.Result {
	if c.raw < 0 {
		return doctor.Result{Unread: errNoSize.Error()}
	}
	space, err := rebuild.Room(c.raw, c.method, folder)
	return result(fmt.Sprintf("%s are free at %s, and about %s are needed", quantity.Bytes(space.Free), space.At,
		quantity.Bytes(space.Needed)), err)
}

// restore checks what a restore would check before its first step.
func (c *host) restore(ctx context.Context) (n *restore.Node, b *restore.Book) {
	b, err := restore.ReadBook(home)
	if err != nil {
		c.add(doctor.Restore, result("", err))
		c.add(doctor.RestoreSpace, doctor.Result{Unread: because(doctor.Restore)})
		return nil, nil
	}
	n, err = restore.Look(ctx)
	if errors.Is(err, cib.ErrNoGalera) || err != nil && !pacemaker.Present() {
		none := "Pacemaker manages no database here"
		c.add(doctor.Restore,
			result(none, nil, "the role controller_restore works through Pacemaker's galera resource"))
		c.add(doctor.RestoreSpace, c.room(filepath.Dir(datadir(nil, b))))
		return nil, b
	}
	if err != nil {
		c.add(doctor.Restore, result("", err))
		c.add(doctor.RestoreSpace, doctor.Result{Unread: because(doctor.Restore)})
		return nil, b
	}
	err = errors.Join(n.Whole(), n.Startable(ctx, b), n.Examine(ctx))
	seen := fmt.Sprintf("resource %s, datadir %s", n.Agent.Resource, n.Datadir)
	if !n.Image.None() {
		seen += ", image " + n.Image.Name
	}
	c.add(doctor.Restore, result(seen, err, c.slow(n)...))
	c.add(doctor.RestoreSpace, c.room(n.Scratch()))
	return n, b
}

func (c *host) slow(n *restore.Node) []string {
	if slow := n.TooSlow(max(c.raw, 0)); slow != "" {
		return []string{slow}
	}
	return nil
}

// datadir is where restores leave folders.
func datadir(n *restore.Node, b *restore.Book) string {
	switch {
	case n != nil:
		return n.Datadir
	case b != nil:
		return cmp.Or(b.Datadir, defaultDatadir)
	}
	return defaultDatadir
}

const defaultDatadir = "/var/lib/mysql"
