// SPDX-License-Identifier: GPL-3.0-or-later

// Package repository keeps backup sets: <cluster>/<UTC time>_<method>_<controller>/. A Draft is a set that is being
// written; it becomes a set when all of it, the manifest last, is durable. So a folder without a manifest is never a
// set, whatever failed on the way. A Set is a set that is read, and it is not trusted: a fault of the set is a Problem,
// which names file and offset; an error means that nothing could be proven. Only the Store knows where the files are.
package repository

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Repository is the sets of a store. Reading changes nothing; only Set.Write records something.
type Repository struct {
	// Announce is called with the names of a new set, below its cluster, before anything of it is created. Its error
	// prevents the set. May be nil.
	Announce func(cluster, working, final string) error

	store Store
}

// New returns the repository in a store, which is closed with it.
func New(s Store) *Repository { return &Repository{store: s} }

// Close ends the use of the repository and of its store.
func (r *Repository) Close() error { return r.store.Close() }

var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// longestName leaves room for a set's time and method in a file name.
const longestName = 100

// longestSetName is the limit of a file system.
const longestSetName = 255

// CheckName refuses what cannot be part of the name of a set. what describes it in the error.
func CheckName(what, name string) error { return checkName(what, name, longestName) }

// CheckSetName refuses what cannot be the last part of a set's name, which consists of several names.
func CheckSetName(name string) error { return checkName("set", name, longestSetName) }

func checkName(what, name string, longest int) error {
	if len(name) > longest || !folderName.MatchString(name) {
		shown := strconv.Quote(name)
		if len(name) > longestName {
			shown = fmt.Sprintf("of %d bytes", len(name)) // all or nothing: it may be a misplaced password
		}
		return fmt.Errorf("%s %s cannot name a folder: use letters, digits, dot, dash and underscore, at most %d", what,
			shown, longest)
	}
	return nil
}

// Finished returns where a set is, if it has its manifest; empty where there is none.
func (r *Repository) Finished(cluster, set string) string {
	items, _ := r.store.List(cluster)
	for _, i := range items {
		if i.Name != set || i.Unfinished {
			continue
		}
		if s, err := r.open(cluster + "/" + set); err == nil || errors.As(err, new(*BrokenManifest)) {
			if s != nil {
				_ = s.Close()
			}
			return r.store.Location(cluster + "/" + set)
		}
	}
	return ""
}

// Leftovers returns the paths of the unfinished sets of a cluster: those of running backups, and of backups that were
// killed together with everything that could have cleaned up.
func (r *Repository) Leftovers(cluster string) (left []string) {
	items, _ := r.store.List(cluster)
	for _, i := range items {
		if i.Unfinished {
			left = append(left, r.store.Location(cluster+"/"+i.Name))
		}
	}
	return left
}
