// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"overcloud.backup/internal/durable"
)

// PutBack moves the datadir from before the restore back, and the restored one to a name that says so. A controller
// that had none gets an empty one. The resource must be stopped. It may be repeated.
func (n *Node) PutBack(ctx context.Context, b *Book) (done []string, err error) {
	if err := n.awaitUnused(ctx); err != nil {
		return nil, err
	}
	// While the old one is aside, a folder here is not the old one: a container engine creates a folder that it is to
	// mount.
	away := b.old() != "" || !exists(n.Datadir)
	if !b.Replaced && len(b.Aside) == 0 && !away {
		return nil, nil // nothing of it was touched
	}
	if marked(n.Datadir, backOf(b.Job)) {
		err = durable.SyncFolder(filepath.Dir(n.Datadir))
	} else if b.Replaced || away {
		done, err = n.putBack(ctx, b)
	}
	if err != nil {
		return done, err
	}
	renewed, err := n.renewMounts(ctx)
	done = append(done, renewed...)
	if err != nil || !b.Replaced {
		return done, err
	}
	b.Replaced = false
	return done, b.save()
}

// backOf is the mark of a datadir that a rollback put in place: until the book says so it distinguishes it from the
// restored one.
func backOf(job string) string { return "back-" + job }

// old returns the path of the original datadir; empty if it is not aside.
func (b *Book) old() string {
	if len(b.Aside) > 0 && exists(b.Aside[0]) {
		return b.Aside[0]
	}
	return ""
}

func (n *Node) putBack(ctx context.Context, b *Book) (done []string, err error) {
	old := b.old()
	what, labelled := old, true // one that comes back has its labels
	if old == "" {
		old, what = n.Datadir+".empty-"+b.Job, "an empty one; the data comes from another controller"
		before, _ := filepath.Glob(n.Datadir + ".restored-" + b.Job + "*")
		before = slices.DeleteFunc(append(before, n.Datadir), func(path string) bool { return !exists(path) })
		labelled = len(before) > 0
		// Before the mark: what is marked is not checked again.
		if err := errors.Join(n.makeEmpty(ctx, old), n.relabel(ctx, old, before)); err != nil {
			return done, err
		}
	}
	if err := mark(old, backOf(b.Job)); err != nil {
		return done, err
	}
	if exists(n.Datadir) {
		to := n.Datadir + ".restored-" + b.Job
		for i := 2; exists(to); i++ {
			to = fmt.Sprintf("%s.restored-%s-%d", n.Datadir, b.Job, i)
		}
		if err := moveAside(n.Datadir, to); err != nil {
			return done, err
		}
		done = append(done, "moved "+n.Datadir+" to "+to)
	}
	if err := os.Rename(old, n.Datadir); err != nil {
		return done, err
	}
	if !labelled {
		if err := n.relabel(ctx, n.Datadir, nil); err != nil {
			return done, err
		}
	}
	return append(done, n.Datadir+" is now "+what), durable.SyncFolder(filepath.Dir(n.Datadir))
}

// HasOld reports whether this controller has earlier data to return to.
func (n *Node) HasOld(b *Book) bool {
	switch {
	case b.old() != "":
		return exists(filepath.Join(b.old(), "mysql"))
	case b.Replaced:
		return false
	}
	return exists(filepath.Join(n.Datadir, "mysql"))
}

// removing is the name of an original datadir that is no longer usable: half of it may be gone.
func (n *Node) removing(aside string) string {
	return n.Datadir + ".removing-" + strings.TrimPrefix(aside, n.Datadir+".aside-")
}

// RemoveOld removes the original datadirs.
func (n *Node) RemoveOld(b *Book) (done []string, err error) {
	for _, path := range n.namedDatadirs(b) {
		if !exists(path) {
			continue
		}
		if err := os.Rename(path, n.removing(path)); err != nil {
			return done, err
		}
		done = append(done, "removed "+path)
	}
	return done, n.RemoveRest(b)
}

// RemoveRest removes the rest of datadirs whose removal was interrupted.
func (n *Node) RemoveRest(b *Book) (err error) {
	for _, path := range n.namedDatadirs(b) {
		err = errors.Join(err, os.RemoveAll(n.removing(path)))
	}
	return err
}

// namedDatadirs returns the earlier datadirs that this restore named: nothing else is removed.
func (n *Node) namedDatadirs(b *Book) (paths []string) {
	for _, path := range b.Aside {
		if strings.HasPrefix(path, n.Datadir+".aside-") {
			paths = append(paths, path)
		}
	}
	return paths
}
