// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/backup/extras"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/mariadb/catalog"
)

// documented lists the privileges that docs/security.md documents for MariaDB 10.5.2 and later.
var documented = map[tool.Method][]string{
	tool.Physical: {"RELOAD", "PROCESS", "BINLOG MONITOR"},
	tool.Logical:  {"SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "PROCESS"},
}

// account creates an account with exactly these privileges, USAGE if there are none, and sets it in the options.
func (s *server) account(t *testing.T, o *Options, privileges []string) {
	t.Helper()
	if len(privileges) == 0 {
		privileges = []string{"USAGE"}
	}
	if _, err := s.SQL("CREATE USER least@localhost IDENTIFIED BY 'x'; GRANT " + strings.Join(privileges, ", ") +
		" ON *.* TO least@localhost"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.SQL("DROP USER least@localhost") })
	o.Login.User, o.Login.Password = "least", "x"
}

// without returns a list without one element.
func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(p string) bool { return p == one })
}

// With exactly the documented privileges each method writes a complete set, with everything that the method promises.
func TestTheDocumentedGrantsAreEnough(t *testing.T) {
	s := shared(t)
	if _, err := s.SQL("CREATE TRIGGER nova.tr BEFORE INSERT ON nova.t FOR EACH ROW SET NEW.b = 'z'; CREATE PROCEDURE" +
		" nova.pr() DO 1;" +
		"CREATE EVENT nova.ev ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1; CREATE VIEW nova.vi AS SELECT " +
		"1"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("DROP TRIGGER nova.tr; DROP PROCEDURE nova.pr; DROP EVENT nova.ev; DROP VIEW nova.vi")
	for name, tt := range map[string]struct {
		method    tool.Method
		more      []string
		desync    Desync
		described bool
	}{
		"physical":            {tool.Physical, nil, DesyncNever, false},
		"physical, auto":      {tool.Physical, nil, DesyncAuto, false},
		"physical, described": {tool.Physical, catalog.SchemaPrivileges(), DesyncNever, true},
		"physical, desynced":  {tool.Physical, []string{"SUPER"}, DesyncAlways, false},
		"logical":             {tool.Logical, nil, DesyncNever, true},
		"logical, auto":       {tool.Logical, nil, DesyncAuto, true},
		"logical, desynced":   {tool.Logical, []string{"SUPER"}, DesyncAlways, true},
		"physical, with all privileges": {
			tool.Physical, append([]string{"SUPER"}, catalog.SchemaPrivileges()...), DesyncAlways,
			true},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t)
			o.Method, o.Desync = tt.method, tt.desync
			s.account(t, &o, append(slices.Clone(documented[tt.method]), tt.more...))
			j, err := Prepare(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			made, err := j.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			assertFiles(t, made.Path, made.Manifest)
			if described := made.Manifest.Schema.Fingerprint != ""; described != tt.described {
				t.Errorf("described: %t, %q", described, made.Manifest.Warnings)
			}
			if _, err := os.Stat(filepath.Join(made.Path, extras.UsersFile)); (err == nil) != tt.described {
				t.Errorf("users: %v", err)
			}
			warned := strings.Join(made.Manifest.Warnings, "\n")
			if strings.Contains(warned, "lacks SUPER") != (tt.desync == DesyncAuto) ||
				strings.Contains(warned, "refused") {
				t.Errorf("warnings %q", warned)
			}
			if tt.method == tool.Logical {
				holdsAll(t, made.Path)
			}
		})
	}
}

// holdsAll checks that a dump has the objects that mariadb-dump omits silently if a privilege is missing.
func holdsAll(t *testing.T, set string) {
	t.Helper()
	text := unpacked(t, filepath.Join(set, tool.LogicalFile))
	for _, what := range []string{"TRIGGER nova.tr", "PROCEDURE `pr`", "EVENT `ev`", "VIEW `vi`", "INSERT INTO `t`"} {
		if !strings.Contains(text, what) {
			t.Errorf("%s is not in the dump", what)
		}
	}
}

