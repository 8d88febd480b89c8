// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"regexp"
)

// ddl are the messages of tools whose reading was broken by a statement that changed the schema. Galera applies such a
// statement on every node at the same time and ends what is in its way, a dump included.
var ddl = []*regexp.Regexp{
	// mariadb-dump: Error 1412: Table definition has changed, please retry transaction when dumping table `t` at row: 0
	regexp.MustCompile(`Table definition has changed`),
	// mariadb-dump: Couldn't execute 'SHOW CREATE TABLE `t`': Table 'nova.t' doesn't exist (1146); Unknown database 'x' (1049)
	regexp.MustCompile(`\((1146|1049|1051|1305|1356)\)|Error: (1146|1049|1051|1305|1356)\b|Error (1146|1049|1051|1305|1356):`),
	regexp.MustCompile(`Table '[^']*' doesn't exist|Unknown database '`),
	// The applier's statement goes first: 1213 deadlock, 1317 interrupted, 1927 connection was killed.
	regexp.MustCompile(`Deadlock found when trying to get lock|Query execution was interrupted|Connection was killed`),
	// mariadb-backup: [00] FATAL ERROR: ... DDL was executed; with wsrep_mode=BF_ABORT_MARIABACKUP its connection is killed.
	regexp.MustCompile(`(?i)\bDDL\b.*(backup|abort|unsafe|executed|detected)|(backup|abort).*\bDDL\b`),
	regexp.MustCompile(`ALTER TABLE or OPTIMIZE TABLE was being executed`),
}

// changedError is of an attempt whose schema changed while it was read.
type changedError struct{ error }

func (e *changedError) Unwrap() error { return e.error }

// brokenByDDL says that a statement that changed the schema broke an attempt. What the guard stopped is never that.
func brokenByDDL(err error) bool {
	var breach *Breach
	if err == nil || errors.As(err, &breach) {
		return false
	}
	var changed *changedError
	if errors.As(err, &changed) {
		return true
	}
	text := err.Error()
	for _, message := range ddl {
		if message.MatchString(text) {
			return true
		}
	}
	return false
}

// again makes a second attempt if the first was broken by a statement that changed the schema. Anything else stands.
func (r *running) again(ctx context.Context, first error) error {
	if !brokenByDDL(first) || ctx.Err() != nil {
		return first
	}
	if err := r.set.Restart(); err != nil {
		return errors.Join(first, err)
	}
	r.warn("the first attempt to read the data was broken, as by a change of the schema, and they were read again: %v", first)
	r.counters.read.Store(0)
	r.counters.stored.Store(0)
	if err := r.attempt(ctx); err != nil {
		return fmt.Errorf("%w; this was the second attempt, after one that was broken as by a change of the schema: %w", err, first)
	}
	return nil
}
