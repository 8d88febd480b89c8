// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
