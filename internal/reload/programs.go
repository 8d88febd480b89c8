// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
)

// shownAs are the columns of SHOW CREATE, by what is shown: sql_mode, time_zone, the statement, the client's character
// set and the collation of the connection.
var shownAs = map[string][5]int{
	"VIEW":      {-1, -1, 1, 2, 3},
	"PROCEDURE": {1, -1, 2, 3, 4},
	"FUNCTION":  {1, -1, 2, 3, 4},
	"EVENT":     {1, 2, 3, 4, 5},
}

// notThere are the server's errors for a view, a routine and an event that do not exist.
var notThere = []int{1146, 1305, 1539}

// keepPrograms keeps the definitions of what the dump's views and programs replace. Triggers go with their tables.
func (l *loading) keepPrograms(ctx context.Context) error {
	seen := map[[3]string]bool{}
	for _, s := range l.later {
		kind := strings.TrimPrefix(s.Does, "CREATE ")
		columns, known := shownAs[kind]
		if !known || seen[keyOf(s)] {
			continue
		}
		seen[keyOf(s)] = true
		was, err := l.shown(ctx, savedObject{schema: s.part.As, kind: kind, name: s.Name}, columns)
		if err != nil {
			return fmt.Errorf("read the %s %s.%s: %w", strings.ToLower(kind), excerpt.Of(s.part.As), excerpt.Of(s.Name),
				err)
		}
		l.programsBefore = append(l.programsBefore, was)
	}
	l.using = ""
	return nil
}

func (l *loading) shown(ctx context.Context, a savedObject, columns [5]int) (savedObject, error) {
	// A view of the session's schema is shown without that schema's name.
	if l.using != a.schema {
		if err := l.ensureSchema(ctx, l.stageOf(a.schema)); err != nil {
			return a, err
		}
		if err := l.use(a.schema); err != nil {
			return a, err
		}
	}
	rows, err := l.server.Rows(ctx, "SHOW CREATE "+a.kind+" "+sqldump.QuoteName(a.name))
	if slices.Contains(notThere, mariadb.ErrorNumber(err)) {
		return a, nil
	}
	if err != nil || len(rows) != 1 || len(rows[0]) <= columns[4] || rows[0][columns[2]] == "" {
		return a, errors.Join(err, errNoDefinition)
	}
	at := func(i int) string {
		if i < 0 {
			return ""
		}
		return rows[0][i]
	}
	a.had, a.mode, a.zone, a.text = true, at(columns[0]), at(columns[1]), at(columns[2])
	a.charset, a.collation = at(columns[3]), at(columns[4])
	return a, nil
}

// statements recreate it as it was. Its text was read as UTF-8.
func (a savedObject) statements() []string {
	use := "USE " + sqldump.QuoteName(a.schema)
	if !a.had {
		return []string{use, "DROP " + a.kind + " IF EXISTS " + sqldump.QuoteName(a.name)}
	}
	if strings.ContainsFunc(a.text, func(c rune) bool { return c >= 0x80 }) && !strings.HasPrefix(a.charset, "utf8") {
		a.charset, a.collation = "utf8mb4", "utf8mb4_general_ci"
	}
	set := fmt.Sprintf("SET sql_mode = '%s', character_set_client = %s, collation_connection = %s", a.mode, a.charset,
		a.collation)
	if a.zone != "" {
		set += ", time_zone = '" + a.zone + "'"
	}
	return []string{use, set, orReplace(a.text)}
}

// recreateAll recreates what was there. A view may need another one, so it tries as long as there is progress.
func recreateAll(ctx context.Context, server *mariadb.Client, were []savedObject) error {
	for len(were) > 0 {
		var left []savedObject
		var failed error
		for _, a := range were {
			if err := recreate(ctx, server, a); err != nil && mariadb.ErrorNumber(err) == 0 {
				return err
			} else if err != nil {
				left, failed = append(left, a), err
			}
		}
		if len(left) == len(were) {
			return fmt.Errorf("create it again: %w: %s", failed, excerpt.UpTo(1000, left[0].text))
		}
		were = left
	}
	return server.Exec(ctx, "SET sql_mode = '', NAMES utf8mb4")
}

func recreate(ctx context.Context, server *mariadb.Client, a savedObject) error {
	for _, text := range a.statements() {
		if err := server.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

var errNoDefinition = errors.New("the server shows no definition; the account needs TRIGGER and SUPER")

func filter(all []savedObject, wanted func(savedObject) bool) (kept []savedObject) {
	for _, a := range all {
		if wanted(a) {
			kept = append(kept, a)
		}
	}
	return kept
}
