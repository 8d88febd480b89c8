// SPDX-License-Identifier: GPL-3.0-or-later

package jobs

// Caller is the call that requests a job, or asks about one.
type Caller struct {
	// Module is what the job's unit runs, with Arguments, which contain secrets.
	Module    string
	Arguments map[string]any
	// CheckMode says that nothing may be changed.
	CheckMode bool
	// Progress shows the caller the progress of a job; Secret keeps a text out of what is shown. Either may be nil.
	Progress func(any)
	Secret   func(string)
}

// Report shows the caller the progress of a job.
func (c Caller) Report(progress any) {
	if c.Progress != nil {
		c.Progress(progress)
	}
}

// Hide keeps a secret out of everything that the caller is shown from now on.
func (c Caller) Hide(secret string) {
	if c.Secret != nil {
		c.Secret(secret)
	}
}

// Answer is what is returned to the caller. Values is a struct or map with the other results of the module.
type Answer struct {
	Changed  bool
	Msg      string
	Values   any
	Warnings []string
	Diff     *Diff
}

// Diff is a change in text; both sides end with a line feed.
type Diff struct{ Before, After string }
