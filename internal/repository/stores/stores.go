// SPDX-License-Identifier: GPL-3.0-or-later

// Package stores opens destinations: it knows which driver keeps the sets of a location.
package stores

import (
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/local"
)

// driver is what a kind of location can do before a store of it is open.
type driver struct {
	// check checks a location without changing anything. Missing parts of it may be created by make.
	check func(location string) error
	// open opens an existing location, and make one that need not exist.
	open, make func(location string) (repository.Store, error)
	// free returns the bytes that are left for new files, and the place that was checked.
	free func(location string) (bytes int64, at string, err error)
	// discard is Store.Discard. A location that is gone has nothing to remove.
	discard func(location, cluster, working string) (removed bool, err error)
}

// directory is a path on this host.
var directory = driver{
	check: local.Check, open: local.Open, make: local.Make, free: local.Free, discard: local.Discard,
}

// of returns the driver of a location: so far every location is a path.
func of(string) driver { return directory }

// Check checks a destination without changing anything.
func Check(location string) error { return of(location).check(location) }

// Open opens the repository at an existing destination.
func Open(location string) (*repository.Repository, error) {
	return repositoryIn(of(location).open(location))
}

// Make opens the repository at a destination, which is created if it is missing.
func Make(location string) (*repository.Repository, error) {
	return repositoryIn(of(location).make(location))
}

func repositoryIn(s repository.Store, err error) (*repository.Repository, error) {
	if err != nil {
		return nil, err
	}
	return repository.New(s), nil
}

// Free returns the space for new sets at a destination, in bytes, and the place that was checked.
func Free(location string) (bytes int64, at string, err error) { return of(location).free(location) }

// Discard removes an unfinished set of another process, by the name that Announce passed. A finished set is never
// touched. It reports whether there was anything.
func Discard(location, cluster, working string) (removed bool, err error) {
	return of(location).discard(location, cluster, working)
}
