// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAnAccountIsAdmittedRefusedOrUntried(t *testing.T) {
	s := server(t)
	root := s.root(t)
	run(t, root, "CREATE USER tried@localhost IDENTIFIED BY 'p'", "CREATE USER signed@localhost IDENTIFIED BY 'p'",
		"UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.plugin', 'ed25519', '$.authentication_string',"+
			" REPEAT('x', 43)) WHERE User = 'signed'", "FLUSH PRIVILEGES")
	defer run(t, root, "DROP USER tried@localhost, signed@localhost")
	for _, c := range []struct {
		user, password string
		admitted       bool
		err            error
	}{
		{"tried", "p", true, nil}, {"tried", "other", false, nil}, {"nobody", "p", false, nil},
		{"signed", "p", false, ErrUntried},
	} {
		admitted, err := Admits(t.Context(), s.Socket, 0, Account{User: c.user, Password: c.password})
		if admitted != c.admitted || !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s with %s: %t, %v", c.user, c.password, admitted, err)
		}
	}
	if _, err := Admits(t.Context(), s.Socket+"x", 0, Account{User: "tried", Password: "p"}); err == nil ||
		errors.Is(err, ErrUntried) {
		t.Errorf("where no server is: %v", err)
	}
}

func TestAnAccountKeepsItsPluginWithANewPassword(t *testing.T) {
	s := server(t)
	root := s.root(t)
	withEd25519(t, root)
	run(t, root, "CREATE USER k@localhost IDENTIFIED VIA ed25519 USING PASSWORD('old')",
		"CREATE USER k@'%' IDENTIFIED BY 'old'")
	t.Cleanup(func() { _ = root.Exec(context.Background(), "DROP USER k@localhost, k@'%'") })
	for _, password := range []string{"new", `it's \new`} {
		if n, err := root.SetPassword(t.Context(), Account{User: "k", Password: password}); n != 2 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if admitted, err := Admits(t.Context(), s.Socket, 0, Account{User: "k", Password: password}); !admitted ||
			err != nil {
			t.Errorf("%s: %t, %v", password, admitted, err)
		}
	}
	rows, err := root.Rows(t.Context(), "SELECT plugin FROM mysql.user WHERE user = 'k' ORDER BY host")
	if err != nil || !slices.Equal(rows[0], []string{"mysql_native_password"}) ||
		!slices.Equal(rows[1], []string{"ed25519"}) {
		t.Errorf("%q, %v", rows, err)
	}
	run(t, root, "ALTER USER k@localhost IDENTIFIED VIA ed25519 USING PASSWORD('old')",
		"UNINSTALL SONAME 'auth_ed25519'")
	if _, err := root.SetPassword(t.Context(), Account{User: "k", Password: "secret"}); err == nil ||
		strings.Contains(err.Error(), "secret") {
		t.Errorf("without the plugin: %v", err)
	}
}
