// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/sqldump"
)

// markName is a table by which a schema of ours is known as such.
const markName = "overcloud_load_mark"

// survey is what the statements of the wanted parts come to, before any of them is sent.
type survey struct {
	*choice
	longest, fullest found
	objects          map[[2]string]found // tables, sequences and views, by the part's As and name
	order            [][2]string
	folded           map[[2]string][2]string // their keys, by the part's As and the name in small letters
	triggers         map[[2]string]found     // by the part's As and name
	qualified        map[string]bool         // by the part's As: a table of it names the schema
	events           bool
	bytes            int64 // of all statements
	programs         int   // bytes of those that are sent last
	statements       int   // and how many they are
	wrong            error
}

// found is something that a dump makes.
type found struct {
	what   sqldump.Kind
	line   int
	name   string // for people
	table  string // of a trigger
	size   int
	rows   int64
	engine string
}

// maxPrograms bounds the views and programs that are kept until the tables are there, with the settings between them.
// 100,000 views of a kilobyte are less.
const maxPrograms = 256 << 20

// maxMade bounds what is kept of tables, and a quarter of the views, programs and settings that are sent last: each
// takes far more memory than it has bytes in a dump. With 100,000 tables come some 600,000 settings.
var maxMade = 500_000

func newSurvey(parts []Part) *survey {
	v := &survey{
		objects: map[[2]string]found{}, folded: map[[2]string][2]string{}, triggers: map[[2]string]found{},
		qualified: map[string]bool{},
	}
	v.choice = newChoice(parts, v.see)
	return v
}

func (v *survey) see(s sqldump.Statement, text string) error {
	name := s.Does
	if v.part != nil && s.Name != "" {
		name += " " + s.Schema + "." + s.Name
	}
	size := len(text)
	if s.Kind == sqldump.Table || s.Kind == sqldump.Sequence {
		size += 70 * s.Refers() // the schema's name, where a foreign key gets it
	}
	f := found{what: s.Kind, line: s.Line, name: name, size: size, rows: int64(s.Rows), engine: s.Engine, table: s.Table}
	v.bytes += int64(len(text))
	if f.size > v.longest.size {
		v.longest = f
	}
	if f.rows > v.fullest.rows {
		v.fullest = f
	}
	if kept(s) {
		v.programs += len(text)
		v.statements++
	}
	if v.programs > maxPrograms {
		return fmt.Errorf("line %d: the views and programs have more than %d bytes; load the dump by hand", s.Line,
			maxPrograms)
	}
	if v.part != nil {
		v.note(s, f)
	}
	if max(len(v.objects), len(v.triggers), v.statements/4) > maxMade {
		return fmt.Errorf("line %d: the dump makes more than %d tables, triggers or programs; load it by hand", s.Line, maxMade)
	}
	return nil
}

// note keeps what a statement makes.
func (v *survey) note(s sqldump.Statement, f found) {
	key := [2]string{v.part.As, s.Name}
	if s.Qualified && s.Kind == sqldump.Table {
		v.qualified[v.part.As] = true
	}
	switch {
	case s.Does == "CREATE TABLE", s.Does == "CREATE SEQUENCE", s.Does == "CREATE VIEW":
		if strings.EqualFold(s.Name, markName) && v.wrong == nil {
			v.wrong = fmt.Errorf("line %d: a table or view %s is not loaded: a table of ours has that name", s.Line, markName)
		}
		if _, known := v.objects[key]; !known {
			v.order = append(v.order, key)
		}
		f.rows = 0
		v.objects[key], v.folded[folded(key)] = f, key
	case s.Rows > 0:
		o := v.objects[key]
		o.rows += int64(s.Rows)
		v.objects[key] = o
	case s.Does == "CREATE TRIGGER":
		v.triggers[key] = f
	case s.Does == "CREATE EVENT":
		v.events = true
	}
}

// object is what the dump makes under a name, which the server may have put into small letters.
func (v *survey) object(schema, name string) found {
	if o, exact := v.objects[[2]string{schema, name}]; exact {
		return o
	}
	return v.objects[v.folded[folded([2]string{schema, name})]]
}

func folded(key [2]string) [2]string { return [2]string{key[0], strings.ToLower(key[1])} }

// unreplicated are the tables of engines that are not among those that are replicated.
func (v *survey) unreplicated(replicated []string) (names []string) {
	for _, key := range v.order {
		o := v.objects[key]
		if o.what != sqldump.View && o.engine != "" && !slices.Contains(replicated, strings.ToLower(o.engine)) {
			names = append(names, fmt.Sprintf("%s (%s, line %d)", strings.SplitN(o.name, " ", 3)[2], o.engine, o.line))
		}
	}
	return names
}

// kept says that a statement is sent again when the tables have their names: all but the tables and sequences
// themselves. The settings of the session stay in their order, so that each is read as it was.
func kept(s sqldump.Statement) bool { return s.Kind != sqldump.Table && s.Kind != sqldump.Sequence }
