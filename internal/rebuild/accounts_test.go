// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb/accounts"
	"overcloud.backup/internal/sqldump"
	"overcloud.backup/tests/sets"
)

// Our reader accepts what our writer writes about the accounts of a server.
func TestTheAccountsOfAServerAreReadBack(t *testing.T) {
	s := sets.Shared(t)
	const odd = "`a b``c'\"\\`@`10.%`"
	_, err := s.SQL("CREATE ROLE rr; CREATE ROLE `odd``role`; GRANT PROCESS ON *.* TO `odd``role`; GRANT `odd``role`" +
		" TO rr; CREATE USER " + odd +
		" IDENTIFIED BY 'it''s' REQUIRE SUBJECT '/C=x' ISSUER '/C=y' WITH MAX_USER_CONNECTIONS 5 MAX_STATEMENT_TIME" +
		" 1.5; GRANT rr TO " + odd + " WITH ADMIN OPTION; " +
		"SET DEFAULT ROLE rr FOR " + odd + "; GRANT SELECT (host), INSERT ON mysql.user TO " + odd +
		"; GRANT ALL ON `x\\_y`.* TO " + odd + " WITH GRANT OPTION; " +
		"CREATE USER e@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 9 DAY; ALTER USER e@localhost PASSWORD" +
		" EXPIRE; " +
		"CREATE USER l@localhost IDENTIFIED VIA unix_socket OR mysql_native_password ACCOUNT LOCK; GRANT PROXY ON" +
		" l@localhost TO e@localhost; GRANT USAGE ON *.* TO PUBLIC")
	must(t, err)
	t.Cleanup(func() {
		if _, err := s.SQL("DROP USER " + odd + ", e@localhost, l@localhost; DROP ROLE rr, `odd``role`"); err != nil {
			t.Error(err)
		}
	})
	accounts, err := accounts.ReadUsers(t.Context(), sets.Client(t, s))
	must(t, err)
	users := accounts.Statements
	n := 0
	reader := sqldump.NewUsersReader("10.11.19", func(sqldump.Statement) error { n++; return nil })
	_, err = reader.Write([]byte(strings.Join(users, ";\n") + ";\n"))
	if err = errors.Join(err, reader.Close()); err != nil || n != len(users) {
		t.Errorf("%d of %d, %v in\n%s", n, len(users), err, strings.Join(users, "\n"))
	}
}

// The scratch server's scheduler could be turned on, because with event_scheduler=DISABLED it would refuse CREATE
// EVENT.
func TestNothingInASetTurnsEventsOn(t *testing.T) {
	r := eventful(t, "")
	must(t, r.load(t.Context()))
	feed := func(reader *sqldump.Reader, text string) error {
		_, err := reader.Write([]byte(text))
		return errors.Join(err, reader.Close())
	}
	run := func(s sqldump.Statement) error { return r.server.Exec(t.Context(), s.Text) }
	for _, attempt := range []string{
		"SET PASSWORD FOR `nova`@`localhost` = PASSWORD('secret'), GLOBAL event_scheduler=ON",
		"SET DEFAULT ROLE NONE FOR `nova`@`localhost`, GLOBAL event_scheduler=ON",
		"SET DEFAULT ROLE `reader` FOR `nova`@`localhost`, GLOBAL event_scheduler=ON", "SET GLOBAL event_scheduler=ON",
		"SET sql_mode='', GLOBAL event_scheduler=ON", "/*!50106 SET @@global.event_scheduler=1 */",
		"SET @s=@@event_scheduler, @@global.event_scheduler=ON",
	} {
		for kind, err := range map[string]error{
			"users": feed(sqldump.NewUsersReader("10.11.19", run), attempt+";\n"),
			"dump":  feed(sqldump.NewReader("10.11.19", run), "USE `nova`;\n"+attempt+";\n"),
		} {
			if !errors.As(err, new(*sqldump.Refusal)) {
				t.Errorf("%s, %s: %v", kind, attempt, err)
			}
		}
	}
	on, err := r.server.Value(t.Context(), "SELECT @@global.event_scheduler")
	if err != nil || on != "OFF" {
		t.Errorf("the scheduler is %q, %v", on, err)
	}
	time.Sleep(1500 * time.Millisecond) // the event runs each second
	if n, err := r.server.Value(t.Context(),
		"SELECT CONCAT((SELECT COUNT(*) FROM nova.x), (SELECT COUNT(*) FROM mysql.event))"); err != nil || n != "01" {
		t.Errorf("rows and events: %q, %v", n, err)
	}
}

func TestASetWhoseAccountsSetMoreIsRefused(t *testing.T) {
	r := eventful(t, "SET DEFAULT ROLE `reader` FOR `nova`@`localhost`, GLOBAL event_scheduler=ON;\n")
	if err := r.load(t.Context()); err == nil || !strings.Contains(err.Error(), `line 7: "SET DEFAULT ROLE`) {
		t.Error(err)
	}
	if on, err := r.server.Value(t.Context(), "SELECT @@global.event_scheduler"); err != nil || on != "OFF" {
		t.Errorf("the scheduler is %q, %v", on, err)
	}
}

// eventful is a restore of a set whose dump has an event of root's, with more accounts.
func eventful(t *testing.T, users string) *Copy {
	t.Helper()
	path := sets.Forge(t, sets.NovaBegin+"DELIMITER ;;\n/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`localhost`*/ "+
		"/*!50106 EVENT `ev` ON SCHEDULE EVERY 1 SECOND DO INSERT INTO `nova`.`x` VALUES ('ran') */ ;;\nDELIMITER "+
		";\n").Path()
	sets.AppendTo(t, path, "users.sql", users)
	return begun(t, sets.Open(t, filepath.Dir(filepath.Dir(path)), path))
}
