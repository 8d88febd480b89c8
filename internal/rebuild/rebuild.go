// SPDX-License-Identifier: GPL-3.0-or-later

// Package rebuild builds the datadir of a set: it unpacks and prepares a physical set, or loads a logical one, on a
// scratch server that reaches nothing else, and compares the result with what the set recorded. Verification examines
// such a copy and removes it; a restore keeps it.
package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"overcloud.backup/internal/confine"
	"overcloud.backup/internal/container"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/local"
	"overcloud.backup/internal/scratch"
)

// Progress reports how far the reading of a set, or its restore, has come.
type Progress struct {
	Phase string `json:"phase"`
	// ReadBytes of ExpectedBytes of the set's files have been read.
	ReadBytes     int64 `json:"read_bytes"`
	ExpectedBytes int64 `json:"expected_bytes"`
	// Tables of ExpectedTables have been checked.
	Tables         int     `json:"tables"`
	ExpectedTables int     `json:"expected_tables"`
	Elapsed        float64 `json:"elapsed"` // seconds
}

// Options say how a set is rebuilt.
type Options struct {
	// Scratch is a folder for the copy. It is created if it is missing, and afterwards contains only a lock.
	Scratch string
	// User runs the server's programs on this host, and is never root; empty for mysql.
	User string
	// Memory is the server's buffer pool, in bytes.
	Memory int64
	// ServerOptions are those that the data must be created with, such as --innodb-page-size=4k, if the set does not
	// determine them.
	ServerOptions []string
	// Accounts are those that Build compares the set with; with Align it gives the accounts of the set their passwords.
	Accounts []mariadb.Account
	Align    bool
	// AcceptDifferences lets Build accept differences from what the set recorded, and report them.
	AcceptDifferences bool
	// NotNewer refuses a set of a later server than the one here, which must not use such data permanently.
	NotNewer bool
	// Image has the server's programs, if they are not on this host. Its programs take precedence.
	Image container.Image
	// Progress is called periodically with the progress; may be nil.
	Progress func(Progress)
}

// Plan describes what a rebuild will do.
type Plan struct {
	Set     string        `json:"set"`
	Path    string        `json:"path"`
	Scratch string        `json:"scratch"`
	Tools   scratch.Tools `json:"tools"`
	Space   Space         `json:"space"`
	User    string        `json:"user"`
	// Origin says what is known about who made the set: repository.NotSigned.
	Origin string `json:"origin"`
}

// Space is the disk space that the copy needs, in bytes.
type Space struct {
	Raw    int64   `json:"raw_bytes"`
	Factor float64 `json:"factor"`
	Needed int64   `json:"needed_bytes"`
	Free   int64   `json:"free_bytes"`
	At     string  `json:"at"`
}

// factors estimate the size of the copy. That of a physical set is as large as its content, plus redo and undo logs
// that grow while it is prepared; the tables of a dump take more than its text because of their indexes.
var factors = map[string]float64{"physical": 1.2, "logical": 2.5}

const spaceMargin = 512 << 20

// Rebuild is a rebuild that can be done: everything was checked, nothing was changed.
type Rebuild struct {
	set   *repository.Set
	o     Options
	plan  Plan
	tools scratch.Tools
	owner process.Owner
}

// Plan returns what Look or Build will do.
func (r *Rebuild) Plan() Plan { return r.plan }

// Prepare checks the programs, their versions, and disk space. The manifest of the set must be valid.
func Prepare(ctx context.Context, s *repository.Set, o Options) (*Rebuild, error) {
	r := &Rebuild{set: s, o: o}
	var err error
	if o.Image.None() {
		err = r.inspectHost(ctx)
	} else {
		err = r.inspectImage(ctx)
	}
	if err != nil {
		return nil, err
	}
	if set := galera.Release(s.Manifest.Server.Version); o.NotNewer && galera.LaterRelease(set, r.tools.Version) {
		return nil, fmt.Errorf("the set is of the server %s, which is later than %s here: a server does not read the"+
			" data of a later one; upgrade it first", set, r.tools.Version)
	}
	space, err := Room(s.Manifest.Data().RawBytes, s.Manifest.Method, o.Scratch)
	r.plan = Plan{Set: s.Name, Path: s.Path(), Scratch: o.Scratch, Tools: r.tools, Space: space, User: scratch.Account,
		Origin: repository.NotSigned}
	return r, err
}

// inspectHost uses the programs and the user of this host.
func (r *Rebuild) inspectHost(ctx context.Context) (err error) {
	r.owner, r.tools, err = InspectHost(ctx, r.o, r.set.Manifest.Method, r.set.Manifest.Server.Version)
	return err
}

// InspectHost finds what a rebuild of a set of this method, of a server of this version, needs of this host: the user,
// the scratch folder, the kernel and the programs.
func InspectHost(ctx context.Context, o Options, method, server string) (owner process.Owner, tools scratch.Tools,
	err error) {
	if owner, err = scratch.UserNamed(cmp.Or(o.User, scratch.Account)); err != nil {
		return owner, tools, err
	}
	if err := scratch.Check(o.Scratch, owner); err != nil {
		return owner, tools, err
	}
	if err := confine.Possible(); err != nil {
		return owner, tools, err
	}
	tools, err = scratch.FindTools(ctx, process.Place{}, method, server)
	return owner, tools, err
}

// inspectImage uses those of the image, where no folder of this host is in the way.
func (r *Rebuild) inspectImage(ctx context.Context) (err error) {
	if err := scratch.Check(r.o.Scratch, process.Owner{}); err != nil {
		return err
	}
	c, err := r.o.Image.Start(ctx, scratch.ContainerName(r.o.Scratch)+"-look")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Remove()) }()
	if r.owner, err = c.User("mysql"); err != nil {
		return err
	}
	r.tools, err = scratch.FindTools(ctx, c.Place(), r.set.Manifest.Method, r.set.Manifest.Server.Version)
	r.tools.Image, r.tools.Place = r.o.Image.Name, process.Place{}
	return err
}

// Room returns the space that the copy of a set needs, whose content has this many bytes; an error if there is less.
func Room(raw int64, method, scratch string) (Space, error) {
	factor := factors[method]
	space := Space{Raw: raw, Factor: factor, Needed: int64(float64(raw)*factor) + spaceMargin}
	var err error
	space.Free, space.At, err = local.Free(scratch)
	if err == nil && space.Free < space.Needed {
		err = fmt.Errorf("too little space at %s: %d bytes are free, and about %d are needed (%g times %d, and %d);"+
			" choose another scratch folder",
			space.At, space.Free, space.Needed, factor, raw, spaceMargin)
	}
	return space, err
}
