// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
	"overcloud.backup/tests/sets"
)

// loaded returns the copy of a set whose dump is this text, on a scratch server, and the error of loading it.
func loaded(t *testing.T, dump, users string) (*Copy, error) {
	t.Helper()
	path := sets.Forge(t, dump).Path()
	sets.AppendTo(t, path, "users.sql", users)
	c := begun(t, sets.Open(t, filepath.Dir(filepath.Dir(path)), path))
	return c, c.load(t.Context())
}

// value runs a query on the scratch server.
func (r *Copy) value(t *testing.T, query string) string {
	t.Helper()
	value, err := r.server.Value(t.Context(), query)
	must(t, err)
	return value
}

const session = "/*!40101 SET NAMES utf8mb4 */;\n/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 " +
	"*/;\n/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;\n" +
	"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"

// A table's default may use a sequence of a schema that comes later in the dump, or is missing there.
func TestSequencesOfOtherSchemasStandIn(t *testing.T) {
	c, err := loaded(t, session+"CREATE DATABASE `a`;\nUSE `a`;\n"+
		"CREATE TABLE `t` (`i` bigint DEFAULT nextval(`later`.`s`), `j` bigint DEFAULT nextval(`never`.`s`));\n"+
		"CREATE DATABASE `later`;\nUSE `later`;\nCREATE SEQUENCE `s` start with 40 nocache engine=InnoDB;\n", "")
	must(t, err)
	if got := c.value(t, "SELECT GROUP_CONCAT(schema_name ORDER BY 1) FROM information_schema.schemata"+
		" WHERE schema_name IN ('a', 'later', 'never')"); got != "a,later" {
		t.Errorf("schemas: %s", got)
	}
	if got := c.value(t, "SELECT nextval(later.s)"); got != "40" {
		t.Errorf("the sequence is at %s: the stand-in took its place", got)
	}
}

// A server keeps a grant when its object is dropped. That is not a fault of the set.
func TestGrantsOnDroppedObjectsAreNamed(t *testing.T) {
	c, err := loaded(t, session+"CREATE DATABASE `nova`;\nUSE `nova`;\nCREATE TABLE `t` (`i` int);\n",
		"GRANT SELECT ON `nova`.`gone` TO `nova`@`localhost`;\nGRANT EXECUTE ON FUNCTION `nova`.`f` TO"+
			" `nova`@`localhost`;\n"+
			"GRANT SELECT (`gone`) ON `nova`.`t` TO `nova`@`localhost`;\nGRANT SELECT ON `nova`.`t` TO"+
			" `nova`@`localhost`;\n")
	must(t, err)
	if output := strings.Join(c.warnings, "\n"); len(c.warnings) != 3 ||
		strings.Count(output, "so it was not granted") != 3 ||
		!strings.Contains(output, "users.sql, line 7: GRANT") {
		t.Errorf("%d warnings:\n%s", len(c.warnings), output)
	}
	if got := c.value(t,
		"SELECT COUNT(*) FROM mysql.tables_priv WHERE User = 'nova' AND Table_name = 't'"); got != "1" {
		t.Errorf("%s grants on the table that is there", got)
	}
}

func TestRowsThatGoInAsOtherOnesAreNamed(t *testing.T) {
	c, err := loaded(t, session+"CREATE DATABASE `nova`;\nUSE `nova`;\nCREATE TABLE `t` (`n` tinyint, `d` date);\n"+
		"INSERT INTO `t` VALUES (999,'2026-02-31');\nINSERT INTO `t` VALUES (-999,NULL);\n"+
		"CREATE TABLE `u` (`n` tinyint);\nINSERT INTO `u` VALUES (300);\n", "")
	must(t, err)
	if len(c.warnings) != 2 || !strings.Contains(c.warnings[0], "values of nova.t were stored differently") ||
		!strings.Contains(c.warnings[1], "values of nova.u were stored differently") {
		t.Errorf("%q", c.warnings)
	}
	if got := c.value(t, "SELECT d FROM nova.t WHERE n = 127"); got != "2026-02-31" {
		t.Errorf("a date that is none became %s", got)
	}
}

