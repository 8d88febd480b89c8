// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"context"
	"errors"
	"strings"
	"testing"

	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/sqldump/part"
	"overcloud.backup/tests/sets"
)

// made creates a schema copy on the server with the given statements.
func made(t *testing.T, statements string) *sets.Server {
	t.Helper()
	s := sets.Shared(t)
	_, err := s.SQL("DROP DATABASE IF EXISTS copy; CREATE DATABASE copy; USE copy; " + statements)
	Must(t, err)
	t.Cleanup(func() {
		if _, err := s.SQL("DROP DATABASE IF EXISTS copy; SET GLOBAL wsrep_mode = '', event_scheduler = " +
			"OFF"); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ofCopy() Options {
	return Options{Parts: []Part{{Schema: "copy", As: "copy"}}, Definers: asRoot}
}

func TestTablesThatGaleraDoesNotReplicateAreRefusedOrConverted(t *testing.T) {
	s := made(t, "CREATE TABLE my (a INT PRIMARY KEY, b TEXT, FULLTEXT (b)) ENGINE=MyISAM ROW_FORMAT=FIXED"+
		" DELAY_KEY_WRITE=1; INSERT INTO my VALUES (1, 'x'), (2, 'y'); "+
		"CREATE TABLE ar (a INT) ENGINE=Aria TRANSACTIONAL=1 PAGE_CHECKSUM=1; INSERT INTO ar VALUES (1); CREATE TABLE"+
		" me (a INT) ENGINE=MEMORY; "+
		"CREATE TABLE pa (a INT) ENGINE=MyISAM PARTITION BY HASH (a) PARTITIONS 2; CREATE TABLE inno (a INT); INSERT"+
		" INTO pa VALUES (1), (2), (3)")
	set := setOf(t, dumped(t, s, "copy"), nil)
	const engines = "SELECT GROUP_CONCAT(table_name, ' ', engine ORDER BY 1) FROM information_schema.tables WHERE" +
		" table_schema = 'copy'"
	before, err := s.SQL(engines)
	Must(t, err)
	_, err = load(t, s, set, ofCopy())
	if err == nil {
		t.Fatal("they are loaded")
	}
	for _, want := range []string{"copy.my (MyISAM, line ", "copy.ar (Aria, line ", "copy.me (MEMORY, line ",
		"copy.pa (MyISAM, line ", "nothing was changed"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "inno") {
		t.Error(err)
	}
	// Planning alone changes nothing either.
	planned := ofCopy()
	planned.Check, planned.Convert, planned.Parts[0].As = true, true, "new"
	if done, err := load(t, s, set, planned); err != nil || len(done.Warnings) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if there, err := s.SQL("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'new'"); there != "0" {
		t.Errorf("%s, %v", there, err)
	}
	// The server's replication filters refuse nothing here.
	_, err = s.SQL("SET GLOBAL wsrep_mode = 'REPLICATE_MYISAM,REPLICATE_ARIA'")
	Must(t, err)
	if _, err = load(t, s, set, ofCopy()); err == nil || strings.Contains(err.Error(), "copy.my") ||
		!strings.Contains(err.Error(), "copy.me") {
		t.Error(err)
	}
	_, err = s.SQL("SET GLOBAL wsrep_mode = ''")
	Must(t, err)
	if after, err := s.SQL(engines); after != before {
		t.Errorf("%s, then %s, %v", before, after, err)
	}
	o := ofCopy()
	o.Convert = true
	done, err := load(t, s, set, o)
	Must(t, err)
	if after, err := s.SQL(engines); after != "ar InnoDB,inno InnoDB,me InnoDB,my InnoDB,pa InnoDB" {
		t.Errorf("%s, %v", after, err)
	}
	if rows, err := s.SQL("SELECT CONCAT((SELECT COUNT(*) FROM copy.my), (SELECT COUNT(*) FROM copy.ar), (SELECT" +
		" COUNT(*) FROM copy.pa))"); rows != "213" {
		t.Errorf("%s, %v", rows, err)
	}
	if got := strings.Join(done.Warnings, "; "); !strings.Contains(got, "loaded as InnoDB") ||
		!strings.Contains(got, "copy.my (MyISAM, line ") {
		t.Error(got)
	}
}

func TestTheDumpIsComparedWithTheServersLimits(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT PRIMARY KEY, b LONGBLOB); INSERT INTO t SELECT seq, 'x' FROM seq_1_to_100;"+
		" UPDATE t SET b = REPEAT('y', 1500000) WHERE a = 7")
	set := setOf(t, dumped(t, s, "copy"), nil)
	for setting, why := range map[string]string{
		"max_allowed_packet = 2097152": "and max_allowed_packet of the server is 2097152; SET GLOBAL" +
			" max_allowed_packet = ",
		"wsrep_max_ws_size = 1048576": "and wsrep_max_ws_size of the server is 1048576; raise it",
		"wsrep_max_ws_rows = 10":      "and wsrep_max_ws_rows of the server is 10; raise it",
	} {
		_, err := s.SQL("SET GLOBAL " + setting)
		Must(t, err)
		_, err = load(t, s, set, ofCopy())
		_, undo := s.SQL("SET GLOBAL max_allowed_packet = DEFAULT, wsrep_max_ws_size = DEFAULT, wsrep_max_ws_rows =" +
			" DEFAULT")
		Must(t, undo)
		if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "INSERT copy.t: ") ||
			!strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestTheLongestAcceptedStatementIsKnown(t *testing.T) {
	s := sets.Shared(t)
	for more, fits := range []bool{true, false} {
		l := &loading{server: sets.Client(t, s), seen: part.NewSurvey(nil)}
		packet, err := limit(t.Context(), l.server, "max_allowed_packet")
		Must(t, err)
		l.seen.Longest.Size = int(packet) - 2 + more
		if err := l.fitsPackets(t.Context()); (err == nil) != fits {
			t.Errorf("%d bytes: %v", l.seen.Longest.Size, err)
		}
		err = l.server.Exec(t.Context(), "DO '"+strings.Repeat("x", l.seen.Longest.Size-5)+"'")
		if (err == nil) != fits {
			t.Errorf("the server takes %d bytes: %v", l.seen.Longest.Size, err)
		}
	}
}

// The client discards them; here none runs. The next load removes what a killed one left, but nothing of anybody else.
func TestTheNextLoadRemovesLeftoversOfAKilledOne(t *testing.T) {
	s := inUse(t)
	t.Cleanup(func() {
		_, _ = s.SQL("SET foreign_key_checks = 0; DROP DATABASE IF EXISTS overcloud_load_00000000_0_new; DROP" +
			" DATABASE IF EXISTS overcloud_load_00000000_0_old; DROP DATABASE IF EXISTS overcloud_load_x")
	})
	before, dump := state(t, s), dumped(t, s, "live")
	last := strings.LastIndex(dump, "INSERT INTO `parent`")
	broken := setOf(t, dump[:last]+"INSERT INTO `parent` VALUES (1,0);\n"+dump[last:], nil)
	o := whole("live")
	o.Progress = func(int64) {}
	gone := errors.New("the host is gone")
	o.Open = func(context.Context) (*mariadb.Client, error) { return nil, gone }
	_, err := Load(t.Context(), broken, sets.Client(t, s), o)
	if !errors.Is(err, gone) || !strings.Contains(err.Error(),
		"; nothing that existed has changed, but what was created could not be removed: ") {
		t.Error(err)
	}
	if left, err := s.SQL("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE " +
		"'overcloud_load_%'"); left != "2" {
		t.Errorf("%s schemas are left, %v", left, err)
	}
	_, err = s.SQL("CREATE DATABASE overcloud_load_x; CREATE DATABASE overcloud_load_00000000_0_new; CREATE TABLE" +
		" overcloud_load_00000000_0_new.mine (a INT)")
	Must(t, err)
	done, err := load(t, s, setOf(t, dump, nil), whole("live"))
	Must(t, err)
	got := strings.Join(done.Warnings, "\n")
	if strings.Count(got, "which an earlier load left that was killed") != 2 ||
		!strings.Contains(got,
			"overcloud_load_00000000_0_new does not belong to a load through this server and stays") {
		t.Error(got)
	}
	_, err = s.SQL("SELECT * FROM overcloud_load_00000000_0_new.mine; DROP DATABASE overcloud_load_x; DROP DATABASE" +
		" overcloud_load_00000000_0_new")
	Must(t, err)
	if after := state(t, s); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	// Earlier tables that were already exchanged hold rows that exist nowhere else.
	_, err = s.SQL("CREATE DATABASE overcloud_load_00000000_0_old; USE overcloud_load_00000000_0_old; CREATE TABLE" +
		" parent (a INT); " +
		"SET @c = CONCAT('CREATE TABLE " + part.MarkName + " (n INT, statement TEXT) COMMENT = \"', 'of a load by" +
		" overcloud.backup on ', @@hostname, '\"'); EXECUTE IMMEDIATE @c")
	Must(t, err)
	done, err = load(t, s, setOf(t, dump, nil), whole("live"))
	if Must(t, err); !strings.Contains(strings.Join(done.Warnings, "\n"),
		"overcloud_load_00000000_0_old holds 1 earlier ones") {
		t.Error(done.Warnings)
	}
	_, err = s.SQL("SELECT * FROM overcloud_load_00000000_0_old.parent")
	Must(t, err)
}

func TestTwoLoadsDoNotRunAtOnce(t *testing.T) {
	s := inUse(t)
	c := sets.Client(t, s)
	_, err := c.Value(t.Context(), "SELECT GET_LOCK('overcloud_load', 0)")
	Must(t, err)
	if _, err := load(t, s, setOf(t, dumped(t, s, "live"), nil), whole("live")); err == nil ||
		!strings.Contains(err.Error(), "another load runs through this server") {
		t.Error(err)
	}
}

func TestRowsAreCountedOnAnotherServer(t *testing.T) {
	s := made(t, "CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2)")
	differ, err := Count(t.Context(), sets.Client(t, s), []LoadedTable{
		{Schema: "copy", Name: "t", Rows: 2}, {Schema: "copy", Name: "t", Rows: 3},
		{Schema: "copy", Name: "none", Rows: 0},
	})
	if err != nil || len(differ) != 2 || differ[0].Here != 2 || differ[1].Here != -1 {
		t.Errorf("%+v, %v", differ, err)
	}
}

func TestASecondCopyWithoutRoomIsRefused(t *testing.T) {
	s := sets.Shared(t)
	l := &loading{server: sets.Client(t, s), seen: part.NewSurvey(nil)}
	at, free, err := galera.DatadirFree(t.Context(), l.server)
	if err != nil || at == "" || free <= 0 {
		t.Fatalf("%q, %d, %v", at, free, err)
	}
	Must(t, l.fitsDisk(t.Context()))
	l.seen.Bytes = free + 1<<30
	if err := l.fitsDisk(t.Context()); err == nil || !strings.Contains(err.Error(),
		"too little for them in addition to the existing data") {
		t.Error(err)
	}
}
