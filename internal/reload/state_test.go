// SPDX-License-Identifier: GPL-3.0-or-later

package reload

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/sqldump"
)

// When a load has failed and could not be undone, these messages are all that an operator has.
func TestAFailedLoadSaysWhereEverythingIs(t *testing.T) {
	cause := errors.New("load the dump: the server is gone")
	for name, c := range map[string]struct {
		phase phase
		want  []string
		not   string
	}{
		"before anything was touched": {staging, []string{"nothing that existed has changed", "could not be removed",
			"removes the schemas overcloud_load_0a_0_new, overcloud_load_0a_0_old"}, "RENAME TABLE"},
		"while tables change places": {swapping,
			[]string{"and that could not be undone: the server cannot be reached again",
				"what live has of tables in overcloud_load_0a_0_old is what was in live before",
				"RENAME TABLE overcloud_load_0a_0_old.t TO live.t",
				"its triggers are the statements in overcloud_load_0a_0_old.overcloud_load_mark",
				"in overcloud_load_0a_0_new what did not get its place"}, "nothing that existed has changed"},
		"while foreign keys are moved to the new tables": {adopting,
			[]string{"the loaded tables of live are complete and in their places",
				"triggers may be missing", "RENAME TABLE overcloud_load_0a_0_old.t TO live.t"}, "could not be undone"},
		"when all is loaded": {removing, []string{"all of live is loaded, and only the earlier tables are not removed",
			"in overcloud_load_0a_0_old", "an earlier warning"}, "could not be undone"},
	} {
		l := &loading{phase: c.phase, Options: Options{Parts: []Part{{Schema: "live", As: "live"}}}, done: &Loaded{}}
		l.done.Warnings = []string{"an earlier warning"}
		l.stages = []*stage{{Part: l.Parts[0], fresh: "overcloud_load_0a_0_new", old: "overcloud_load_0a_0_old"}}
		err := l.failed(cause)
		if !errors.Is(err, cause) {
			t.Errorf("%s: the cause is lost: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is not in\n%v", name, want, err)
			}
		}
		if strings.Contains(err.Error(), c.not) {
			t.Errorf("%s: it says %q:\n%v", name, c.not, err)
		}
	}
}

func TestTheEffectOnClientsIsReported(t *testing.T) {
	began := time.Now().Add(-1500 * time.Millisecond)
	for want, l := range map[string]*loading{
		"": {touched: began},
		"s clients had the loaded tables: what they wrote to them in that time is lost": {touched: began,
			wentBack: true,
			triggers: []savedObject{{}}},
		"s its triggers were missing: what clients wrote in that time did not fire them": {touched: began,
			triggers: []savedObject{{}}},
	} {
		got := l.describeInterim()
		if (got == "") != (want == "") || !strings.HasSuffix(got, want) ||
			want != "" && !strings.HasPrefix(got, ", but for 1.5 ") {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// A program is restored with the SQL mode and the character set that it was created in.
func TestAProgramIsRecreatedAsItWas(t *testing.T) {
	routine := savedObject{schema: "li`ve", kind: "PROCEDURE", name: "p`", had: true, mode: "ANSI_QUOTES",
		charset:   "latin1",
		collation: "latin1_swedish_ci", text: "CREATE DEFINER=`a`@`b` PROCEDURE `p` () SELECT \"x\""}
	event, foreign, created := routine, routine, routine
	event.zone, event.text = "SYSTEM", "CREATE DEFINER=`a`@`b` EVENT e ON SCHEDULE AT NOW() DO SELECT 1"
	foreign.text = "CREATE PROCEDURE p () SELECT 'é'"
	created.had = false
	utf8 := foreign
	utf8.charset, utf8.collation = "utf8mb3", "utf8mb3_bin"
	for name, c := range map[string]struct {
		savedObject
		want []string
	}{
		"as it was": {routine, []string{"USE `li``ve`",
			"SET sql_mode = 'ANSI_QUOTES', character_set_client = latin1, collation_connection = latin1_swedish_ci",
			"CREATE OR REPLACE DEFINER=`a`@`b` PROCEDURE `p` () SELECT \"x\""}},
		"with a time zone": {event, []string{"USE `li``ve`",
			"SET sql_mode = 'ANSI_QUOTES', character_set_client = latin1, collation_connection = latin1_swedish_ci," +
				" time_zone = 'SYSTEM'",
			"CREATE OR REPLACE DEFINER=`a`@`b` EVENT e ON SCHEDULE AT NOW() DO SELECT 1"}},
		"with letters that latin1 encodes differently": {foreign, []string{"USE `li``ve`",
			"SET sql_mode = 'ANSI_QUOTES', character_set_client = utf8mb4, collation_connection = utf8mb4_general_ci",
			"CREATE OR REPLACE PROCEDURE p () SELECT 'é'"}},
		"in UTF-8": {utf8, []string{"USE `li``ve`",
			"SET sql_mode = 'ANSI_QUOTES', character_set_client = utf8mb3, collation_connection = utf8mb3_bin",
			"CREATE OR REPLACE PROCEDURE p () SELECT 'é'"}},
		"that did not exist before": {created, []string{"USE `li``ve`", "DROP PROCEDURE IF EXISTS `p```"}},
	} {
		if got := c.statements(); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nnot\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestNamesAreQuotedInARename(t *testing.T) {
	if got, want := (move{"a`b", "overcloud_load_1", "t. `"}).text(),
		"`a``b`.`t. ``` TO `overcloud_load_1`.`t. ```"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if got, want := likeFolder("overcloud_load_0a_0_old"), `overcloud\_load\_0a\_0\_old/%`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

func TestAStatementIsIdentifiedByItsObject(t *testing.T) {
	p := &Part{Schema: "live", As: "copy"}
	s := deferred{Statement: sqldump.Statement{Does: "CREATE VIEW", Schema: "live", Name: "v"}, part: p}
	if got := keyOf(s); got != [3]string{"VIEW", "copy", "v"} {
		t.Errorf("%q", got)
	}
	for _, does := range []string{"CREATE VIEW", "CREATE PROCEDURE", "CREATE TRIGGER", "CREATE EVENT"} {
		n := 0
		for _, wanted := range rounds {
			if wanted(does) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is made in %d rounds", does, n)
		}
	}
	if !rounds[len(rounds)-1]("CREATE EVENT") {
		t.Error("something comes after the events")
	}
	for text, want := range map[string]string{
		"CREATE VIEW v AS SELECT 1": "CREATE OR REPLACE VIEW v AS SELECT 1", "ALTER VIEW v": "ALTER VIEW v", "": "",
	} {
		if got := orReplace(text); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

func TestOnlyTheEnginesThatAreNotReplicatedAreConverted(t *testing.T) {
	for engine, want := range map[string]string{"MyISAM": "InnoDB", "InnoDB": "", "innodb": "", "": "", "Aria": ""} {
		l := &loading{convert: []string{"innodb", "aria"}}
		if got := l.engineOf(sqldump.Statement{Engine: engine}); got != want {
			t.Errorf("%s: %q, not %q", engine, got, want)
		}
	}
	if got := (&loading{}).engineOf(sqldump.Statement{Engine: "MyISAM"}); got != "" {
		t.Errorf("outside of a cluster: %q", got)
	}
}
