// SPDX-License-Identifier: GPL-3.0-or-later

package part

import (
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/sqldump"
)

// MarkName is a table that marks a schema as one of ours.
const MarkName = "overcloud_load_mark"

// Survey describes the chosen statements before any of them is sent.
type Survey struct {
	*Choice
	Longest, Fullest Found               // the statements with the most bytes, and with the most rows
	Objects          map[[2]string]Found // tables, sequences and views, by the part's As and name
	Triggers         map[[2]string]Found // by the part's As and name
	Qualified        map[string]bool     // by the part's As: a table of it names the schema
	Bytes            int64               // of all statements
	Programs         int                 // bytes of those that are sent last
	Wrong            error               // why the parts cannot be loaded, whatever the server is

	order      [][2]string             // of Objects
	folded     map[[2]string][2]string // keys of Objects, by the part's As and the name in small letters
	statements int                     // how many are sent last
}

// Found is an object that a dump creates.
type Found struct {
	What   sqldump.Kind
	Line   int
	Name   string // for people
	Size   int
	Rows   int64
	Engine string
}

// maxPrograms limits the views and programs that are kept until the tables are loaded, with the settings between them.
// 100,000 views of a kilobyte are less.
const maxPrograms = 256 << 20

// maxMade limits what is kept of tables, and a quarter of the views, programs and settings that are sent last: each
// takes far more memory than it has bytes in a dump. 100,000 tables come with some 600,000 settings.
var maxMade = 500_000

// NewSurvey returns a survey of parts of a dump; its Take reads the statements.
func NewSurvey(parts []Part) *Survey {
	v := &Survey{
		Objects: map[[2]string]Found{}, folded: map[[2]string][2]string{}, Triggers: map[[2]string]Found{},
		Qualified: map[string]bool{},
	}
	v.Choice = NewChoice(parts, v.See)
	return v
}

// See counts a chosen statement, by the text that will be sent.
func (v *Survey) See(s sqldump.Statement, text string) error {
	name := s.Does
	if v.Part != nil && s.Name != "" {
		name += " " + s.Schema + "." + s.Name
	}
	size := len(text)
	if s.Kind == sqldump.Table || s.Kind == sqldump.Sequence {
		size += 70 * s.Refers() // the schema's name, where a foreign key gets it
	}
	f := Found{What: s.Kind, Line: s.Line, Name: name, Size: size, Rows: int64(s.Rows), Engine: s.Engine}
	v.Bytes += int64(len(text))
	if f.Size > v.Longest.Size {
		v.Longest = f
	}
	if f.Rows > v.Fullest.Rows {
		v.Fullest = f
	}
	if Kept(s) {
		v.Programs += len(text)
		v.statements++
	}
	if v.Programs > maxPrograms {
		return fmt.Errorf("line %d: the views and programs have more than %d bytes; load the dump manually", s.Line,
			maxPrograms)
	}
	if v.Part != nil {
		v.note(s, f)
	}
	if max(len(v.Objects), len(v.Triggers), v.statements/4) > maxMade {
		return fmt.Errorf("line %d: the dump creates more than %d tables, triggers or programs; load it manually",
			s.Line,
			maxMade)
	}
	return nil
}

// note remembers what a statement creates.
func (v *Survey) note(s sqldump.Statement, f Found) {
	key := [2]string{v.Part.As, s.Name}
	if s.Qualified && s.Kind == sqldump.Table {
		v.Qualified[v.Part.As] = true
	}
	switch {
	case s.Does == "CREATE TABLE", s.Does == "CREATE SEQUENCE", s.Does == "CREATE VIEW":
		if strings.EqualFold(s.Name, MarkName) && v.Wrong == nil {
			v.Wrong = fmt.Errorf("line %d: a table or view %s is not loaded: a table of ours has that name", s.Line,
				MarkName)
		}
		if _, known := v.Objects[key]; !known {
			v.order = append(v.order, key)
		}
		f.Rows = 0
		v.Objects[key], v.folded[folded(key)] = f, key
	case s.Rows > 0:
		o := v.Objects[key]
		o.Rows += int64(s.Rows)
		v.Objects[key] = o
	case s.Does == "CREATE TRIGGER":
		v.Triggers[key] = f
	}
}

// Object returns what the dump creates under a name, which the server may have changed to lower case.
func (v *Survey) Object(schema, name string) Found {
	if o, exact := v.Objects[[2]string{schema, name}]; exact {
		return o
	}
	return v.Objects[v.folded[folded([2]string{schema, name})]]
}

func folded(key [2]string) [2]string { return [2]string{key[0], strings.ToLower(key[1])} }

// Unreplicated returns the tables whose engine is not among those that are replicated.
func (v *Survey) Unreplicated(replicated []string) (names []string) {
	for _, key := range v.order {
		o := v.Objects[key]
		if o.What != sqldump.View && o.Engine != "" && !slices.Contains(replicated, strings.ToLower(o.Engine)) {
			names = append(names, fmt.Sprintf("%s (%s, line %d)", strings.SplitN(o.Name, " ", 3)[2], o.Engine, o.Line))
		}
	}
	return names
}

// Kept reports whether a statement is sent again when the tables are in place: all except tables and sequences. The
// settings of the session stay in their order, so that each statement is read as it was.
func Kept(s sqldump.Statement) bool { return s.Kind != sqldump.Table && s.Kind != sqldump.Sequence }
