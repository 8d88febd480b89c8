// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"errors"
	"io"
)

// Store keeps the files of sets: in a directory, and later on a server or in a bucket. Its drivers are in folders of
// their own below this one, and storetest holds each of them to this contract.
//
// The name of a set is <cluster>/<set>; both parts are as CheckName wants them. A driver refuses every other name, and
// every name of a file with a slash in it, whoever gives it: names come out of manifests, journals and options.
//
// A set exists when it has its manifest, which is the last that is written of it. Until then it is unfinished: it is
// listed as that, and can only be committed, aborted or discarded.
//
// Calls may be made from several goroutines. Each of them ends by itself, with an error, when the store does not answer
// for a time that the driver chooses; Close ends those that are under way. An error of the medium, as a disk has it,
// wraps syscall.EIO, EUCLEAN or EBADMSG: only such an error makes a set damaged, all others only say that it could not
// be read.
type Store interface {
	// Location says where a name is, for people: a path, or a URL without secrets. The empty name is the store itself.
	Location(name string) string

	// List returns the clusters of the store, or the sets of a cluster, sorted by name. Files that lie among them are
	// left out. A cluster that is not there is an error that wraps fs.ErrNotExist.
	List(cluster string) ([]Item, error)

	// Open opens a set to read it, finished or not. The error wraps fs.ErrNotExist where there is none of that name.
	Open(set string) (Source, error)

	// Create begins a set. The error wraps fs.ErrExist where there is one of that name, finished or not. announce is
	// called when the name is free and before anything of the set is made; its error ends Create.
	Create(set string, announce func() error) (Sink, error)

	// Working returns the name, below the cluster, under which a set is kept until it is committed: a driver that can
	// rename uses another one than the set's own.
	Working(set string) string

	// Discard removes an unfinished set by the name that Working gives, whoever began it, and reports whether there was
	// one. It never removes a finished set: where one has that name by now there is nothing to discard, and no error. A
	// cluster without sets goes with its last one.
	Discard(cluster, working string) (removed bool, err error)

	// Close ends the use of the store.
	Close() error
}

// Item is a cluster or a set in a list.
type Item struct {
	Name string // the last part: as Working gives it where the set is unfinished
	// Unfinished is a set that is being written, or that was when its writer was killed.
	Unfinished bool
}

// Source is a set that is read. All of its files are those of one set, also when another one gets its name meanwhile.
type Source interface {
	// Open opens a file from an offset to its end, and returns the length of the whole file. The error wraps
	// fs.ErrNotExist where there is no such file, and ErrIrregular where what has its name is no file.
	Open(file string, offset int64) (from io.ReadCloser, size int64, err error)

	// Replace writes a small file anew, in one step: a reader sees the earlier content or this one.
	Replace(file string, content []byte) error

	Close() error
}

// ErrIrregular is a link, a folder, a pipe or a device in place of a file.
var ErrIrregular = errors.New("it is no regular file")

// Sink is a set that is written. It ends with Commit or Abort.
type Sink interface {
	// Create makes a file; the error wraps fs.ErrExist where there is one of that name.
	Create(file string) (Writer, error)

	// Reset removes all files, so that the set can be written anew.
	Reset() error

	// Commit writes the manifest, and gives the set its name when that and all files are durable. Where it fails there
	// is no set, and the sink is still to be aborted.
	Commit(manifest []byte) error

	// Abort removes all of the set, also after Commit, and the cluster if this sink made it and nothing else is in it.
	// The error says what is left.
	Abort() error
}

// Writer is a file that is written.
type Writer interface {
	io.WriteCloser

	// Name says where the file is, for people.
	Name() string

	// Sync returns when all that was written is durable. Nothing is written after it.
	Sync() error

	// Size returns the length that the store has of the file, after Sync.
	Size() (int64, error)
}
