// SPDX-License-Identifier: GPL-3.0-or-later

package faithful

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A schema is a file of statements under testdata. Its first lines are comments, which say what it is and what is
// expected of it:
//
//	-- server: --option --option       of the server that has it, and of the one that gets it back; $PLUGINS and $DIR
//	                                   are folders, the second one the server's own
//	-- before: COMMAND                 run before the server is started
//	-- shell: COMMAND                  run after the statements; $DATA is the datadir
//	-- refused METHOD: TEXT            no backup is made, and the error has TEXT
//	-- unusable METHOD: TEXT           the set does not restore, and its verification says TEXT
//	-- unproven METHOD: TEXT           nobody can tell whether the set restores, and the error has TEXT
//	-- warned METHOD: TEXT             a warning of the backup has TEXT
//	-- noted METHOD: TEXT              a warning of the verification has TEXT
//	-- broken: leave_out               the backup leaves out what the server cannot open
//	-- slow: yes                       left out unless all tests are run (TESTS_ALL)
//	-- lost METHOD: REGEXP             lines of the portrait that the method does not carry
type schema struct {
	name, path      string
	server, command string
	before          string
	slow, leaveOut  bool
	expected        []expectation
}

type expectation struct{ what, method, text string }

var header = regexp.MustCompile(`^-- (server|before|shell|slow|broken|(refused|unusable|unproven|warned|noted|lost)` +
	` (physical|logical)): (.+)$`)

func readSchemas(t *testing.T) (all []schema) {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(paths) == 0 {
		t.Fatal("no schemas: ", err)
	}
	for _, path := range paths {
		if s := readSchema(t, path); !s.slow || os.Getenv("TESTS_ALL") != "" {
			all = append(all, s)
		}
	}
	return all
}

func readSchema(t *testing.T, path string) schema {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := schema{name: strings.TrimSuffix(filepath.Base(path), ".sql"), path: path}
	for lines := bufio.NewScanner(file); lines.Scan() && strings.HasPrefix(lines.Text(), "--"); {
		switch m := header.FindStringSubmatch(lines.Text()); {
		case m == nil:
		case m[1] == "server":
			s.server = m[4]
		case m[1] == "before":
			s.before = m[4]
		case m[1] == "slow":
			s.slow = true
		case m[1] == "broken":
			s.leaveOut = m[4] == "leave_out"
		case m[1] == "shell":
			s.command = m[4]
		default:
			s.expected = append(s.expected, expectation{m[2], m[3], m[4]})
		}
	}
	return s
}

// texts returns the expected texts for a method.
func (s schema) texts(what, method string) (texts []string) {
	for _, e := range s.expected {
		if e.what == what && e.method == method {
			texts = append(texts, e.text)
		}
	}
	return texts
}

// alone reports whether the schema would keep others on its server from being backed up or restored.
func (s schema) alone() bool {
	for _, e := range s.expected {
		if e.what == "refused" || e.what == "unusable" || e.what == "unproven" {
			return true
		}
	}
	return s.leaveOut
}

// group has schemas that share a server.
type group struct {
	name    string
	options []string
	schemas []schema
}

func groups(all []schema) (found []*group) {
	byKey := map[string]*group{}
	for _, s := range all {
		key := s.server
		if s.alone() {
			key = s.name
		}
		g := byKey[key]
		if g == nil {
			g = &group{name: s.name, options: strings.Fields(s.server)}
			if key == "" {
				g.name = "together"
			}
			byKey[key], found = g, append(found, g)
		}
		g.schemas = append(g.schemas, s)
	}
	return found
}

func (g *group) texts(what, method string) (texts []string) {
	for _, s := range g.schemas {
		texts = append(texts, s.texts(what, method)...)
	}
	return texts
}
