// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"overcloud.backup/internal/durable"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/rebuild"
)

// Home is the folder of a controller's book.
const Home = "/var/lib/overcloud.backup/restore"

const bookName = "restore.json"

// Outcomes of a restore.
const (
	Restored   = "restored"
	RolledBack = "rolled_back"
)

// Book records what a restore has changed on its controller. Each change is on the disk before its effect begins.
type Book struct {
	Job     string `json:"job"`
	Cluster string `json:"cluster"`
	// Set is the path of the set that is restored; Position is its position.
	Set   string `json:"set"`
	UUID  string `json:"uuid"`
	Seqno int64  `json:"seqno"`
	// Prepared says that the data to restore was made ready, and that everything known of it was recorded.
	Prepared bool `json:"prepared,omitempty"`
	// Carried says which definitions were recorded, in a file next to the book.
	Carried catalog.Carried `json:"carried,omitempty"`
	// Events are those to enable once the restored cluster runs.
	Events   rebuild.Events `json:"events,omitzero"`
	Target   bool           `json:"target"` // this controller gets the set, the others copy from it
	Datadir  string         `json:"datadir"`
	Began    string         `json:"began"`
	Fence    *Fence         `json:"fence,omitempty"` // keeps clients out while it is in place
	Resource *Role          `json:"resource,omitempty"`
	// Aside are the folders that the earlier datadirs were moved to, oldest first: the first is the operator's.
	Aside []string `json:"aside"`
	// Replaced says that the folder at Datadir may have been put there by this restore.
	Replaced bool `json:"replaced"`
	// Started is when the resource was started on the restored data. From then on clients may change it.
	Started string `json:"started"`
	// Rejoin says that only this controller is restored, from the others; Banned that the resource is kept off it.
	Rejoin bool `json:"rejoin"`
	Banned bool `json:"banned,omitempty"`
	// Opened says that clients may come in.
	Opened bool `json:"opened,omitempty"`
	// RollingBack says that the original data is to return.
	RollingBack bool   `json:"rolling_back,omitempty"`
	Ended       string `json:"ended"`
	EndedAt     string `json:"ended_at"`
	// Before is the previous restore, as long as this one may still be dropped. A controller that rejoined keeps it:
	// the restore of all may still be rolled back.
	Before *Book `json:"before,omitempty"`

	path string
	lock *os.File
}

// Fence describes what keeps clients out.
type Fence struct {
	Program string `json:"program"`
	Port    string `json:"port"`
}

// Role is the target-role that the resource had before; empty if it had none.
type Role struct {
	ID     string `json:"id"`
	Before string `json:"before"`
}

// Open reports whether there is something to continue or to roll back.
func (b *Book) Open() bool { return b.Job != "" && b.Ended == "" }

// OpenBook opens this controller's book, for one process at a time. It is empty if nothing was restored yet.
func OpenBook(home string) (*Book, error) {
	if err := jobs.MakeFolder(home); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(home, "lock"), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, errors.New("another step of a restore runs on this host now; wait for its end")
	}
	b, err := ReadBook(home)
	if err == nil {
		// A step that was killed while it wrote may have left temporary files.
		err = errors.Join(durable.Sweep(b.path), durable.Sweep(b.definitions()))
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	b.lock = lock
	return b, nil
}

// ReadBook reads the book without locking it.
func ReadBook(home string) (*Book, error) {
	b := &Book{path: filepath.Join(home, bookName), Aside: []string{}}
	content, err := jobs.ReadSmall(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		err = json.Unmarshal(content, b)
	}
	if err != nil {
		return nil,
			fmt.Errorf("read what a restore has done here: %s: %w; inspect the folders next to the datadir and "+
				"repair or remove that file", b.path, excerpt.Error(err))
	}
	return b, nil
}

// Close releases the book.
func (b *Book) Close() error { return b.lock.Close() }

// Begin begins a restore, or continues the one of this job, also if only this controller rejoined since. A restore that
// has not ended takes precedence, and a rejoin that has not ended is taken over.
func (b *Book) Begin(job string, fill func(*Book)) error {
	earlier := b.before(job)
	switch {
	case b.Job == job:
		return nil
	case b.UnderWay() && (!b.Rejoin || earlier != nil):
		return b.busy()
	case earlier != nil:
		return b.become(*earlier)
	case b.Open():
		if err := os.RemoveAll(b.Datadir + ready + b.Job); err != nil {
			return err
		}
	}
	before := b.Before
	if b.Ended != "" || b.UnderWay() {
		last := *b
		before = &last
	}
	next := Book{Job: job, Began: now(), Aside: []string{}, Before: before}
	fill(&next)
	return b.become(next)
}