// If any one privilege is missing, the error names that privilege, before anything was done.
func TestEachMissingGrantIsNamedBeforeAnythingIsDone(t *testing.T) {
	s := shared(t)
	for method, all := range documented {
		for _, missing := range all {
			s.refuses(t, method, DesyncNever, without(all, missing), missing)
			s.refuses(t, method, DesyncAlways, append(without(all, missing), "SUPER"), missing)
		}
		s.refuses(t, method, DesyncAlways, all, "SUPER")
		s.refuses(t, method, DesyncNever, nil, strings.Join(all, ", "))
		s.refuses(t, method, DesyncNever, []string{"REPLICATION SLAVE", "BINLOG ADMIN", "LOCK TABLES",
			"SHOW DATABASES"}, strings.Join(all, ", "))
	}
}

func (s *server) refuses(t *testing.T, method tool.Method, desync Desync, has []string, missing string) {
	t.Run(string(method)+" without "+missing+" "+string(desync), func(t *testing.T) {
		o := s.options(t)
		o.Method, o.Desync, o.Destination = method, desync, filepath.Join(o.Destination, "new")
		s.account(t, &o, has)
		_, err := Prepare(t.Context(), o)
		want := `the database account "least" lacks ` + missing + ": GRANT " + missing + " ON *.* TO it"
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if on, err := s.SQL("SELECT @@wsrep_desync"); on != "0" || err != nil {
			t.Errorf("wsrep_desync %s, %v", on, err)
		}
		if _, err := os.Stat(o.Destination); err == nil {
			t.Error("the destination was made")
		}
	})
}

// A privilege on one schema does not count for all of them; one of an enabled role counts.
func TestGrantsElsewhereAreNotEnough(t *testing.T) {
	s := shared(t)
	o := s.options(t)
	o.Method = tool.Logical
	s.account(t, &o, []string{"PROCESS"})
	if _, err := s.SQL("GRANT ALL ON nova.* TO least@localhost; GRANT SELECT ON mysql.* TO " +
		"least@localhost"); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(t.Context(), o); err == nil ||
		!strings.Contains(err.Error(), "lacks SELECT, SHOW VIEW, TRIGGER, EVENT:") {
		t.Errorf("got %v", err)
	}
	if _, err := s.SQL("CREATE ROLE dumper; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO dumper; GRANT dumper TO" +
		" least@localhost"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("DROP ROLE dumper")
	if _, err := Prepare(t.Context(), o); err == nil || !strings.Contains(err.Error(), "lacks SELECT") {
		t.Errorf("a role that is not on: %v", err)
	}
	if _, err := s.SQL("SET DEFAULT ROLE dumper FOR least@localhost"); err != nil {
		t.Fatal(err)
	}
	j, err := Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	// The tool logs in separately and has the role, too.
	if _, err := j.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// An account that is locked, expired or unknown is not replaced silently if root may log in, and the warning has no
// password.
func TestAccountsThatCannotBeUsedAreWarnedOf(t *testing.T) {
	s := shared(t)
	for name, tt := range map[string]struct{ alter, want string }{
		"locked":  {"ALTER USER least@localhost ACCOUNT LOCK", "account is locked"},
		"expired": {"ALTER USER least@localhost PASSWORD EXPIRE", "SET PASSWORD"},
		"rotated": {"SET PASSWORD FOR least@localhost = PASSWORD('y')", "Access denied"},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t)
			s.account(t, &o, documented[tool.Physical])
			o.Login.Password = "x"
			if _, err := s.SQL(tt.alter); err != nil {
				t.Fatal(err)
			}
			j, err := Prepare(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if warned := strings.Join(j.Plan().Warnings, "\n"); !strings.Contains(warned,
				`the account "least" of the options was refused (`) || !strings.Contains(warned, tt.want) {
				t.Errorf("%q", warned)
			}
		})
	}
}
