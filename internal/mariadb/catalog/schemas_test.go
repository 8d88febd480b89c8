// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestSchemasOfAnyNameAreSeenAndCounted(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	names := slices.Concat(mariadbtest.HostileNames, ownLookalikes, []string{"Nova", "nova"})
	for i, name := range names {
		mariadbtest.Exec(t, c, "CREATE DATABASE "+mariadb.QuoteName(name))
		t.Cleanup(func() { c.Exec(context.Background(), "DROP DATABASE "+mariadb.QuoteName(name)) })
		for n := range i%3 + 1 {
			mariadbtest.Exec(t, c, fmt.Sprintf("CREATE TABLE %s.%s (i INT PRIMARY KEY)", mariadb.QuoteName(name),
				mariadb.QuoteName(fmt.Sprint(n, names[n]))))
		}
	}
	folder := filepath.Join(s.Data, "lost+found")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(folder)
	schemas, err := Schemas(t.Context(), c)
	if want := slices.Sorted(slices.Values(names)); err != nil || !slices.Equal(schemas, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, schemas, want)
	}
	counts, err := TableCounts(t.Context(), c, time.Minute)
	if err != nil || len(counts) != len(names) {
		t.Errorf("%d counts, %v", len(counts), err)
	}
	for i, name := range names {
		if counts[name] != i%3+1 {
			t.Errorf("%q has %d tables, want %d", name, counts[name], i%3+1)
		}
	}
}

func TestASchemaIsEmptyOnlyIfItHoldsNothing(t *testing.T) {
	s := mariadbtest.Start(t)
	c := s.Root(t)
	kinds := map[string]string{
		"es_table": "CREATE TABLE %s.x (i INT)", "es_view": "CREATE VIEW %s.x AS SELECT 1",
		"es_sequence": "CREATE SEQUENCE %s.x INCREMENT BY 0", "es_procedure": "CREATE PROCEDURE %s.x() DO 1",
		"es_function": "CREATE FUNCTION %s.x() RETURNS INT RETURN 1",
		"es_event":    "CREATE EVENT %s.x ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1",
		"es_none":     "", "ES_TABLE": "", "es_gone": "CREATE TABLE %[1]s.x (i INT); DROP TABLE %[1]s.x",
	}
	for name, create := range kinds {
		mariadbtest.Exec(t, c, "CREATE DATABASE "+name)
		t.Cleanup(func() { c.Exec(context.Background(), "DROP DATABASE "+name) })
		for statement := range strings.SplitSeq(create, "; ") {
			if statement != "" {
				mariadbtest.Exec(t, c, fmt.Sprintf(statement, name))
			}
		}
	}
	folder := filepath.Join(s.Data, "lost+found")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(folder)
	got, err := EmptySchemas(t.Context(), c)
	if want := []string{"ES_TABLE", "es_gone", "es_none"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, want %q, %v", got, want, err)
	}
}
