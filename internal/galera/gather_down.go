// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"overcloud.backup/internal/mariadb"
)

// down reads what is available on a host without an answering server. A host that has no database at all is not an
// error.
func (g *gathering) down(err error) {
	state, stateErr := ReadGrastate(g.datadir)
	g.Grastate = state
	g.Present = g.configured || stateErr != nil || state != nil || hasFiles(g.datadir) || answered(err)
	l := g.request.Login
	if !g.Present && l.Socket == "" && l.Host == "" && l.ConfigFile == "" {
		return
	}
	var refused *mariadb.LoginError
	where, hint := "", "check the files that ca_cert, client_cert and client_key name"
	if errors.As(err, &refused) {
		where, hint = refused.Where(), refused.Hint()
	}
	g.Add("sql", where, err, hint)
	if stateErr != nil {
		g.Add("grastate", filepath.Join(g.datadir, "grastate.dat"), stateErr, "")
	}
	if g.Present {
		g.space(g.datadir)
	}
}

// answered reports whether any attempt met something that listens.
func answered(err error) bool {
	var e *mariadb.LoginError
	return errors.As(err, &e) && !e.Absent()
}

// serverPrograms are the places of the server's binary in the distributions that run OpenStack.
var serverPrograms = []string{"/usr/sbin/mariadbd", "/usr/libexec/mariadbd", "/usr/sbin/mysqld", "/usr/libexec/mysqld"}

func hasFiles(datadir string) bool {
	return slices.ContainsFunc(append([]string{filepath.Join(datadir, "ibdata1")}, serverPrograms...),
		func(path string) bool {
			_, err := os.Stat(path)
			return err == nil
		})
}
