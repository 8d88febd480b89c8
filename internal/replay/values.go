// SPDX-License-Identifier: GPL-3.0-or-later

package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/sqldump"
)

// AllowInvalidDates has the mode that a dump sets for its rows take dates that are none, as 31 February, which ALLOW_INVALID_DATES
// had let in: without it they become 0000-00-00, and only a warning of the server says so.
func AllowInvalidDates(ctx context.Context, server *galera.Client, s sqldump.Statement) error {
	if s.Kind != sqldump.Session || !strings.Contains(strings.ToUpper(s.Text), "SQL_MODE='NO_AUTO_VALUE_ON_ZERO'") {
		return nil
	}
	return server.Exec(ctx, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
}

// unchanged are warnings of rows that went in as they were: a value for a generated column, which the server makes itself,
// and the empty value of an ENUM, which is none of its list.
var unchanged = []string{"1906", "1265"}

// ChangedValues is what a server says of rows that it took with other values than the statement has: the mode of a dump makes
// that a warning. It is empty where all went in as it was.
func ChangedValues(ctx context.Context, server *galera.Client, s sqldump.Statement) (string, error) {
	if s.Does != "INSERT" && s.Does != "REPLACE" {
		return "", nil
	}
	rows, err := server.Rows(ctx, "SHOW WARNINGS")
	for _, row := range rows {
		if len(row) == 3 && !slices.Contains(unchanged, row[1]) {
			return fmt.Sprintf("line %d: values of %s went in as other ones: %s", s.Line,
				excerpt.Of(s.Schema+"."+s.Name), excerpt.Of(row[2])), nil
		}
	}
	return "", err
}
