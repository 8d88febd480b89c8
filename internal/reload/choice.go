// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"fmt"
	"slices"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/sqldump"
)

// definition is a view or program with the account that it runs as.
type definition struct {
	as   sqldump.Definer
	what string // "CREATE TRIGGER nova.r, line 12"
	part Part
	// alone says that it runs by itself, as an event does: then rights in the schema of the name before are more than it needs.
	alone bool
}

// definerUse is a definer with what it is used for.
type definerUse struct {
	as     sqldump.Definer
	schema string
	alone  bool
}

// choice passes the statements of parts on, under the schema's name where it is loaded.
type choice struct {
	parts []Part
	pass  func(sqldump.Statement, string) error
	part  *Part           // what the statement that is passed on is of; nil for one of the session
	found map[string]bool // schemas and tables, quoted
	// definers are the first view or program of each account that is none's own.
	definers []definition
	noted    map[definerUse]bool
	// collate changes the schema's collation for what follows; it waits for something that is wanted. changed says that one
	// was passed on, which the next one takes back.
	collate *sqldump.Statement
	changed bool
}

func newChoice(parts []Part, pass func(sqldump.Statement, string) error) *choice {
	return &choice{parts: parts, pass: pass, found: map[string]bool{}, noted: map[definerUse]bool{}}
}

func (c *choice) take(s sqldump.Statement) error {
	c.part = nil
	if s.Kind == sqldump.Session {
		return c.pass(s, s.Text)
	}
	at := slices.IndexFunc(c.parts, func(p Part) bool { return p.Schema == s.Schema })
	if at < 0 {
		return nil
	}
	p := c.parts[at]
	c.part = &c.parts[at]
	c.found[sqldump.QuoteName(p.Schema)] = true
	if s.Kind == sqldump.Collate && !c.changed {
		c.collate = &s
		return nil
	}
	if !c.wants(p, s) {
		return nil
	}
	if s.Reaches != "" {
		return fmt.Errorf("line %d: the %s %s names the schema %s, which is not its own (as a foreign key or a default does), so that "+
			"it would reach what is in use there; load the dump by hand if you trust it", s.Line, s.Does, s.Name, excerpt.UpTo(300, s.Reaches))
	}
	if s.Qualified && p.As != p.Schema {
		return fmt.Errorf("line %d: the %s %s names the schema %s itself, so that it cannot be loaded as %s; load the dump by hand",
			s.Line, s.Does, s.Name, p.Schema, p.As)
	}
	if s.Definer != nil && !s.Invoker {
		c.note(p, s)
	}
	return c.hand(p, s)
}

// hand passes a statement on, with the change of collation that waits for it.
func (c *choice) hand(p Part, s sqldump.Statement) error {
	if s.Kind == sqldump.Collate {
		c.changed = false
	} else if waits := c.collate; waits != nil && s.Kind == sqldump.Program {
		c.collate, c.changed = nil, true
		if err := c.pass(*waits, waits.In(p.As)); err != nil {
			return err
		}
	}
	return c.pass(s, s.In(p.As))
}

// wants says whether a statement is of the part.
func (c *choice) wants(p Part, s sqldump.Statement) bool {
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

func (c *choice) note(p Part, s sqldump.Statement) {
	alone := s.Does == "CREATE EVENT"
	if key := (definerUse{*s.Definer, p.Schema, alone}); !c.noted[key] {
		c.noted[key] = true
		c.definers = append(c.definers, definition{*s.Definer, fmt.Sprintf("%s %s.%s, line %d", s.Does, s.Schema, s.Name, s.Line), p, alone})
	}
}

// missing names what was wanted and did not come.
func (c *choice) missing() error {
	for _, p := range c.parts {
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

// checkDefiners refuses what would run as an account that may do more than its schema needs: what it does is unknown, and
// an event does it at once.
func (c *choice) checkDefiners(ctx context.Context, server *galera.Client, trusted []string) error {
	for _, d := range c.definers {
		if slices.Contains(trusted, d.as.String()) {
			continue
		}
		needed := []string{d.part.As}
		if !d.alone {
			needed = append(needed, d.part.Schema)
		}
		more, err := server.Beyond(ctx, d.as.User, needed...)
		if err != nil {
			return fmt.Errorf("see what the definer %s may do: %w", d.as, err)
		}
		if more != "" {
			return fmt.Errorf("%s, would run as %s, which may do more than its schema needs (%s). The set is not signed: "+
				"who can write to the destination can have written that; add %s to definers if you trust it", d.what, d.as, more, d.as)
		}
	}
	return nil
}
