// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/galera"
	"overcloud.backup/tests/node"
)

func TestASchemaChangeCausesASecondAttempt(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"another definition": {errors.New("exit status 2: mariadb-dump: Error 1412: Table definition has changed," +
			" please retry transaction when dumping table `t` at row: 0"), "a table's definition changed"},
		"a table that was dropped": {errors.New(
			"exit status 2: mariadb-dump: Couldn't execute 'SHOW CREATE TABLE `t`':" +
				" Table 'nova.t' doesn't exist (1146)"), "a table is gone"},
		"a schema that was dropped": {errors.New(
			"mysqldump: Got error: 1049: \"Unknown database 'x'\" when selecting the" +
				" database"), "a schema is gone"},
		"a deadlock": {errors.New("mariadb-dump: Error 1213: Deadlock found when trying to get lock; try" +
			" restarting transaction when dumping table `t` at row: 7"), "the applier went first (deadlock)"},
		"a killed connection": {errors.New("mariadb-dump: Error 1927: Connection was killed when dumping table `t` at" +
			" row: 7"), "the connection was killed"},
		"a lost connection": {errors.New("mariadb-dump: Error 2013: Lost connection to server during query when" +
			" dumping table `t` at row: 7"), "the connection was lost"},
		"a late DDL": {errors.New("[00] FATAL ERROR: 2026-11-23 09:00:00 Unexpected DDL operation detected" +
			" in the late phase of backup while executing RENAME on `t`. Backup is inconsistent."),
			"a statement changed the schema at the end"},
		"an aborted lock": {errors.New("[00] Error: failed to execute query BACKUP STAGE BLOCK_COMMIT: Deadlock" +
			" found when trying to get lock; try restarting transaction"), "the applier went first"},
		"a killed backup": {errors.New("[00] FATAL ERROR: 2026-11-23 09:00:00 failed to execute query BACKUP" +
			" STAGE BLOCK_DDL: Connection was killed"), "the applier went first"},
		"another fingerprint": {fmt.Errorf("describe: %w", &changedError{errors.New("the schema changed")}),
			"the schema changed"},
		"nothing":     {nil, ""},
		"a full disk": {fmt.Errorf("write the backup: %w", syscall.ENOSPC), ""},
		"a missing privilege": {errors.New("mariadb-dump: Couldn't execute 'show events': Access denied for user" +
			" 'l'@'localhost' to database 'nova' (1044)"), ""},
		"a normal word": {errors.New("[00] 2026-11-23 09:00:00 DDL tracking : create 5 \"./backup/t.ibd\""), ""},
		"a row count":   {errors.New("exit status 1: read (1146) rows, then nothing"), ""},
		"a server that ended": {thisNode(errors.New("mariadb-dump: Error 2013: Lost connection to server during query" +
			" when dumping table `t` at row: 7")), ""},
		"a breach": {errors.Join(&guard.Breach{Rule: "clients"},
			errors.New("mariadb-dump: Error 2013: Lost connection to server")), ""},
	} {
		if got := schemaChange(tt.err); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// A dump blocks on its pipe in the middle of a big table while another table, which it has not read yet, is altered:
// the server refuses to read that one.
func TestADumpBrokenByAnALTERIsMadeAgain(t *testing.T) {
	s := shared(t)
	const zun = "CREATE DATABASE zun; CREATE TABLE zun.z (i INT PRIMARY KEY); INSERT INTO zun.z VALUES (1)"
	if _, err := s.SQL(zun); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.SQL("DROP DATABASE zun") })
	once := filepath.Join(t.TempDir(), "once")
	alter := `mariadb --no-defaults --socket=` + s.Socket + ` -e "ALTER TABLE zun.z ADD COLUMN a$RANDOM INT,` +
		` ALGORITHM=COPY"`
	breaking := fmt.Sprintf(`set -o pipefail; /usr/bin/mariadb-dump "$@" | { head -c 1000000; %s; cat; }`, alter)
	t.Run("once", func(t *testing.T) {
		j := s.job(t, func(o *Options) { o.Method = tool.Logical })
		j.tool.Folders = []string{filepath.Dir(once)}
		j.tool.Path = fake(t, "[ -e "+once+" ] && exec /usr/bin/mariadb-dump \"$@\"; touch "+once+"; "+breaking)
		made, err := j.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		warned := strings.Join(made.Manifest.Warnings, "\n")
		if !strings.Contains(warned, "read twice") || !strings.Contains(warned, "(a table's definition changed)") ||
			!strings.Contains(warned, "Error 1412") {
			t.Errorf("%q", warned)
		}
		assertFiles(t, made.Path, made.Manifest)
	})
	t.Run("always", func(t *testing.T) {
		j := s.job(t, func(o *Options) { o.Method = tool.Logical })
		j.tool.Path = fake(t, breaking)
		made, err := j.Run(t.Context())
		if made != nil || err == nil || !strings.Contains(err.Error(), "this was the second attempt") ||
			TryAnother(err) {
			t.Errorf("%v, %v", made, err)
		}
		if l := left(t, j.o.Destination); len(l) != 0 {
			t.Errorf("left: %q", l)
		}
	})
}