// A problem says what the statement does, and where in the set it is: it names file, line and object.
func TestAStatementThatDoesNotLoadIsNamedWithItsLine(t *testing.T) {
	const begin = session + "CREATE DATABASE `nova`;\nUSE `nova`;\nCREATE TABLE `t` (`f` float, UNIQUE KEY (`f`));\n"
	for name, c := range map[string]struct {
		dump        string
		line        int
		object, why string
	}{
		"a table twice": {begin + "CREATE TABLE `t` (`i` int);\n", 8, "CREATE TABLE nova.t", "already exists"},
		"a value twice": {begin + "INSERT INTO `t` VALUES (1.5),(1.5);\n", 8, "INSERT nova.t", ""},
		"a column too many": {begin + "INSERT INTO `t` VALUES (1,2);\n", 8, "INSERT nova.t",
			"Column count doesn't match"},
		"a view of nothing": {begin + "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`nova`@`localhost`" +
			" SQL SECURITY" +
			" DEFINER */\n/*!50001 VIEW `v` AS select `nova`.`gone`.`a` AS `a` from `nova`.`gone` */;\n", 8,
			"CREATE VIEW nova.v",
			"doesn't exist"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loaded(t, c.dump, "")
			bad, is := err.(unusable)
			if !is || bad.Kind != repository.NotLoading || bad.Line != c.line ||
				!strings.HasPrefix(bad.Object, c.object) ||
				!strings.Contains(bad.Reason, c.why) {
				t.Errorf("%+v", err)
			}
		})
	}
}

func TestAnEmptyDatadirBelongsToTheServersUser(t *testing.T) {
	sets.Shared(t)
	owner, err := scratch.ServerUser()
	must(t, err)
	parent, err := os.MkdirTemp("/var/tmp", "verify-empty-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(parent) })
	must(t, os.Chmod(parent, 0o711))
	datadir := filepath.Join(parent, "mysql")
	must(t, os.Mkdir(datadir, 0o700))
	must(t, os.Chown(datadir, owner.UID, owner.GID))
	must(t, Empty(t.Context(), datadir, owner, []string{"--innodb-page-size=4k"}, container.Image{}))
	for _, name := range []string{"ibdata1", "mysql", "mysql/global_priv.frm"} {
		info, err := os.Stat(filepath.Join(datadir, name))
		must(t, err)
		if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != owner.UID {
			t.Errorf("%s belongs to %d", name, uid)
		}
	}
	if left, _ := os.ReadDir(parent); len(left) != 1 {
		t.Errorf("beside it: %v", left)
	}
	if err := Empty(t.Context(), filepath.Join(parent, "gone"), owner, nil, container.Image{}); err == nil {
		t.Error("it was made in a folder that is not there")
	}
	if left, _ := os.ReadDir(parent); len(left) != 1 {
		t.Errorf("after a failure: %v", left)
	}
}

func TestTheUserOfAnEmptyServerIsKnownBefore(t *testing.T) {
	sets.Shared(t)
	before := scratch.Account
	defer func() { scratch.Account = before }()
	if owner, err := ServerUser(t.Context(), container.Image{}); err != nil || owner == (process.Owner{}) {
		t.Errorf("%+v, %v", owner, err)
	}
	scratch.Account = "no-such-user" // then root runs the server, and nothing of a set
	if owner, err := ServerUser(t.Context(), container.Image{}); err != nil || owner != (process.Owner{}) {
		t.Errorf("%+v, %v", owner, err)
	}
}

// A restored datadir runs no event until one member is chosen to.
func TestEventsOfADatadirAreDisabled(t *testing.T) {
	for _, method := range []string{"physical", "logical"} {
		destination, path := sets.Copy(t, method)
		sets.EditManifest(t, path, func(m *repository.Manifest) {
			m.Schema.EventsEnabled = []repository.Name{{Schema: "nova", Name: "e"}}
		})
		r := ready(t, sets.Open(t, destination, path), sets.ScratchFolder(t))
		held := ""
		found, err := r.Look(t.Context(), func(_ context.Context, c *Copy) error {
			events, err := c.holdEvents(t.Context())
			if len(events.Enable) != 1 || events.Enable[0] != (catalog.Event{Schema: "nova", Name: "e"}) ||
				len(events.Unknown) > 0 {
				t.Errorf("%s: %+v", method, events)
			}
			held = c.value(t, "SELECT GROUP_CONCAT(DISTINCT status) FROM mysql.event")
			return err
		})
		if err != nil || len(found.Problems) > 0 || held != "SLAVESIDE_DISABLED" {
			t.Errorf("%s: %q, %+v, %v", method, held, found, err)
		}
	}
}
