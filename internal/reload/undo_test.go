// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/sqldump/part"
	"overcloud.backup/tests/sets"
)

// outsideOfACluster makes the server wait for clients; with Galera it would end their transactions instead.
func outsideOfACluster(t *testing.T, s *sets.Server) {
	t.Helper()
	before := clientsPatience
	clientsPatience = 1
	_, err := s.SQL("SET GLOBAL wsrep_on = OFF")
	Must(t, err)
	t.Cleanup(func() {
		clientsPatience = before
		if _, err := s.SQL("SET GLOBAL wsrep_on = ON"); err != nil {
			t.Error(err)
		}
	})
}

// A client that locks a table must not make all others queue behind a load.
func TestALoadWaitsForNoClientForLong(t *testing.T) {
	s := inUse(t)
	set, before := setOf(t, dumped(t, s, "live"), nil), state(t, s)
	outsideOfACluster(t, s)
	holder := sets.Client(t, s)
	for _, statement := range []string{"BEGIN", "SELECT * FROM live.child"} {
		_, err := holder.Rows(t.Context(), statement)
		Must(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	o := whole("live")
	o.Progress = func(int64) {}
	o.Open = func(ctx context.Context) (*mariadb.Client, error) {
		return mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
	}
	_, err := Load(ctx, set, sets.Client(t, s), o)
	if err == nil || !strings.Contains(err.Error(), "Lock wait timeout") || ctx.Err() != nil {
		t.Error(err)
	}
	Must(t, holder.Exec(t.Context(), "ROLLBACK"))
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// Rows that clients write between the exchange of the tables and its undo are lost with the loaded tables: no message
// may say that nothing has changed.
func TestALoadThatIsUndoneSaysWhatClientsLost(t *testing.T) {
	s := inUse(t)
	dump := dumped(t, s, "live")
	fails := strings.Replace(dump, "AS `v` from `parent`", "AS `v` from `parents`", 1)
	_, err := load(t, s, setOf(t, fails, nil), whole("live"))
	if err == nil || !strings.Contains(err.Error(),
		" s clients had the loaded tables: what they wrote to them in that time is lost") {
		t.Error(err)
	}
	// A failure before that loses nothing.
	fails = strings.Replace(dump, "SELECT 'old'", "SELECT FROM WHERE", 1)
	_, err = load(t, s, setOf(t, fails, nil), whole("live"))
	if err == nil || !strings.HasSuffix(err.Error(), "nothing that existed has changed") {
		t.Error(err)
	}
}

// After a restart of the server another client may have the connection id of the load.
func TestUndoingALoadKillsOnlyItsOwnConnection(t *testing.T) {
	s := sets.Shared(t)
	other := sets.Client(t, s)
	id, err := other.Value(t.Context(), "SELECT CONNECTION_ID()")
	Must(t, err)
	l := &loading{server: sets.Client(t, s), connection: id}
	l.Open = func(ctx context.Context) (*mariadb.Client, error) {
		return mariadb.Open(ctx, mariadb.Login{Socket: s.Socket})
	}
	again, err := l.reconnect(t.Context())
	Must(t, err)
	defer again.Close()
	if _, err := other.Value(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
	// Meanwhile no other load removes the tables that are put back.
	if got, err := other.Value(t.Context(), "SELECT GET_LOCK('overcloud_load', 0)"); got != "0" {
		t.Errorf("%q, %v", got, err)
	}
}

// GET_LOCK is local to a member. Loads through two members would put back or remove each other's tables.
func TestALoadThroughAnotherMemberIsSeen(t *testing.T) {
	s := inUse(t)
	before, set := state(t, s), setOf(t, dumped(t, s, "live"), nil)
	_, err := s.SQL("CREATE DATABASE overcloud_load_00000000_0_old; CREATE TABLE overcloud_load_00000000_0_old." +
		part.MarkName +
		" (n INT) COMMENT 'of a load by overcloud.backup on elsewhere'")
	Must(t, err)
	_, err = load(t, s, set, whole("live"))
	if err == nil || !strings.Contains(err.Error(), "another load runs through elsewhere, or was killed there") ||
		!strings.Contains(err.Error(), "nothing that existed has changed") {
		t.Error(err)
	}
	_, err = s.SQL("DROP DATABASE overcloud_load_00000000_0_old")
	Must(t, err)
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// More tables than one RENAME accepts are exchanged in several, and clients find each table at any time.
func TestClientsMissNoTableWhileManyAreExchanged(t *testing.T) {
	s := made(t, "SET @i = 0; "+strings.Repeat("SET @i = @i + 1; EXECUTE IMMEDIATE CONCAT('CREATE TABLE t', @i, ' (a"+
		" INT PRIMARY KEY)'); ", 20))
	set := setOf(t, dumped(t, s, "copy"), nil)
	before := maxExchanges
	maxExchanges = 3
	defer func() { maxExchanges = before }()
	ctx, cancel := context.WithCancel(t.Context())
	missed := make(chan error, 1)
	reader := sets.Client(t, s)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			_, err := reader.Rows(context.Background(), fmt.Sprintf("SELECT * FROM copy.t%d", 1+i%20))
			if mariadb.ErrorNumber(err) == 1146 {
				missed <- err
				return
			}
		}
		missed <- nil
	}()
	_, err := load(t, s, set, ofCopy())
	Must(t, err)
	cancel()
	Must(t, <-missed)
}

// Once everything is loaded, a lost connection neither loses the events that ran nor changes their order on the server.
func TestALoadWhoseConnectionIsLostAtItsEndIsFinished(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT); CREATE DEFINER=root@localhost EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON"+
		" SLAVE DO DELETE FROM t")
	set := setOf(t, dumped(t, s, "copy"), func(m *repository.Manifest) {
		m.Schema.EventsEnabled = []repository.Name{{Schema: "copy", Name: "e"}}
	})
	// No schema of ours can be dropped while another connection blocks that.
	holder := sets.Client(t, s)
	outsideOfACluster(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer cancel()
		if err := holdEarlier(ctx, holder, s); err != nil {
			t.Error(err)
		}
	}()
	_, err := load(t, s, set, ofCopy())
	cancel()
	Must(t, err)
	if got, err := s.SQL("SELECT CONCAT(status, (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name" +
		" LIKE 'overcloud_load%')) " +
		"FROM information_schema.events WHERE event_schema = 'copy'"); got != "ENABLED0" {
		t.Errorf("%s, %v", got, err)
	}
}

// holdEarlier reads an earlier table as soon as it was moved away, and kills the connection that tries to drop it.
func holdEarlier(ctx context.Context, c *mariadb.Client, s *sets.Server) error {
	for ctx.Err() == nil {
		name, _ := c.Value(context.Background(), "SELECT table_schema FROM information_schema.tables"+
			" WHERE table_schema LIKE 'overcloud_load%old' AND table_name = 't'")
		if name == "" {
			continue
		}
		if err := c.Exec(context.Background(), "BEGIN"); err != nil {
			return err
		}
		if _, err := c.Rows(context.Background(), "SELECT * FROM "+name+".t"); err != nil {
			return err
		}
		for ctx.Err() == nil {
			waiting, err := s.SQL("SELECT id FROM information_schema.processlist WHERE info LIKE 'DROP DATABASE%old'" +
				" AND state LIKE 'Waiting%'")
			if err != nil {
				return err
			}
			if waiting != "" {
				_, err = s.SQL("KILL " + waiting)
				return errors.Join(err, c.Exec(context.Background(), "ROLLBACK"))
			}
		}
	}
	return errors.New("nobody wanted to drop an earlier table")
}

// Triggers run in the order in which they were created, even if only the first one of a table had been dropped.
func TestTriggersThatAreMadeAgainKeepTheirOrder(t *testing.T) {
	s := inUse(t)
	before := state(t, s)
	c := sets.Client(t, s)
	for _, dropped := range []string{"t1", "t2", ""} {
		st := &stage{Part: Part{Schema: "live", As: "live"}, tables: []staged{{name: "child", replaces: true}}}
		l := &loading{server: c, stages: []*stage{st}}
		Must(t, l.readTriggers(t.Context(), st))
		if dropped != "" {
			_, err := s.SQL("DROP TRIGGER live." + dropped)
			Must(t, err)
		}
		missing, err := l.missingTriggers(t.Context(), c)
		if Must(t, err); len(missing) > 0 && dropped == "" {
			t.Error(missing)
		}
		Must(t, recreateAll(t.Context(), c, missing))
		if after := state(t, s); after != before {
			t.Errorf("%q: before:\n%s\nafter:\n%s", dropped, before, after)
		}
	}
}