// before returns the restore of this job among the earlier ones.
func (b *Book) before(job string) *Book {
	for earlier := b.Before; earlier != nil; earlier = earlier.Before {
		if earlier.Job == job {
			return earlier
		}
	}
	return nil
}

// become turns this into the book of another restore.
func (b *Book) become(other Book) error {
	other.path, other.lock = b.path, b.lock
	*b = other
	return b.save()
}

// Drop forgets a restore that has changed nothing.
func (b *Book) Drop() error {
	if b.UnderWay() {
		return nil
	}
	if err := os.RemoveAll(b.definitions()); err != nil {
		return err
	}
	if b.Before != nil {
		return b.become(*b.Before)
	}
	*b = Book{Aside: []string{}, path: b.path, lock: b.lock}
	return os.Remove(b.path)
}

// UnderWay reports that a restore has begun and not ended, and that something on this host is not as it was.
func (b *Book) UnderWay() bool {
	return b.Open() && (b.Fence != nil || b.Resource != nil || len(b.Aside) > 0 || b.Started != "" || b.RollingBack ||
		b.Banned)
}

// Stopped reports that the restore has stopped the database: this host recorded that, or has changed what requires it.
func (b *Book) Stopped() bool { return b.Resource != nil || len(b.Aside) > 0 || b.Replaced }

// At records the position of the restored data.
func (b *Book) At(uuid string, seqno int64) error {
	b.UUID, b.Seqno = uuid, seqno
	return b.save()
}

// Made records what was made ready: the definitions, to compare them with the running cluster, and the events.
func (b *Book) Made(built rebuild.Built, carried catalog.Carried) error {
	if err := durable.Replace(b.definitions(), built.Definitions.Lines(), 0o600); err != nil {
		return fmt.Errorf("record the definitions of what is restored: %w", err)
	}
	b.Events, b.Carried, b.Prepared = built.Events, carried, true
	return b.save()
}

// definitions returns the file with the definitions of what was made ready.
func (b *Book) definitions() string { return filepath.Join(filepath.Dir(b.path), "definitions.jsonl") }

// RollBack reopens the book, to return to the original data.
func (b *Book) RollBack() error {
	if b.RollingBack && b.Ended == "" {
		return nil
	}
	if b.Ended == RolledBack {
		return nil
	}
	b.RollingBack, b.Opened, b.Ended, b.EndedAt = true, false, "", ""
	return b.save()
}

// Forward refuses to continue a restore if some controllers may already have the original data again.
func (b *Book) Forward() error {
	if b.Open() && b.RollingBack {
		return fmt.Errorf("the restore %s of %s is being rolled back on this host: end the rollback first", b.Job,
			b.Set)
	}
	return nil
}

// Of refuses a step of a restore that is unknown to this controller.
func (b *Book) Of(job string) error {
	if b.Job == job {
		return nil
	}
	if b.Open() {
		return b.busy()
	}
	return fmt.Errorf("this host knows nothing of the restore %q", job)
}

func (b *Book) busy() error {
	if b.Rejoin {
		return errors.New("the rejoin of this controller has not ended: end it with " +
			"controller_restore_state=rejoined first")
	}
	return fmt.Errorf("the restore %s of %s, begun %s, has not ended on this host: continue it with the same set, or "+
		"roll it back", b.Job, b.Set, b.Began)
}

// save has written the book to disk when it returns without an error.
func (b *Book) save() error {
	content, err := json.MarshalIndent(b, "", "  ")
	if err == nil {
		err = durable.Replace(b.path, append(content, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("record what the restore does, before it is done: %w", err)
	}
	return nil
}

// End records that the restore has ended.
func (b *Book) End(how string) error {
	if b.Ended == how {
		return nil
	}
	b.Ended, b.EndedAt = how, now()
	if how == Rejoined {
		return b.save()
	}
	b.Before = nil
	return errors.Join(b.save(), os.RemoveAll(b.definitions()))
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

const ready = ".ready-"

// Rejoined ends the restore of one controller from the others.
const Rejoined = "rejoined"
