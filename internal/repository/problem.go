// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ProblemKind classifies a problem by what can be done about it.
type ProblemKind string

// The kinds, worst first.
const (
	// Damaging means that the bytes of the set are not those that were written.
	Damaging ProblemKind = "damaged"
	// NotLoading is a statement that the server refuses, or that no dump contains.
	NotLoading ProblemKind = "does_not_load"
	// Differing means that a restore of the set would not match the set's description.
	Differing ProblemKind = "differs"
)

// kinds are all kinds, each with the text for a set that has such a problem.
var kinds = []struct {
	ProblemKind
	words string
}{{Damaging, "is damaged"}, {NotLoading, "does not load"}, {Differing, "differs from what was recorded"}}

// Problem is one way in which a set differs from its manifest.
type Problem struct {
	Kind ProblemKind `json:"kind"`
	File string      `json:"file"`
	// Offset is where in the stored file the damage begins, or the frame that contains it; nil if only the checksum of
	// the complete file shows it.
	Offset *int64 `json:"offset,omitempty"`
	// Line is the line of a statement that does not load, in the unpacked file, and Object what the statement is about.
	Line   int    `json:"line,omitempty"`
	Object string `json:"object,omitempty"`
	Reason string `json:"reason"`
}

// UnmarshalJSON reads a problem. Earlier versions wrote no kind: every problem was called damage then.
func (p *Problem) UnmarshalJSON(text []byte) error {
	type plain Problem
	read := plain{Kind: Damaging}
	err := json.Unmarshal(text, &read)
	if *p = Problem(read); p.text() == "" {
		p.Kind = Damaging
	}
	return err
}

func (p Problem) text() string {
	for _, kind := range kinds {
		if kind.ProblemKind == p.Kind {
			return kind.words
		}
	}
	return ""
}

// String returns the place and the reason in one line.
func (p Problem) String() string {
	at := p.File
	if p.Offset != nil {
		at += fmt.Sprintf(", offset %d", *p.Offset)
	}
	if p.Line > 0 {
		at += fmt.Sprintf(", line %d", p.Line)
	}
	if p.Object != "" {
		at += ", " + p.Object
	}
	return at + ": " + p.Reason
}

// Damage returns a problem of the kind Damaging without an offset.
func Damage(file, format string, args ...any) Problem {
	return Problem{Kind: Damaging, File: file, Reason: fmt.Sprintf(format, args...)}
}

// DamageAt returns a problem of the kind Damaging with an offset.
func DamageAt(file string, offset int64, format string, args ...any) Problem {
	p := Damage(file, format, args...)
	p.Offset = &offset
	return p
}

// Of returns the problem with another kind.
func (p Problem) Of(kind ProblemKind) Problem {
	p.Kind = kind
	return p
}

// Verdict says in one line what the problems mean for a set: "is damaged: ...; it differs from what was recorded: ...".
func Verdict(problems []Problem) string {
	var all []string
	for _, kind := range kinds {
		var some []Problem
		for _, p := range problems {
			if p.Kind == kind.ProblemKind {
				some = append(some, p)
			}
		}
		if len(some) > 0 {
			all = append(all, kind.words+": "+Join(some))
		}
	}
	return strings.Join(all, "; it ")
}

// Join returns the first problems in one line, and how many more there are.
func Join(problems []Problem) string {
	const most = 5
	var texts []string
	for _, p := range problems[:min(len(problems), most)] {
		texts = append(texts, p.String())
	}
	if more := len(problems) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// Unusable is a set that is damaged or cannot be restored.
type Unusable struct {
	Path string
	Problem
}

// Error says how the problem affects the set.
func (u *Unusable) Error() string {
	return fmt.Sprintf("the set %s cannot be restored: it %s", u.Path, Verdict([]Problem{u.Problem}))
}
