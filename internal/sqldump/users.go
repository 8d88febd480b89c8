// SPDX-License-Identifier: GPL-3.0-or-later

package sqldump

import (
	"errors"
	"strings"
)

// accountStatements are how a file of users makes accounts, as galera.UserStatements writes them.
var accountStatements = [][]string{
	{"CREATE", "USER"}, {"CREATE", "ROLE"}, {"ALTER", "USER"},
	{"GRANT"}, {"SET", "DEFAULT", "ROLE"}, {"SET", "PASSWORD", "FOR"},
}

// ofUsers knows a statement of a file of users, or refuses it.
func (r *Reader) ofUsers(s *Statement) error {
	for _, words := range accountStatements {
		l := &lexer{s: s.Text, session: r.session}
		if l.have(words...) {
			s.Kind, s.Does = Account, strings.Join(words[:min(2, len(words))], " ")
			return nil
		}
	}
	return s.refuse(errors.New("it is none about an account"))
}
