// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"strings"
	"testing"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/replay"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/tests/sets"
)

func TestAStatementWithAHashIsNotQuoted(t *testing.T) {
	s := sets.Shared(t)
	l := &feeding{Copy: &Copy{}, server: sets.Client(t, s)}
	var err error
	l.session, err = replay.Prepare(t.Context(), l.server, l.Warn, refuse)
	must(t, err)
	const hash = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"
	for text, kind := range map[string]sqldump.Kind{
		"CREATE USER x@y NEVER IDENTIFIED BY PASSWORD '" + hash + "'":                                  sqldump.Account,
		"CREATE OR REPLACE SERVER s FOREIGN DATA WRAPPER w OPTIONS (HOST 'a' PASSWORD '" + hash + "')": sqldump.Servers,
	} {
		err := l.run(t.Context(), sqldump.Statement{Text: text, Kind: kind, Does: "CREATE", Line: 7})
		if err == nil || mariadb.ErrorNumber(err) == 0 || strings.Contains(err.Error(), hash[:12]) ||
			!strings.Contains(err.Error(), "line 7") {
			t.Error(err)
		}
	}
}
