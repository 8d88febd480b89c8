// SPDX-License-Identifier: GPL-3.0-or-later

// Package part selects parts of a dump: some of its schemas or tables, under new names. It reads statements and sends
// none, so that a dump that cannot be loaded is known before anything is changed.
package part

import (
	"fmt"
	"slices"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/sqldump"
)

// Definition is a view or program with the account that it runs as.
type Definition struct {
	As   sqldump.Definer
	What string // "CREATE TRIGGER nova.r, line 12"
	Part Part
	// Alone means that it runs by itself, such as an event: then it does not need rights in the schema's original name.
	Alone bool
}

// definerUse is a definer together with what it is used for.
type definerUse struct {
	as     sqldump.Definer
	schema string
	alone  bool
}

// Choice passes on the statements of the chosen parts, under the new name of their schema.
type Choice struct {
	Parts []Part
	Pass  func(sqldump.Statement, string) error
	Part  *Part           // the part of the statement that is passed on; nil for one of the session
	found map[string]bool // schemas and tables, quoted
	// Definers are the first view or program of each account that needs to be checked.
	Definers []Definition
	noted    map[definerUse]bool
	// collate changes the schema's collation for what follows; it waits for a chosen statement. changed says that one
	// was passed on, which the next one reverts.
	collate *sqldump.Statement
	changed bool
}

// NewChoice returns a choice of parts of a dump. It calls pass with each chosen statement and its text.
func NewChoice(parts []Part, pass func(sqldump.Statement, string) error) *Choice {
	return &Choice{Parts: parts, Pass: pass, found: map[string]bool{}, noted: map[definerUse]bool{}}
}

// Take handles the next statement of a dump.
func (c *Choice) Take(s sqldump.Statement) error {
	c.Part = nil
	if s.Kind == sqldump.Session {
		return c.Pass(s, s.Text)
	}
	at := slices.IndexFunc(c.Parts, func(p Part) bool { return p.Schema == s.Schema })
	if at < 0 {
		return nil
	}
	p := c.Parts[at]
	c.Part = &c.Parts[at]
	c.found[sqldump.QuoteName(p.Schema)] = true
	if s.Kind == sqldump.Collate && !c.changed {
		c.collate = &s
		return nil
	}
	if !c.wants(p, s) {
		return nil
	}
	if s.Reaches != "" {
		return fmt.Errorf("line %d: the %s %s names the schema %s, which is not its own (as a foreign key or a"+
			" default does), so that "+
			"it would reach what is in use there; load the dump manually if you trust it", s.Line, s.Does, s.Name,
			excerpt.UpTo(300, s.Reaches))
	}
	if s.Qualified && p.As != p.Schema {
		return fmt.Errorf("line %d: the %s %s names the schema %s itself, so that it cannot be loaded as %s; load the"+
			" dump by hand",
			s.Line, s.Does, s.Name, p.Schema, p.As)
	}
	if s.Definer != nil && !s.Invoker {
		c.Note(p, s)
	}
	return c.hand(p, s)
}

// hand passes on a statement, after a change of collation that waits for it.
func (c *Choice) hand(p Part, s sqldump.Statement) error {
	if s.Kind == sqldump.Collate {
		c.changed = false
	} else if waits := c.collate; waits != nil && s.Kind == sqldump.Program {
		c.collate, c.changed = nil, true
		if err := c.Pass(*waits, waits.In(p.As)); err != nil {
			return err
		}
	}
	return c.Pass(s, s.In(p.As))
}

// wants reports whether a statement belongs to the part.
func (c *Choice) wants(p Part, s sqldump.Statement) bool {
	if len(p.Tables) == 0 || s.Kind == sqldump.Use || s.Kind == sqldump.Schema || s.Kind == sqldump.Collate {
		return true
	}
	table := s.Table
	if s.Kind == sqldump.Table {
		table = s.Name
		if slices.Contains(p.Tables, table) {
			c.found[sqldump.QuoteName(p.Schema)+"."+sqldump.QuoteName(table)] = true
		}
	}
	return table != "" && slices.Contains(p.Tables, table)
}

func use(s sqldump.Statement, schema string) definerUse {
	return definerUse{*s.Definer, schema, s.Does == "CREATE EVENT"}
}

// Names reports whether a statement was seen that uses its definer as this one does.
func (c *Choice) Names(s sqldump.Statement) bool { return c.noted[use(s, s.Schema)] }

// Note remembers the definer of a statement.
func (c *Choice) Note(p Part, s sqldump.Statement) {
	if key := use(s, p.Schema); !c.noted[key] {
		c.noted[key] = true
		c.Definers = append(c.Definers, Definition{*s.Definer,
			fmt.Sprintf("%s %s.%s, line %d", s.Does, s.Schema, s.Name, s.Line), p, key.alone})
	}
}

// Missing names the parts that the dump does not have.
func (c *Choice) Missing() error {
	for _, p := range c.Parts {
		if !c.found[sqldump.QuoteName(p.Schema)] {
			return fmt.Errorf("the dump has no schema %q", p.Schema)
		}
		for _, t := range p.Tables {
			if !c.found[sqldump.QuoteName(p.Schema)+"."+sqldump.QuoteName(t)] {
				return fmt.Errorf("the dump has no table %q in the schema %q", t, p.Schema)
			}
		}
	}
	return nil
}

// Part is a schema of a dump, or some of its tables, and the new name of the schema.
type Part struct {
	Schema string
	Tables []string // empty for all, with views, routines and events
	As     string   // the schema's name where it is loaded
}
