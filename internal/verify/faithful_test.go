// SPDX-License-Identifier: GPL-3.0-or-later

package verify

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/tests/mariadb"
)

// bare is a server without data for the cases of testdata/faithful; TestMain removes it.
var bare struct {
	sync.Once
	*server
	err error
}

func bareServer(t *testing.T) *server {
	t.Helper()
	shared(t)
	bare.Do(func() {
		started, err := mariadb.Start(func(string) []string { return []string{"--skip-networking", "--sql-mode="} })
		bare.server, bare.err = &server{Server: started}, err
	})
	must(t, bare.err)
	return bare.server
}

// faithful makes a set by each method of a server that holds these cases, and takes them away again.
func faithful(t *testing.T, names ...string) map[string]*Set {
	t.Helper()
	s := bareServer(t)
	t.Cleanup(func() { clear(t, s) })
	for _, name := range names {
		file, err := os.Open(filepath.Join("testdata/faithful", name+".sql"))
		must(t, err)
		defer file.Close()
		c := exec.Command("mariadb", "--no-defaults", "--comments", "--socket="+s.Socket)
		c.Stdin = file
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	sets := map[string]*Set{}
	for _, method := range []string{"physical", "logical"} {
		path, err := s.backUp(method)
		must(t, err)
		t.Cleanup(func() { os.RemoveAll(path) })
		sets[method] = openSet(t, filepath.Dir(filepath.Dir(path)), path)
	}
	return sets
}

// clear drops all schemas and accounts of the cases.
func clear(t *testing.T, s *server) {
	t.Helper()
	drop, err := s.SQL("SELECT CONCAT('DROP DATABASE `', schema_name, '`;') FROM information_schema.schemata WHERE LEFT(schema_name, 2) = 'c_'" +
		" UNION SELECT CONCAT('DROP ', IF(is_role = 'Y', CONCAT('ROLE ', user), CONCAT('USER ', user, '@`', host, '`')), ';') FROM mysql.user WHERE user LIKE 'c\\_%'")
	if err == nil {
		_, err = s.SQL(drop + "DROP SERVER IF EXISTS c_server; TRUNCATE mysql.time_zone; TRUNCATE mysql.time_zone_name; TRUNCATE mysql.time_zone_transition; TRUNCATE mysql.time_zone_transition_type")
	}
	if err != nil {
		t.Error(err)
	}
}

// of are the tables of the cases on the server that was backed up, rows of the past included.
func (s *server) tables() (tables []Table, err error) {
	c, err := galera.Open(context.Background(), galera.Login{Socket: s.Socket})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	rows, err := c.Rows(context.Background(), listTables+" AND table_type <> 'SEQUENCE' AND LEFT(table_schema, 2) = 'c_'")
	for _, row := range rows {
		table := Table{Schema: row[0], Name: row[1]}
		if err == nil {
			table.Rows, table.Checksum, err = table.sum(context.Background(), c, row[2])
		}
		tables = append(tables, table)
	}
	return tables, err
}

// TestWhatAClusterLawfullyHoldsIsRestored makes sets of small schemas, each of which was called damaged once, or came back
// as something else.
func TestWhatAClusterLawfullyHoldsIsRestored(t *testing.T) {
	sets := faithful(t, "grants", "comments", "history", "old_format", "past_event", "sequences", "checks", "wide", "words", "zones")
	want, err := bare.tables()
	must(t, err)
	rights, err := client(t, bare.server).Users(t.Context())
	must(t, err)
	for method, warning := range map[string]string{
		"physical": "",
		"logical":  "users.sql, line LINE: GRANT SELECT ON `c_grants`.`gone` TO `c_grants3`@`localhost`: what this is for is not there, so it was not granted",
	} {
		r := prepared(t, sets[method], scratchFolder(t))
		found, err := r.Run(t.Context())
		must(t, err)
		said := aLine.ReplaceAllString(strings.Join(found.Warnings, "\n"), "line LINE")
		if len(found.Problems) > 0 || said != warning {
			t.Fatalf("%s: %v, %q", method, found.Problems, said)
		}
		if !slices.Equal(found.Restored.Tables, want) {
			t.Errorf("%s: restored %v\nlive     %v", method, found.Restored.Tables, want)
		}
	}
	// Rights and rows of the past are looked at in the server itself.
	r := begun(t, sets["logical"])
	must(t, r.load(t.Context()))
	got, err := r.server.Users(t.Context())
	must(t, err)
	for _, statement := range rights.Statements {
		if strings.Contains(statement, "c_grants") && !strings.Contains(statement, "`gone`") && !slices.Contains(got.Statements, statement) {
			t.Errorf("%s was not restored", statement)
		}
	}
	const past = "SELECT GROUP_CONCAT(id, v, row_start, row_end ORDER BY row_start, id) FROM c_history.hidden FOR SYSTEM_TIME ALL"
	now, err := r.server.Value(t.Context(), past)
	must(t, err)
	if then, err := bare.SQL(past); err != nil || now != then {
		t.Errorf("the history is %s, and was %s, %v", now, then, err)
	}
	if zone, err := r.server.Value(t.Context(), "SELECT CONCAT(CONVERT_TZ('2026-01-01 00:00:00', '+00:00', 'Case/Zone'), (SELECT Host FROM mysql.servers))"); err != nil || zone != "2026-01-01 01:00:00db1" {
		t.Errorf("%q, %v", zone, err)
	}
}

var aLine = regexp.MustCompile(`line \d+`)

// A dump that cannot carry what the cluster holds does not load, and says at which table; the files carry it.
func TestWhatADumpCannotCarryIsNamed(t *testing.T) {
	for name, says := range map[string][]string{
		"geometry":  {", INSERT c_geometry.maps: Error 1416 (22003): Cannot get geometry object"},
		"float_key": {"a key of c_float_key.fu that must be unique has a value twice, as a FLOAT has that a dump rounds"},
	} {
		t.Run(name, func(t *testing.T) {
			sets := faithful(t, name)
			_, problems, _ := restored(t, sets["logical"])
			text := Verdict(problems)
			if len(problems) != 1 || problems[0].Kind != NotLoading || problems[0].Line < 20 || !strings.HasPrefix(text, "does not load: backup.sql.zst, line ") {
				t.Errorf("%+v", problems)
			}
			for _, words := range says {
				if !strings.Contains(text, words) {
					t.Errorf("%q does not say %q", text, words)
				}
			}
			if _, problems, warnings := restored(t, sets["physical"]); len(problems) > 0 || len(warnings) > 0 {
				t.Errorf("physical: %v, %q", problems, warnings)
			}
		})
	}
}
