// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestSchemasOfAnyNameAreSeenAndCounted(t *testing.T) {
	s := startServer(t)
	c := s.Root(t)
	names := slices.Concat(hostileNames, ownLookalikes, []string{"Nova", "nova"})
	for i, name := range names {
		execAll(t, c, "CREATE DATABASE "+quoteName(name))
		t.Cleanup(func() { c.Exec(context.Background(), "DROP DATABASE "+quoteName(name)) })
		for n := range i%3 + 1 {
			execAll(t, c, fmt.Sprintf("CREATE TABLE %s.%s (i INT PRIMARY KEY)", quoteName(name),
				quoteName(fmt.Sprint(n, names[n]))))
		}
	}
	folder := filepath.Join(s.Data, "lost+found")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(folder)
	schemas, err := c.Schemas(t.Context())
	if want := slices.Sorted(slices.Values(names)); err != nil || !slices.Equal(schemas, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, schemas, want)
	}
	counts, err := c.TableCounts(t.Context(), time.Minute)
	if err != nil || len(counts) != len(names) {
		t.Errorf("%d counts, %v", len(counts), err)
	}
	for i, name := range names {
		if counts[name] != i%3+1 {
			t.Errorf("%q has %d tables, want %d", name, counts[name], i%3+1)
		}
	}
}
