// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// Status is the outcome of a check. Its zero value is none of them.
type Status string

// Unknown counts as a failure: what was not seen is not ok.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Fail    Status = "fail"
	Unknown Status = "unknown"
)

// severity orders the states.
var severity = []Status{OK, Warn, Unknown, Fail}

func worse(a, b Status) Status {
	if slices.Index(severity, b) > slices.Index(severity, a) {
		return b
	}
	return a
}

// Row is the outcome of one check.
type Row struct {
	// Host is the inventory's name; for a check of a whole cluster that of the cluster, and Whole is set.
	Host  string `json:"host"`
	Whole bool   `json:"whole"`
	// Check is the name of the check, or the code of a condition. Title is for people; that of a condition is health.
	Check  string `json:"check"`
	Title  string `json:"title"`
	Status Status `json:"status"`
	// Seen is the value that was seen, or what is wrong with it, and further warnings.
	Seen []string `json:"seen"`
	// Remedy is what to do; empty if the check is ok.
	Remedy string `json:"remedy"`
}

// Limits of what one host may put into the table: bytes of a text, texts of a row.
const (
	mostText  = 1000
	mostTexts = 10
)

// row makes the row of a check. Everything in seen may come from the host.
func (c Check) row(host string, status Status, seen ...string) Row {
	r := Row{Host: excerpt.Of(host), Check: c.Name, Title: c.Title, Status: status, Seen: []string{}, Remedy: c.Remedy}
	for i, text := range seen {
		if i == mostTexts {
			r.Seen = append(r.Seen, fmt.Sprintf("and %d more", len(seen)-i))
			break
		}
		r.Seen = append(r.Seen, excerpt.UpTo(mostText, strings.ReplaceAll(text, "\n", "; ")))
	}
	if status == OK {
		r.Remedy = ""
	}
	return r
}

// judge returns the row of a check that was made on the host.
func (c Check) judge(host string, f *Facts) Row {
	l := f.result(c.Name)
	switch {
	case l == nil:
		return c.row(host, Unknown, "the host did not report it")
	case l.Unread != "":
		r := c.row(host, Unknown, append([]string{l.Unread}, l.Warnings...)...)
		r.Remedy = "Correct what keeps it from being checked"
		return r
	case l.Problem != "":
		return c.row(host, Fail, append([]string{l.Problem}, l.Warnings...)...)
	case l.Seen == "":
		return c.row(host, Unknown, append([]string{"the host reported no value"}, l.Warnings...)...)
	case len(l.Warnings) > 0:
		return c.row(host, Warn, append([]string{l.Seen}, l.Warnings...)...)
	}
	return c.row(host, OK, l.Seen)
}

// whole marks the row of a cluster.
func (r Row) whole() Row {
	r.Whole = true
	return r
}