// The tool fails at a view whose table is gone, however often it is run.
func TestTheSameEndTwiceIsNoChangeOfTheSchema(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Method = tool.Logical })
	j.tool.Path = fake(t, `echo "mariadb-dump: Couldn't execute 'SHOW FIELDS FROM v': View 'c43.v' references invalid`+
		` table(s) or column(s) (1356)" >&2; exit 2`)
	_, err := j.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "a second attempt ended in the same way") ||
		strings.Contains(err.Error(), "change of the schema") {
		t.Errorf("%v", err)
	}
}

// The limit max_duration is for both attempts together.
func TestTheSecondAttemptHasNoTimeOfItsOwn(t *testing.T) {
	s := shared(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("max_duration has passed"))
	r, err := s.job(t, nil).begin(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer r.set.Close()
	defer r.set.Abort()
	first := errors.New("mariadb-dump: Error 1412: Table definition has changed")
	if err := r.retry(ctx, first, r.attempt); err != first {
		t.Error(err)
	}
}

func TestADeadServerIsNamedAndAnotherControllerMayDo(t *testing.T) {
	node.Need(t)
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	j := s.job(t, func(o *Options) { o.Method = tool.Logical })
	dir := t.TempDir()
	j.tool.Folders = []string{dir}
	j.tool.Path = fake(t, `touch `+dir+`/half; sleep 0.6; echo "mariadb-dump: Error 2013: Lost connection to server`+
		` during query when dumping table t at row: 7" >&2; exit 3`)
	go killAt(s, filepath.Join(dir, "half"))
	made, err := j.Run(t.Context())
	if made != nil || err == nil || !strings.Contains(err.Error(),
		"the database server ended while its data was read") || !TryAnother(err) ||
		strings.Contains(err.Error(), "second attempt") {
		t.Errorf("%v, %v", made, err)
	}
}

// A failure that is due to this node says so.
func TestTryAnother(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"an unfit node":      {fmt.Errorf("x: %w", thisNode(galera.ErrDesynced)), true},
		"clients that came":  {&guard.Breach{Rule: "clients", Here: true}, true},
		"a lost caller":      {fmt.Errorf("x: %w", &guard.Breach{Rule: "lease_lost"}), false},
		"a full destination": {syscall.ENOSPC, false},
		"nothing":            {thisNode(nil), false},
		"a node that stays": {errors.Join(&guard.Breach{Rule: "clients", Here: true},
			stillDesynced(errors.New("undo wsrep_desync=ON"))), false},
		"a node that served": {errors.Join(&guard.Breach{Rule: "clients", Here: true}, stillDesynced(nil)), true},
	} {
		if TryAnother(tt.err) != tt.want {
			t.Errorf("%s: not %t", name, tt.want)
		}
	}
	s := shared(t)
	absent := s.options(t)
	absent.Login.Socket += "-none"
	if _, err := Prepare(t.Context(), absent); !TryAnother(err) {
		t.Errorf("no server: %v", err)
	}
	if _, err := s.SQL("SET GLOBAL wsrep_desync = ON"); err != nil {
		t.Fatal(err)
	}
	_, err := Prepare(t.Context(), s.options(t))
	if _, off := s.SQL("SET GLOBAL wsrep_desync = OFF"); off != nil || !TryAnother(err) {
		t.Errorf("%v, %v", err, off)
	}
}

func TestABreachOfThisNodeLetsAnotherBeTried(t *testing.T) {
	if here, everywhere := error(&guard.Breach{Here: true}), error(&guard.Breach{}); !TryAnother(here) ||
		TryAnother(everywhere) {
		t.Errorf("%v, %v", TryAnother(here), TryAnother(everywhere))
	}
}
