// SPDX-License-Identifier: GPL-3.0-or-later

package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/sqldump"
)

// Sent is called after a statement was sent. It warns of rows that were not stored unchanged, once for each table, and
// makes the server accept invalid dates if the dump sets the mode for its rows.
func (s *Session) Sent(ctx context.Context, st sqldump.Statement) error {
	changed, err := s.changedValues(ctx, st)
	if table := st.Schema + "." + st.Name; changed != "" && table != s.warned {
		s.warned = table
		s.warn("%s", changed)
	}
	return errors.Join(err, s.allowInvalidDates(ctx, st))
}

// allowInvalidDates makes the mode that a dump sets for its rows accept invalid dates, such as 31 February, which
// ALLOW_INVALID_DATES had let in: without it they become 0000-00-00, and only a warning of the server says so.
func (s *Session) allowInvalidDates(ctx context.Context, st sqldump.Statement) error {
	const mode = "SQL_MODE='NO_AUTO_VALUE_ON_ZERO'"
	if st.Kind != sqldump.Session || !strings.Contains(strings.ToUpper(st.Text), mode) {
		return nil
	}
	return s.server.Exec(ctx, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
}

// unchanged are warnings of rows that were stored unchanged: a value for a generated column, which the server computes
// itself, and the empty value of an ENUM, which is not in its list.
var unchanged = []string{"1906", "1265"}

// changedValues returns the server's warning of rows that it stored with other values than the statement has, which the
// mode of a dump permits; empty if all were stored unchanged.
func (s *Session) changedValues(ctx context.Context, st sqldump.Statement) (string, error) {
	if st.Does != "INSERT" && st.Does != "REPLACE" {
		return "", nil
	}
	rows, err := s.server.Rows(ctx, "SHOW WARNINGS")
	for _, row := range rows {
		if len(row) == 3 && !slices.Contains(unchanged, row[1]) {
			return fmt.Sprintf("line %d: values of %s were stored differently: %s", st.Line,
				excerpt.Of(st.Schema+"."+st.Name), excerpt.Of(row[2])), nil
		}
	}
	return "", err
}
