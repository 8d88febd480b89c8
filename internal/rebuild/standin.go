// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump"
)

// standIns are sequences of schemas that come later in a dump, for tables that use them in a default: a server does not
// create a table whose default it cannot find. The schema's own CREATE DATABASE replaces the stand-in.
type standIns struct {
	made    map[string]bool // schemas that the dump has made
	standIn map[string]bool // schemas that have a stand-in
}

// before creates the sequences that a statement needs, and removes the stand-in that it replaces.
func (s *standIns) before(ctx context.Context, server *mariadb.Client, st sqldump.Statement) error {
	if s.made == nil {
		s.made, s.standIn = map[string]bool{}, map[string]bool{}
	}
	if st.Kind == sqldump.Schema {
		s.made[st.Schema] = true
		return s.drop(ctx, server, st.Schema)
	}
	for _, sequence := range st.Sequences {
		if s.made[sequence.Schema] || sequence.Schema == st.Schema || sqldump.System(sequence.Schema) {
			continue
		}
		schema := sqldump.QuoteName(sequence.Schema)
		if !s.standIn[sequence.Schema] {
			if err := server.Exec(ctx, "CREATE DATABASE "+schema); err != nil {
				return err
			}
			s.standIn[sequence.Schema] = true
		}
		name := schema + "." + sqldump.QuoteName(sequence.Name)
		if err := server.Exec(ctx, "CREATE SEQUENCE IF NOT EXISTS "+name); err != nil {
			return err
		}
	}
	return nil
}

func (s *standIns) drop(ctx context.Context, server *mariadb.Client, schema string) error {
	if !s.standIn[schema] {
		return nil
	}
	delete(s.standIn, schema)
	return server.Exec(ctx, "DROP DATABASE "+sqldump.QuoteName(schema))
}

// clear drops the stand-ins whose schema is not in the dump.
func (s *standIns) clear(ctx context.Context, server *mariadb.Client) (err error) {
	for schema := range s.standIn {
		err = errors.Join(err, s.drop(ctx, server, schema))
	}
	return err
}
