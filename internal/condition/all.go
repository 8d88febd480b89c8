// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// all are the conditions in the order in which they are reported: causes before their consequences.
var all = slices.Concat(hosts, clients, database, manager, proxy, space, cluster)

// All returns every condition, in the order in which they are reported.
func All() []Condition { return slices.Clone(all) }

// Of returns the condition of a code. An unknown code is a defect of the caller.
func Of(code Code) Condition {
	for _, c := range all {
		if c.Code == code {
			return c
		}
	}
	panic("there is no condition " + string(code))
}

// Finding is a condition that is met, with the measured value.
type Finding struct {
	Code    Code
	Message string
}

// Sentence says what a finding means and what was measured, such as "it is not in the Primary component
// (wsrep_cluster_status is non-Primary)". A message that includes the meaning is used by itself.
func (f Finding) Sentence() string {
	meaning := Of(f.Code).Meaning
	if strings.HasPrefix(f.Message, meaning) {
		return f.Message
	}
	return fmt.Sprintf("%s (%s)", meaning, f.Message)
}

// Passes reports that what was found about a node ends by itself.
func (f Finding) Passes(about Subject) bool {
	p := Of(f.Code).Passes
	return p != nil && (p.If == nil || p.If(about))
}

// Error is a finding for which a node is refused.
type Error struct {
	Finding
	// Ends says that it ends by itself.
	Ends bool
}

// Error is the finding as a sentence.
func (e *Error) Error() string { return e.Sentence() }

// First checks a node for some conditions, and returns the first that is met as an *Error; nil if none is.
func First(s Subject, l Limits, codes ...Code) error {
	for _, code := range codes {
		if message := Of(code).Check(s, l); message != "" {
			found := Finding{code, message}
			return &Error{found, found.Passes(s)}
		}
	}
	return nil
}

// Fold leaves out the findings that follow from others: next to "standby" nobody needs "server_down".
func Fold(findings []Finding) []Finding {
	for _, f := range findings {
		if Of(f.Code).Final {
			return []Finding{f}
		}
	}
	kept := []Finding{}
	for _, f := range findings {
		if Of(f.Code).Last && len(findings) > 1 || explained(f.Code, findings) {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

func explained(code Code, findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return f.Code != code && slices.Contains(Of(f.Code).Explains, code)
	})
}

// Needed returns the keys that the conditions need of one document: galera, pacemaker or haproxy.
func Needed(document string) []string {
	var keys []string
	for _, c := range all {
		for _, need := range c.Needs {
			name, list, _ := strings.Cut(need, " ")
			if name == document {
				keys = append(keys, strings.Fields(list)...)
			}
		}
	}
	return keys
}

// limits are all that can be set, in the order of the documentation.
var limits = []*Limit{&MinSpares, &MaxAge, &MaxRecvQueue, &MaxLag, &MaxFlowControl, &MinFreeSpace, &MinProxyUptime}

// AllLimits returns every limit, in the order of the documentation.
func AllLimits() (list []Limit) {
	for _, l := range limits {
		list = append(list, *l)
	}
	return list
}

// UnmarshalJSON reads the limits from an object that may also contain other things, such as the options of a module.
func (l *Limits) UnmarshalJSON(raw []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	*l = Limits{}
	for _, limit := range limits {
		value, given := object[limit.Name]
		if !given || string(value) == "null" {
			continue
		}
		var v float64
		if err := json.Unmarshal(value, &v); err != nil {
			return fmt.Errorf("%s: %w", limit.Name, err)
		}
		(*l)[limit.Name] = v
	}
	return nil
}

// Check refuses values that make no sense.
func (l Limits) Check() error {
	for _, limit := range limits {
		if err := limit.check(l.Of(*limit)); err != nil {
			return err
		}
	}
	return nil
}
