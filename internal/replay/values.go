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

// Sent is called after a statement was sent. It warns of rows that did not go in as they are, once for each table, and
// has the server take dates that are none where the dump sets the mode for its rows.
func (s *Session) Sent(ctx context.Context, st sqldump.Statement) error {
	said, err := s.changedValues(ctx, st)
	if table := st.Schema + "." + st.Name; said != "" && table != s.warned {
		s.warned = table
		s.warn("%s", said)
	}
	return errors.Join(err, s.allowInvalidDates(ctx, st))
}

// allowInvalidDates has the mode that a dump sets for its rows take dates that are none, as 31 February, which
// ALLOW_INVALID_DATES had let in: without it they become 0000-00-00, and only a warning of the server says so.
func (s *Session) allowInvalidDates(ctx context.Context, st sqldump.Statement) error {
	const mode = "SQL_MODE='NO_AUTO_VALUE_ON_ZERO'"
	if st.Kind != sqldump.Session || !strings.Contains(strings.ToUpper(st.Text), mode) {
		return nil
	}
	return s.server.Exec(ctx, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
}

// unchanged are warnings of rows that went in as they were: a value for a generated column, which the server makes
// itself, and the empty value of an ENUM, which is none of its list.
var unchanged = []string{"1906", "1265"}

// changedValues returns the server's warning of rows that it took with other values than the statement has, as the mode
// of a dump lets it; empty where all went in as it was.
func (s *Session) changedValues(ctx context.Context, st sqldump.Statement) (string, error) {
	if st.Does != "INSERT" && st.Does != "REPLACE" {
		return "", nil
	}
	rows, err := s.server.Rows(ctx, "SHOW WARNINGS")
	for _, row := range rows {
		if len(row) == 3 && !slices.Contains(unchanged, row[1]) {
			return fmt.Sprintf("line %d: values of %s went in as other ones: %s", st.Line,
				excerpt.Of(st.Schema+"."+st.Name), excerpt.Of(row[2])), nil
		}
	}
	return "", err
}
