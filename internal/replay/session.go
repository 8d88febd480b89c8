// SPDX-License-Identifier: GPL-3.0-or-later

// Package replay sends the statements of a dump to a server: a scratch server that is empty, or one that clients use.
// No client program runs, which could be made to do more than that. Values that are stored differently than they were
// written are a warning, never silent.
package replay

import (
	"context"
	"fmt"
	"slices"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
)

// Session is a connection that receives a dump.
type Session struct {
	server  *mariadb.Client
	warn    func(format string, args ...any)
	refused func(s sqldump.Statement, err error) error
	warned  string // the table of which the last warning of changed values was
}

// forLoading are the settings of a session with which everything that a server can validly contain loads, unchanged. A
// server's own defaults are for clients: strictness that came after the table, time limits, and conveniences that
// change what a statement creates.
var forLoading = []string{
	// Rows may break a constraint that was added later, and tables be wider than strict mode allows.
	"check_constraint_checks = 0", "innodb_strict_mode = 0",
	// A TIMESTAMP without a default would be given one, and a table without page compression would be compressed.
	"explicit_defaults_for_timestamp = 1", "innodb_compression_default = OFF",
	// A big index takes long, and so does reading the dump between two statements.
	"max_statement_time = 0", "wait_timeout = 31536000", "net_read_timeout = 3600",
	"idle_transaction_timeout = 0", "idle_write_transaction_timeout = 0",
	"tx_read_only = 0",
	// RSU would change the schema only on this node.
	"wsrep_OSU_method = 'TOI'",
}

// Errors of SET: a variable that the server does not have, one that this version cannot set for a session, and one that
// the account may not set.
var notSettable = []int{1193, 1238, 1229, 1227}

// Prepare prepares a connection for a dump: it applies the settings with which everything that a server can validly
// contain loads. warn is called with what an operator has to know; refused words the error of a server that does not
// accept a statement.
func Prepare(
	ctx context.Context, server *mariadb.Client, warn func(format string, args ...any),
	refused func(s sqldump.Statement, err error) error,
) (*Session, error) {
	for _, setting := range forLoading {
		err := server.Exec(ctx, "SET SESSION "+setting)
		if err != nil && !slices.Contains(notSettable, mariadb.ErrorNumber(err)) {
			return nil, fmt.Errorf("prepare the session: SET SESSION %s: %w", setting, err)
		}
	}
	// The dump is read as text of this character set from its beginning.
	if err := server.Exec(ctx, "SET NAMES utf8mb4"); err != nil {
		return nil, err
	}
	return &Session{server: server, warn: warn, refused: refused}, nil
}

// Send runs a statement by this text.
func (s *Session) Send(ctx context.Context, st sqldump.Statement, text string) error {
	if err := s.server.Exec(ctx, text); err != nil {
		return s.refused(st, err)
	}
	return nil
}
