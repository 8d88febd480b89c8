// SPDX-License-Identifier: GPL-3.0-or-later

package setlist

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/repository"
)

// Answer is what one host says about one destination. It is not trusted: it says something about this host alone.
type Answer struct {
	Host        string // its name in the inventory
	Destination string
	// Unreachable says that the host could not be asked; Error why it could not be, or what it could not read.
	Unreachable bool
	Error       string
	// Listing is nil if there is none. With an Error it may lack sets.
	Listing *Listing
}

// Listing is the part of the result of backup_info that a list is made of.
type Listing struct {
	repository.Listing
	Present bool `json:"present"` // the destination exists
}

// entry is one entry of the module's option answers.
type entry struct {
	Host        string          `json:"host"`
	Destination string          `json:"destination"`
	Unreachable bool            `json:"unreachable"`
	Error       string          `json:"error"`
	Listing     json.RawMessage `json:"listing"`
}

// Limits of the texts of a host, in bytes.
const (
	mostName   = 100
	mostPath   = 4096 // the longest
	mostReason = 1000
)

// DecodeAnswer reads one entry of answers: {"host": name in the inventory, "destination": its path, "listing": the
// result of backup_info, "error": a message, "unreachable": whether the host was not reached}. A listing that cannot be
// used is an Error of the answer, so that the host is not left out of the list.
func DecodeAnswer(raw []byte) (Answer, error) {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return Answer{}, fmt.Errorf("answers: %w", excerpt.Error(err))
	}
	if e.Host == "" || e.Destination == "" {
		return Answer{}, errors.New("answers: an entry has no host or no destination")
	}
	a := Answer{
		Host: excerpt.UpTo(mostPath, e.Host), Destination: clean(e.Destination), Unreachable: e.Unreachable,
		Error: excerpt.UpTo(mostReason, e.Error),
	}
	if none(e.Listing) {
		return a, nil
	}
	var l struct {
		*Listing
		Sets json.RawMessage `json:"sets"`
	}
	l.Listing = &Listing{}
	err := json.Unmarshal(e.Listing, &l)
	switch {
	case err == nil && none(l.Sets):
		// A failure from before anything was read.
		if a.Error == "" {
			a.Error = "its answer has no list of sets"
		}
		return a, nil
	case err == nil:
		err = json.Unmarshal(l.Sets, &l.Listing.Sets)
	}
	if err != nil {
		a.Error = excerpt.UpTo(mostReason, "its answer is not one of backup_info: "+err.Error())
		return a, nil
	}
	a.Listing = l.Listing
	return a, nil
}

func none(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// clean writes one destination in one way.
func clean(destination string) string {
	if path.IsAbs(destination) {
		destination = path.Clean(destination)
	}
	return excerpt.UpTo(mostPath, destination)
}
