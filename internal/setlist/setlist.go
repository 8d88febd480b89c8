// SPDX-License-Identifier: GPL-3.0-or-later

// Package setlist merges what hosts say about their backup sets into one list. A host is trusted only about itself:
// what it says adds rows under its own name and changes no other row, and a host that could not be asked is unknown,
// which is never "no sets".
package setlist

import "overcloud.backup/internal/repository"

// Schema is the version of List as JSON. It changes when a key is removed or gets another meaning, not when one is
// added.
const Schema = 1

// List is all sets of all hosts. It is a document for programs, described in docs/list.md.
type List struct {
	Schema      int     `json:"schema"`
	GeneratedAt float64 `json:"generated_at"` // seconds since the epoch
	Generated   string  `json:"generated"`    // the same in UTC
	// Complete says that every host has listed all of every destination.
	Complete bool `json:"complete"`
	// Asked are the hosts that have answered for a destination; Unknown are those that have not for some destination.
	Asked   []string `json:"asked"`
	Unknown []string `json:"unknown"`
	// Nowhere are destinations that no host has.
	Nowhere  []string  `json:"nowhere"`
	Places   []Place   `json:"places"`
	Clusters []Cluster `json:"clusters"`
	// Sets are sorted, the newest first.
	Sets []Set `json:"sets"`
}

// Place is one destination on one host.
type Place struct {
	Host        string     `json:"host"`
	Destination string     `json:"destination"`
	State       PlaceState `json:"state"`
	// Sets is the number of sets there; nil if it is not known.
	Sets   *int   `json:"sets"`
	Reason string `json:"reason"`
}

// PlaceState says whether the sets of a place are known.
type PlaceState string

// Only Listed and Missing places have no other sets than those of the list.
const (
	Listed     PlaceState = "listed"
	Missing    PlaceState = "missing"    // there is no such directory
	Partly     PlaceState = "partly"     // something in it could not be read
	Unreadable PlaceState = "unreadable" // the host was asked, and could not list it
	Unknown    PlaceState = "unknown"    // the host could not be asked
)

// State is the state of a set.
type State string

// A Complete set has its manifest, and no verification found a problem. Whether there was one is Set.Verified.
const (
	Complete   State = "complete"
	Damaged    State = "damaged"             // its bytes are not those that were written
	Failed     State = "failed_verification" // it does not load, or differs from what was recorded
	Incomplete State = "incomplete"          // without a manifest: its backup runs, or was killed
	NotRead    State = "unreadable"          // it may be good or not
)

// Set is one set, or a folder where one would be. Values that are not known are empty, zero or null.
type Set struct {
	// Set is <cluster>/<name>; empty for what is none.
	Set         string   `json:"set"`
	Path        string   `json:"path"`
	Destination string   `json:"destination"`
	Hosts       []string `json:"hosts"` // all that see it
	State       State    `json:"state"`
	Reason      string   `json:"reason"`

	Time *float64 `json:"time"` // of its name, seconds since the epoch
	When string   `json:"when"` // the same in UTC
	Age  *int64   `json:"age"`  // seconds; negative if it is from the future

	Cluster        repository.Cluster        `json:"cluster"`
	Controller     string                    `json:"controller"` // that was backed up
	Method         string                    `json:"method"`
	Server         string                    `json:"server_version"`
	StartedAt      float64                   `json:"started_at"`
	EndedAt        float64                   `json:"ended_at"`
	Bytes          int64                     `json:"bytes"`
	RawBytes       int64                     `json:"raw_bytes"`
	Compression    string                    `json:"compression"`
	Position       *Position                 `json:"position"`
	Verified       repository.Level          `json:"verified"`
	VerifiedAt     float64                   `json:"verified_at"`
	Verifications  []repository.Verification `json:"verifications"`
	ManifestSHA256 string                    `json:"manifest_sha256"`

	name string             // the last part of Set, by which sets are sorted
	of   repository.Cluster // the cluster under which it is shown
}

// Position is repository.Position, without its explanation.
type Position struct {
	UUID     string `json:"uuid"`
	Seqno    int64  `json:"seqno"`
	SeqnoEnd int64  `json:"seqno_end"`
	GTID     string `json:"gtid"`
}

// Cluster summarises the sets of one cluster. Two clusters may have the same name.
type Cluster struct {
	Name string `json:"name"`
	UUID string `json:"uuid"` // empty for what has no usable manifest
	Sets int    `json:"sets"`
	// NewestGood is the newest complete set, NewestVerified the newest of them that was verified; nil if there is none.
	NewestGood     *Newest `json:"newest_good"`
	NewestVerified *Newest `json:"newest_verified"`

	hosts string // those that report it, in the form of the column
}

// Newest names a set of the list.
type Newest struct {
	Set        string           `json:"set"`
	Hosts      []string         `json:"hosts"`
	Age        int64            `json:"age"`
	Verified   repository.Level `json:"verified"`
	VerifiedAt float64          `json:"verified_at"`
}
