// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
)

// judge examines a copy of a set.
type judge struct {
	*rebuild.Copy
	before repository.Record // what earlier verifications found
	found  *repository.Restored
}

// inspect checks all tables of the scratch server and compares its content with what the set recorded, as far as
// possible. The rows and checksums that a running server had at the position of the set are not known; they are
// recorded here, so that another restore can be compared with them.
func (j *judge) inspect(ctx context.Context) (found *repository.Restored, err error) {
	if j.found, err = j.Compare(ctx); err != nil {
		return nil, err
	}
	j.Phase("check")
	if err := (&check{j.Copy, j.found}).all(ctx); err != nil {
		return nil, err
	}
	j.compareBefore()
	return j.found, j.readLog()
}

// readLog reports the errors in the server's log.
func (j *judge) readLog() error {
	damaged, others := j.Server().Log.Found()
	for _, line := range append(damaged, others...) {
		if err := rebuild.MissingKey(line); err != nil {
			return err
		}
	}
	broken := j.BrokenBefore()
	for _, line := range damaged {
		if of := names(broken, line); of != "" {
			j.Warn("%s: %s; the scratch server says: %s", of, "was so when it was backed up", line)
			continue
		}
		j.Bad(repository.Damage(data(j.Copy), "the scratch server says: %s", line))
	}
	for _, line := range others {
		j.Warn("the scratch server says: %s", line)
	}
	return nil
}

// names returns the table that a line of the server's log names, such as `nova`.`t`, nova/t or nova.t; empty if it
// names none.
func names(tables map[repository.Name]string, line string) string {
	for t := range tables {
		for _, form := range []string{"`" + t.Schema + "`.`" + t.Name + "`", t.Schema + "/" + t.Name, t.String()} {
			if standsIn(line, form) {
				return excerpt.Of(t.String())
			}
		}
	}
	return ""
}

// standsIn reports whether a line contains a complete name: a/t is not in nova/t2, nor in beta/t.
func standsIn(line, name string) bool {
	for at := 0; ; {
		i := strings.Index(line[at:], name)
		if i < 0 {
			return false
		}
		begin, end := at+i, at+i+len(name)
		if (begin == 0 || !isNamePart(line[begin-1])) && (end == len(line) || !isNamePart(line[end])) {
			return true
		}
		at = begin + 1
	}
}

// isNamePart reports whether a byte can be part of a name.
func isNamePart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c >= 0x80 || strings.IndexByte("_@#$", c) >= 0
}

// compareBefore compares this restore with an earlier one of the same set.
func (j *judge) compareBefore() {
	if j.before.Restore == nil || j.before.Restore.Restored == nil {
		return
	}
	before := j.before.Restore.Restored
	if before.Server == j.found.Server && before.Checksum != j.found.Checksum {
		j.Bad(repository.Damage(data(j.Copy), "an earlier restore of this set had other rows: %s",
			differences(before.Tables, j.found.Tables)).Of(repository.Differing))
	}
}

// differences names the first tables that differ.
func differences(before, now []repository.Table) string {
	is := map[[2]string]repository.Table{}
	for _, t := range now {
		is[[2]string{t.Schema, t.Name}] = t
	}
	var names []string
	for _, t := range before {
		if got := is[[2]string{t.Schema, t.Name}]; got != t {
			names = append(names, fmt.Sprintf("%s.%s (%s, then %d)", excerpt.Of(t.Schema), excerpt.Of(t.Name),
				quantity.Count(t.Rows, "row"), got.Rows))
		}
	}
	if len(names) == 0 {
		return "more tables"
	}
	return strings.Join(names[:min(len(names), 5)], ", ")
}
