// SPDX-License-Identifier: GPL-3.0-or-later

package setlist

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/table"
)

const (
	// mostRows bounds the rows of the same hosts in a table: a host with a flood of sets must not hide those of others.
	mostRows = 50
	// mostClusters bounds the clusters that the same hosts alone report, for the same reason.
	mostClusters = 10
	// mostHosts is the length up to which hosts are named in their column; others are named below the row.
	mostHosts = 28
)

var (
	setHeader = []string{"SET (UTC, METHOD, CONTROLLER)", "AGE", "ON", "SIZE", "POSITION", "VERIFIED", "STATE",
		"NOTE"}
	placeHeader = []string{"HOST", "DESTINATION", "SETS", "NOTE"}
)

// Text renders the list for people: a table for each cluster under its summary, a table of the places, and the message.
// Plain ASCII.
func (l List) Text() string {
	var b strings.Builder
	count := map[string]int{}
	for _, c := range l.Clusters {
		if count[c.hosts]++; c.hosts != "" && count[c.hosts] > mostClusters {
			continue
		}
		table.Paragraph(&b, c.headline())
		l.writeSets(&b, c)
		b.WriteString("\n")
	}
	for _, hosts := range slices.Sorted(maps.Keys(count)) {
		if more := count[hosts] - mostClusters; hosts != "" && more > 0 {
			table.Paragraph(&b, fmt.Sprintf("... and %s that only %s reports",
				quantity.Count(int64(more), "more cluster"), hosts))
		}
	}
	rows := [][]string{}
	for _, p := range l.Places {
		rows = append(rows, []string{p.Host, excerpt.UpTo(mostName, p.Destination), p.count(), p.Reason})
	}
	if len(rows) > 0 {
		table.Write(&b, placeHeader, rows)
	}
	table.Paragraph(&b, l.Message())
	return b.String()
}

// Message says in a few sentences what was found, and what is not known.
func (l List) Message() string {
	text := quantity.Count(int64(len(l.Sets)), "set") + l.states() + "."
	var silent []string
	for _, p := range l.Places {
		if p.State == Unknown && !slices.Contains(silent, p.Host) {
			silent = append(silent, p.Host)
		}
	}
	if len(silent) > 0 {
		text += fmt.Sprintf(" %s could not be asked: what is there is unknown.", excerpt.Names(silent))
	}
	for _, p := range l.Places {
		if p.State == Partly || p.State == Unreadable {
			text += fmt.Sprintf(" %s could not list all of %s.", p.Host, excerpt.UpTo(mostName, p.Destination))
		}
	}
	for _, d := range l.Nowhere {
		text += fmt.Sprintf(" No host has %s.", excerpt.UpTo(mostName, d))
	}
	return text
}

// states counts the sets by state.
func (l List) states() string {
	var parts []string
	for _, state := range []State{Complete, Damaged, Failed, Incomplete, NotRead} {
		n := 0
		for _, s := range l.Sets {
			if s.State == state {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state.words()))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func (s State) words() string { return strings.ReplaceAll(string(s), "_", " ") }

// headline summarises a cluster in a sentence.
func (c Cluster) headline() string {
	text := strings.TrimSpace("cluster "+cmp.Or(c.Name, "unknown")+" "+c.UUID) + ": "
	if c.NewestGood == nil {
		return text + "no good set"
	}
	text += fmt.Sprintf("the newest good set is %s old, on %s; ", age(c.NewestGood.Age),
		excerpt.Names(c.NewestGood.Hosts))
	if c.NewestVerified == nil {
		return text + "none is verified"
	}
	return text + fmt.Sprintf("the newest verified one is %s old (%s), on %s", age(c.NewestVerified.Age),
		c.NewestVerified.Verified, excerpt.Names(c.NewestVerified.Hosts))
}

// writeSets writes the table of one cluster.
func (l List) writeSets(b *strings.Builder, c Cluster) {
	rows, count := [][]string{}, map[string]int{}
	for _, s := range l.Sets {
		if s.of.Name != c.Name || s.of.UUID != c.UUID {
			continue
		}
		hosts := strings.Join(s.Hosts, ", ")
		if count[hosts]++; count[hosts] <= mostRows {
			rows = append(rows, l.row(s, hosts))
		}
	}
	table.Write(b, setHeader, rows)
	for _, hosts := range slices.Sorted(maps.Keys(count)) {
		if more := count[hosts] - mostRows; more > 0 {
			table.Paragraph(b, fmt.Sprintf("... and %s on %s", quantity.Count(int64(more), "older one"), hosts))
		}
	}
}

// row returns a set's cells; those from the last column on are its notes.
func (l List) row(s Set, hosts string) []string {
	on, notes := hosts, []string{}
	if len(on) > mostHosts && len(s.Hosts) > 1 {
		on = fmt.Sprintf("%d hosts", len(s.Hosts))
		notes = append(notes, "on "+excerpt.Names(s.Hosts))
	}
	if s.Reason != "" {
		notes = append(notes, s.Reason)
	}
	cells := []string{cmp.Or(s.name, "?"), "?", on, "?", "?", l.verified(s), s.State.words()}
	if s.Age != nil {
		cells[1] = age(*s.Age)
	}
	if s.Position != nil {
		cells[3] = quantity.Bytes(s.Bytes) + " " + s.stored()
		cells[4] = s.Position.text()
	}
	return append(cells, notes...)
}

// stored says how the data is stored.
func (s Set) stored() string {
	if s.Compression == "none" {
		return "plain"
	}
	return s.Compression
}

// text is the seqno, or the first and the last that a dump may have, with the position of the binary log if the set
// has one.
func (p Position) text() string {
	text := fmt.Sprintf("%d", p.Seqno)
	if p.SeqnoEnd != p.Seqno {
		text += fmt.Sprintf("-%d", p.SeqnoEnd)
	}
	if p.GTID != "" {
		text += " gtid " + p.GTID
	}
	return text
}

// verified says which level was reached, or failed, and when.
func (l List) verified(s Set) string {
	ago := func(at float64) string {
		if at <= 0 || at > l.GeneratedAt+skew.Seconds() {
			return "at an impossible time"
		}
		return age(int64(l.GeneratedAt-at)) + " ago"
	}
	for _, v := range s.Verifications {
		if !v.OK {
			return fmt.Sprintf("%s FAILED, %s", v.Level, ago(v.At))
		}
	}
	switch {
	case s.Verified != "":
		return fmt.Sprintf("%s, %s", s.Verified, ago(s.VerifiedAt))
	case s.Position != nil:
		return "no"
	}
	return "-"
}

// age writes an age; a controller's clock may be a little ahead.
func age(seconds int64) string {
	if seconds < -int64(skew.Seconds()) {
		return "in future"
	}
	return quantity.Age(max(seconds, 0))
}

// count is the number of sets of a place. Not known is not none.
func (p Place) count() string {
	switch {
	case p.Sets == nil:
		return "unknown"
	case p.State == Missing:
		return "none"
	case p.State == Partly:
		return fmt.Sprintf("%d or more", *p.Sets)
	}
	return fmt.Sprint(*p.Sets)
}
