// SPDX-License-Identifier: GPL-3.0-or-later

// Package doctor judges whether a backup, a verification and a restore would find what they need, from what was read on
// every controller: one row for each controller and check, with the value seen and what to do. It is pure. The
// report of a controller is untrusted: it can make its own rows bad, and no other's good. Unknown is never ok.
package doctor

import (
	"encoding/json"
	"errors"
	"fmt"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/reading"
)

// Facts is what doctor_facts reads on one host, beside the facts that a decision needs.
type Facts struct {
	reading.Header
	// SELinux is enforcing, permissive or disabled; empty if it is unknown.
	SELinux string `json:"selinux"`
	// Kernel is the release of the kernel, as of uname -r.
	Kernel string `json:"kernel"`
	// Mount is where the destination is.
	Mount Mount `json:"mount"`
	// Results are those of the checks that were made on the host.
	Results []Result `json:"looks"`
}

// Mount is the file system of a path.
type Mount struct {
	Point string `json:"point"`
	// Type is that of the kernel: xfs, nfs4.
	Type string `json:"type"`
	// Source is a device, or server:/export.
	Source string `json:"source"`
}

// Result is the outcome of one check that was made on a host.
type Result struct {
	// Check is the name of one of the checks of Checks.
	Check string `json:"check"`
	// Seen is the value. Problem is what is wrong with it, Unread why it is not known; both are empty if all is well.
	Seen    string `json:"seen"`
	Problem string `json:"problem"`
	Unread  string `json:"unread"`
	// Warnings are worth knowing, and keep nothing from working.
	Warnings []string `json:"warnings"`
}

// Document is one host's Facts, or why there are none.
type Document struct {
	Host  string
	Facts *Facts
	// Refused says why the document cannot be used; empty if there is none.
	Refused string
}

// entry is one element of the option facts of the module.
type entry struct {
	Name   string          `json:"name"`
	Doctor json.RawMessage `json:"doctor"`
}

// Decode reads the document of one entry of the module's option facts.
func Decode(raw []byte) (Document, error) {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return Document{}, fmt.Errorf("facts: an entry is not a host's: %w", excerpt.Error(err))
	}
	d := Document{Host: e.Name}
	if len(e.Doctor) == 0 || string(e.Doctor) == "null" {
		return d, nil
	}
	facts := &Facts{}
	err := json.Unmarshal(e.Doctor, facts)
	if err == nil {
		err = facts.check()
	}
	if err != nil {
		d.Refused = excerpt.Error(err).Error()
		return d, nil
	}
	d.Facts = facts
	return d, nil
}

// check refuses a document that says something twice, or about what nobody asked.
func (f *Facts) check() error {
	seen := map[string]bool{}
	for _, l := range f.Results {
		if c, known := find(l.Check); !known || !c.onHost() {
			return fmt.Errorf("it has a check %q, which does not exist", excerpt.Of(l.Check))
		}
		if seen[l.Check] {
			return fmt.Errorf("it has the check %q twice", l.Check)
		}
		seen[l.Check] = true
	}
	if len(f.Results) == 0 {
		return errors.New("it lacks looks")
	}
	return nil
}

// result returns the host's check of that name, nil if it did not make it.
func (f *Facts) result(name string) *Result {
	for i := range f.Results {
		if f.Results[i].Check == name {
			return &f.Results[i]
		}
	}
	return nil
}
