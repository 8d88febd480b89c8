// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/internal/durable"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/safefile"
)

// markName is a file that says to which restore a datadir belongs. Servers leave it alone; a state transfer removes it.
const markName = "overcloud_restore"

// Ready is where the set is made ready, on the target.
func (n *Node) Ready(b *Book) string { return n.Datadir + ready + b.Job }

// Staged reports whether the set is ready, or in place.
func (n *Node) Staged(b *Book) bool {
	return b.Prepared && exists(n.Ready(b)) || marked(n.Datadir, b.Job)
}

// maxSmall limits the mark, and shell files of a few lines.
const maxSmall = 64 << 10

func marked(datadir, job string) bool {
	content, err := safefile.ReadOwn(filepath.Join(datadir, markName), maxSmall)
	return err == nil && strings.TrimSpace(string(content)) == job
}

// Replace moves the datadir aside and puts the restored one in its place on the target, or an empty one elsewhere. The
// resource must be stopped. If that was done already nothing is done; a datadir that was created there since is moved
// aside, too.
func (n *Node) Replace(ctx context.Context, b *Book) (done []string, err error) {
	if b.Started != "" {
		return nil, nil
	}
	done, err = n.replace(ctx, b)
	if err != nil {
		return done, err
	}
	renewed, err := n.renewMounts(ctx)
	return append(done, renewed...), err
}

func (n *Node) replace(ctx context.Context, b *Book) (done []string, err error) {
	if err := n.awaitUnused(ctx); err != nil {
		return nil, err
	}
	if marked(n.Datadir, b.Job) {
		// The process that put it there may have been killed before it did the rest.
		return nil, n.relabelAndSync(ctx, b)
	}
	if b.Target && !exists(n.Ready(b)) {
		return nil, fmt.Errorf("%s does not exist: the set has to be made ready first", n.Ready(b))
	}
	if exists(n.Datadir) {
		to, err := n.aside(b)
		if err != nil {
			return nil, err
		}
		done = append(done, "moved "+n.Datadir+" to "+to)
	}
	fresh := n.Ready(b)
	if !b.Target {
		if err := n.makeEmpty(ctx, fresh); err != nil {
			return done, err
		}
	}
	if err := n.finish(b, fresh); err != nil {
		return done, err
	}
	b.Replaced = true
	if err := b.save(); err != nil {
		return done, err
	}
	if err := os.Rename(fresh, n.Datadir); err != nil {
		return done, err
	}
	what := "an empty one; the data comes from the other controller"
	if b.Target {
		what = "that of the set"
	}
	return append(done, n.Datadir+" is now "+what), n.relabelAndSync(ctx, b)
}

// relabelAndSync gives a datadir that was put in place its labels, and makes the move durable.
func (n *Node) relabelAndSync(ctx context.Context, b *Book) error {
	return errors.Join(n.relabel(ctx, n.Datadir, b.Aside), durable.SyncFolder(filepath.Dir(n.Datadir)))
}

// aside records a name for the datadir and moves it there.
func (n *Node) aside(b *Book) (string, error) {
	to := n.Datadir + ".aside-" + b.Job
	for i := 2; exists(to); i++ {
		to = fmt.Sprintf("%s.aside-%s-%d", n.Datadir, b.Job, i)
	}
	b.Aside = append(b.Aside, to)
	if err := b.save(); err != nil {
		return "", err
	}
	return to, moveAside(n.Datadir, to)
}

func moveAside(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EBUSY) {
		return fmt.Errorf("%w: it has to be a folder that can be renamed, not a mount or a layer of a container's "+
			"image",
			err)
	}
	return err
}

// makeEmpty creates the datadir of an empty server. Remains of one that was killed are removed first.
func (n *Node) makeEmpty(ctx context.Context, at string) error {
	if err := os.RemoveAll(at); err != nil {
		return err
	}
	owner, err := rebuild.ServerUser(ctx, n.Image)
	if err != nil {
		return err
	}
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	err = change(at, func(folder *os.File) error { return folder.Chown(owner.UID, owner.GID) })
	if err != nil {
		return err
	}
	return rebuild.Empty(ctx, at, owner, n.Options, n.Image)
}

// grastate records the position of the restored data. safe_to_bootstrap makes the agent choose this controller first;
// the others have no such file, so that it chooses them last.
const grastate = `# GALERA saved state
version: 2.1
uuid:    %s
seqno:   %d
safe_to_bootstrap: 1
`

// finish gives a datadir what the server expects: position, owner, mode, mark.
func (n *Node) finish(b *Book, at string) error {
	if err := change(at, func(folder *os.File) error { return folder.Chmod(0o755) }); err != nil {
		return err
	}
	if b.Target {
		if err := writeInto(at, "grastate.dat", fmt.Sprintf(grastate, b.UUID, b.Seqno)); err != nil {
			return err
		}
	}
	return mark(at, b.Job)
}

// change changes a folder itself, never the target of a link in its place.
func change(path string, how func(folder *os.File) error) error {
	folder, err := safefile.OpenFolder(path)
	if err != nil {
		return err
	}
	return errors.Join(how(folder), folder.Close())
}

func mark(datadir, job string) error { return writeInto(datadir, markName, job+"\n") }

// writeInto writes a file of a datadir, owned by the owner of the datadir, and syncs it to disk. It is always created,
// and never written through a link: the server's user can put one there, whose target is not that user's.
func writeInto(datadir, name, content string) error {
	inside, err := os.OpenRoot(datadir)
	if err != nil {
		return err
	}
	defer inside.Close()
	info, err := inside.Stat(".")
	if err == nil {
		err = inside.RemoveAll(name)
	}
	if err != nil {
		return err
	}
	f, err := inside.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o660)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t)
	_, err = f.WriteString(content)
	return errors.Join(err, f.Chown(int(owner.Uid), int(owner.Gid)), f.Sync(), f.Close(), durable.SyncFolder(datadir))
}

// selinux exists if SELinux is on.
var selinux = "/sys/fs/selinux/enforce"

// relabel gives files the SELinux context of a folder that was in the datadir's place. TripleO sets a context of
// containers on the datadir that is not in the policy, and the database's container is denied any other; the policy's
// default, which is chosen by path, is for a host whose folders are all gone. The time that it takes depends on the
// number of files.
func (n *Node) relabel(ctx context.Context, at string, before []string) error {
	if !exists(selinux) {
		return nil
	}
	for _, old := range before {
		if exists(old) {
			return runLong(ctx, nil, "chcon", "--recursive", "--reference="+old, at)
		}
	}
	if at != n.Datadir {
		return nil
	}
	return runLong(ctx, nil, "restorecon", "-R", at)
}

// awaitUnused waits until no server works in the datadir. Other processes were looked for before the server was
// stopped; see Vacant.
func (n *Node) awaitUnused(ctx context.Context) error {
	return poll(ctx, time.Minute, "wait for the end of the database on this host", func() (string, error) {
		for _, w := range process.WorkingIn(n.Datadir) {
			return fmt.Sprintf("%s works in %s although the resource is stopped; end it, and call this again",
				w, n.Datadir), nil
		}
		return "", nil
	})
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
