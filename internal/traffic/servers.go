// SPDX-License-Identifier: GPL-3.0-or-later

package traffic

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/topology"
)

// databaseStatements are the reports of a controller's own server about its clients. One that has some may still not
// have reported all: a policy that accepts an active controller must know that.
func (c *Traffic) databaseStatements(m *topology.Member) []Statement {
	g := m.Answering()
	if g == nil {
		return []Statement{c.withoutDatabase(m)}
	}
	var words []Statement
	if text := clients(g); text != "" {
		words = append(words, Statement{Says: decision.Active, Text: "MariaDB: " + text, passes: true})
	}
	if why := unreported(g); why != "" {
		return append(words, Statement{Says: decision.Unknown, Text: "MariaDB: " + why})
	}
	if len(words) == 0 {
		text := fmt.Sprintf("MariaDB: no client sessions, no write-sets of its own in %s s",
			quantity.Number(g.Sample.Window))
		words = append(words, Statement{Says: decision.Idle, Text: text})
	}
	return words
}

// withoutDatabase is the statement for a controller of which no server answered.
func (c *Traffic) withoutDatabase(m *topology.Member) Statement {
	g := m.Database()
	switch {
	case m.Silent != "":
		return Statement{Says: decision.Unknown, Text: fmt.Sprintf("%s %s", m.Name, m.Silent), missing: true}
	case g == nil:
		return Statement{Says: decision.Unknown, Text: "MariaDB: " + topology.MissingDocument(m, "galera")}
	case c.DatabaseDown(m):
		return Statement{Says: decision.Idle, Text: "MariaDB: not running, so no sessions"}
	}
	return Statement{Says: decision.Unknown, Text: "MariaDB: it was not read" + topology.FirstError(g.Header)}
}

// clients describes the foreign sessions and the write-sets that were made here; empty if there are none.
func clients(g *galera.Facts) string {
	var parts []string
	total := int64(0)
	var who []string
	for _, s := range g.Sessions {
		total += int64(s.Count)
		who = append(who, fmt.Sprintf("%s from %s", s.User, s.Source))
	}
	if total > 0 {
		slices.Sort(who)
		if len(who) > 3 {
			who = append(who[:3], fmt.Sprintf("%d more", len(who)-3))
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", quantity.Count(total, "client session"), strings.Join(who, ", ")))
	}
	if g.Sample.Replicated > 0 {
		parts = append(parts, fmt.Sprintf("%s write-sets/s of its own", quantity.Number(g.Sample.Replicated)))
	}
	return strings.Join(parts, ", ")
}

// unrelated are sources of galera_facts that say nothing about clients, nor of the state of replication.
var unrelated = []string{"option files", "login", "server", "container", "logins", "events", "sizes", "datadir",
	"grastate"}

// unreported returns what a server that answered did not report about its clients; empty if it reported all.
func unreported(g *galera.Facts) string {
	for _, e := range g.Errors {
		if !slices.Contains(unrelated, e.Source) {
			return fmt.Sprintf("%s was not read: %s", e.Source, e.Message)
		}
	}
	if g.Sample.Window <= 0 {
		return "it was read once, which shows no write-sets: give galera_facts a sample above 0"
	}
	return ""
}
