// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"errors"
	"io"
)

// Store keeps the files of sets: in a directory, and later on a server or in a bucket. Its drivers are in folders of
// their own below this one, and storetest checks each of them against this contract.
//
// The name of a set is <cluster>/<set>; CheckName must accept both parts. A driver refuses every other name, and every
// name of a file with a slash in it, regardless of the caller: names come from manifests, journals and options.
//
// A set exists when it has its manifest, which is written last. Until then it is unfinished: it is listed as
// unfinished, and can only be committed, aborted or discarded.
//
// Calls may be made from several goroutines. Each of them ends by itself, with an error, if the store does not answer
// for a time that the driver chooses; Close ends those that are in progress. An error of the medium, such as of a disk,
// wraps syscall.EIO, EUCLEAN or EBADMSG: only such an error makes a set damaged, all others only say that it could not
// be read.
type Store interface {
	// Location returns the location of a name, for people: a path, or a URL without secrets. The empty name is the
	// store itself.
	Location(name string) string

	// List returns the clusters of the store, or the sets of a cluster, sorted by name. Other files among them are left
	// out. A cluster that does not exist is an error that wraps fs.ErrNotExist.
	List(cluster string) ([]Item, error)

	// Open opens a set to read it, finished or not. The error wraps fs.ErrNotExist if there is none of that name.
	Open(set string) (Source, error)

	// Create begins a set. The error wraps fs.ErrExist if there is one of that name, finished or not. announce is
	// called when the name is free and before anything of the set is created; its error ends Create.
	Create(set string, announce func() error) (Sink, error)

	// Working returns the name, below the cluster, under which a set is kept until it is committed: a driver that can
	// rename uses another name than the set's own.
	Working(set string) string

	// Discard removes an unfinished set by the name that Working returns, regardless of who began it, and reports
	// whether there was one. It never removes a finished set: if one has that name there is nothing to discard, and no
	// error. A cluster is removed with its last set.
	Discard(cluster, working string) (removed bool, err error)

	// Close ends the use of the store.
	Close() error
}

// Item is a cluster or a set in a list.
type Item struct {
	Name string // the last part: as Working returns it if the set is unfinished
	// Unfinished is a set that is being written, or whose writer was killed.
	Unfinished bool
}

// Source is a set that is being read. All of its files are those of one set, even if another set gets its name in the
// meantime.
type Source interface {
	// Open opens a file from an offset to its end, and returns the length of the complete file. The error wraps
	// fs.ErrNotExist if there is no such file, and ErrIrregular if the name is not that of a regular file.
	Open(file string, offset int64) (from io.ReadCloser, size int64, err error)

	// Replace rewrites a small file, in one step: a reader sees the earlier content or this one.
	Replace(file string, content []byte) error

	Close() error
}

// ErrIrregular is a link, a folder, a pipe or a device in place of a file.
var ErrIrregular = errors.New("it is not a regular file")

// Sink is a set that is being written. It ends with Commit or Abort.
type Sink interface {
	// Create creates a file; the error wraps fs.ErrExist if there is one of that name.
	Create(file string) (Writer, error)

	// Reset removes all files, so that the set can be written again.
	Reset() error

	// Commit writes the manifest, and gives the set its name when that and all files are durable. If it fails there is
	// no set, and the sink is still to be aborted.
	Commit(manifest []byte) error

	// Abort removes all of the set, also after Commit, and the cluster if this sink created it and nothing else is in
	// it. The error says what is left.
	Abort() error
}

// Writer is a file that is being written.
type Writer interface {
	io.WriteCloser

	// Name returns the location of the file, for people.
	Name() string

	// Sync returns when everything that was written is durable. Nothing is written after it.
	Sync() error

	// Size returns the length of the file in the store, after Sync.
	Size() (int64, error)
}
