// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/accounts"
)

// maxNonTransactional limits the list of tables that a consistent dump cannot cover.
const maxNonTransactional = 1000

// Sizes adds up data and indexes by engine. The server itself ends the query after limit, because a query continues
// after its client has left. The account must be able to see the tables: without a privilege on them they are not
// listed.
func Sizes(ctx context.Context, c *mariadb.Client, limit time.Duration) (Storage, error) {
	grants, err := accounts.ReadGrants(ctx, c)
	if err != nil {
		return Storage{}, err
	}
	if missing := grants.Missing("SELECT"); len(missing) > 0 {
		return Storage{}, fmt.Errorf("%s may not see every table: it lacks SELECT ON *.*", c.Reached().User)
	}
	sum := newSum()
	err = c.Each(ctx, mariadb.Limited(limit)+"SELECT table_schema, table_name, engine, data_length + index_length"+
		" FROM information_schema.tables WHERE table_type NOT IN ('VIEW', 'SYSTEM VIEW', 'TEMPORARY') AND "+
		mariadb.UserTables("table_schema"), sum.add)
	if err != nil {
		return Storage{}, fmt.Errorf("read the sizes of the tables: %w", err)
	}
	return sum.storage(), nil
}

// sum adds up tables row by row.
type sum struct {
	engines          map[string]Engine
	nonTransactional []string
}

func newSum() *sum { return &sum{engines: map[string]Engine{}} }

func (s *sum) add(row []*string) error {
	// A table without engine is one that the server cannot open: Broken gives the reason.
	name := "unknown"
	if row[2] != nil {
		name = *row[2]
	}
	var bytes int64
	if row[3] != nil {
		n, err := strconv.ParseInt(*row[3], 10, 64)
		if err != nil {
			return fmt.Errorf("the size of %s.%s is %q", excerpt.Of(mariadb.Text(row[0])),
				excerpt.Of(mariadb.Text(row[1])),
				excerpt.Of(*row[3]))
		}
		bytes = n
	}
	e := s.engines[name]
	e.Name, e.Tables, e.Bytes = name, e.Tables+1, e.Bytes+bytes
	s.engines[name] = e
	if row[2] != nil && !strings.EqualFold(name, "InnoDB") {
		s.nonTransactional = append(s.nonTransactional, mariadb.Text(row[0])+"."+mariadb.Text(row[1]))
	}
	return nil
}

func (s *sum) storage() Storage {
	st := Storage{Engines: []Engine{}, NonTransactional: []string{}}
	for _, e := range s.engines {
		st.Engines = append(st.Engines, e)
		st.DataBytes += e.Bytes
	}
	slices.SortFunc(st.Engines, func(a, b Engine) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(s.nonTransactional)
	st.NonTransactional = append(st.NonTransactional, s.nonTransactional[:min(len(s.nonTransactional),
		maxNonTransactional)]...)
	return st
}
