// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// ParseQuorum reads `corosync-quorumtool -s -i` of Corosync 2 and 3:
//
//	Quorate:          Yes
//	Expected votes:   3
//	Total votes:      3
//	Quorum:           2
//
//	    Nodeid      Votes    Qdevice Name       (Qdevice only with a quorum device)
//	         1          1    A,V,NMW 10.99.0.11 (local)
//	         0          1            Qdevice
//
// Names are addresses here (-i keeps Corosync 2 from asking the DNS). The line of a quorum device is no member.
// Corosync 2 exits with 1 when quorate, so only the text counts: without a verdict and a member it is an error.
func ParseQuorum(b []byte) (Corosync, error) {
	c := Corosync{Members: []CorosyncMember{}}
	if len(b) > xmldoc.MaxDocument {
		return c, fmt.Errorf("%d bytes, more than %d", len(b), xmldoc.MaxDocument)
	}
	table := memberTable{}
	verdict := false
	for _, line := range strings.Split(string(b), "\n") {
		if err := table.line(line); err != nil {
			return c, err
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || table.open {
			continue
		}
		if key == "Quorate" {
			verdict = true
		}
		if err := c.set(key, strings.TrimSpace(value)); err != nil {
			return c, fmt.Errorf("%s: %w", key, err)
		}
	}
	if !verdict || len(table.members) == 0 {
		return c, errors.New(`no line "Quorate:" or no member: this is not a quorum status`)
	}
	c.Members = table.members
	return c, nil
}

// set reads one line of the form "Key: value"; other lines are skipped.
func (c *Corosync) set(key, value string) error {
	var err error
	switch key {
	case "Quorate":
		if value != "Yes" && value != "No" {
			return fmt.Errorf("%q, expected Yes or No", excerpt.Of(value))
		}
		c.Quorate = value == "Yes"
	case "Expected votes":
		c.Expected, err = number(value)
	case "Total votes":
		c.Total, err = number(value)
	case "Quorum":
		c.Needed, err = number(strings.TrimSpace(strings.TrimSuffix(value, "Activity blocked")))
	}
	return err
}

// memberTable reads the rows after the heading "Nodeid Votes Name".
type memberTable struct {
	open    bool
	votes   bool // without votequorum this column does not exist
	qdevice bool
	members []CorosyncMember
}

func (t *memberTable) line(line string) error {
	columns := strings.Fields(line)
	switch {
	case len(columns) > 1 && columns[0] == "Nodeid" && columns[len(columns)-1] == "Name":
		t.open, t.votes, t.qdevice = true, columns[1] == "Votes", columns[len(columns)-2] == "Qdevice"
		return nil
	case !t.open:
		return nil
	case len(columns) == 0 || columns[0] == "0":
		return nil // the quorum device has node id 0
	}
	return t.member(columns)
}

func (t *memberTable) member(columns []string) error {
	m := CorosyncMember{ID: columns[0], Votes: -1}
	if _, err := strconv.ParseUint(m.ID, 10, 32); err != nil {
		return fmt.Errorf("member table: node id %q is not a number", excerpt.Of(m.ID))
	}
	rest := columns[1:]
	if t.votes {
		if len(rest) == 0 {
			return fmt.Errorf("member table: node %s has no votes", excerpt.Of(m.ID))
		}
		votes, err := number(rest[0])
		if err != nil {
			return fmt.Errorf("member table: votes of node %s: %w", excerpt.Of(m.ID), err)
		}
		m.Votes, rest = votes, rest[1:]
	}
	if t.qdevice && len(rest) > 0 {
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0] != "(local)" {
		m.Name = rest[0]
	}
	t.members = append(t.members, m)
	return nil
}

func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q, expected a number", excerpt.Of(text))
	}
	return int(n), nil
}
