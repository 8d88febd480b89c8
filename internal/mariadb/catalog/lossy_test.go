// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb/mariadbtest"
)

var enough = Budget{Each: time.Minute, All: time.Minute}

func TestFloatsThatLoseDigitsAreFound(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE fl", "CREATE TABLE fl.t (id INT PRIMARY KEY, kept FLOAT, lost FLOAT, fixed"+
		" FLOAT(7,3), made FLOAT AS (lost * 2) VIRTUAL)",
		"INSERT INTO fl.t (id, kept, lost, fixed) VALUES (1, 0.1, 123456, 1.5), (2, NULL, 123456789, NULL), (3,"+
			" 3.4e38, 1, 1), (4, 1e-40, 1, 1)",
		"CREATE TABLE fl.u (f FLOAT PRIMARY KEY)", "INSERT INTO fl.u VALUES (16777214), (16777215)",
		"CREATE VIEW fl.v AS SELECT lost FROM fl.t")
	defer mariadbtest.Exec(t, c, "DROP DATABASE fl")
	got, err := LossyFloats(t.Context(), c, enough)
	if want := "{[fl.t.lost fl.u.f] [fl.u.f] []}"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, want %s, %v", got, want, err)
	}
	got, err = LossyFloats(t.Context(), c, Budget{Each: time.Minute})
	if err == nil && len(got.Unknown) != 4 {
		t.Errorf("without time: %v, %v", got, err)
	}
}

func TestAFloatIsItsTextOrNot(t *testing.T) {
	for _, c := range []struct {
		text, exact string
		want        bool
	}{{"0.1", "0.10000000149011612", true}, {"123457000", "123456792", false}, {"1.23457", "1.2345677614212036", false},
		{"3.4e38", "3.3999999521443642e38", true},
		{"-0", "0", true}, {"16777200", "16777216", false}, {"9.99995e-41", "9.99994610111476e-41", true},
		{"", "", false}} {
		if got := sameFloat(c.text, c.exact); got != c.want {
			t.Errorf("%s for %s: %t", c.text, c.exact, got)
		}
	}
}

func TestGeometriesOfNoBytesAreFound(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE geo", "CREATE TABLE geo.maps (id INT PRIMARY KEY)",
		"INSERT INTO geo.maps VALUES (1), (2)",
		"ALTER TABLE geo.maps ADD COLUMN loc POINT NOT NULL, ADD COLUMN maybe POINT",
		"CREATE TABLE geo.fine (p POINT NOT NULL)", "INSERT INTO geo.fine VALUES (POINT(1, 2))")
	defer mariadbtest.Exec(t, c, "DROP DATABASE geo")
	got, err := EmptyGeometries(t.Context(), c, enough)
	if want := "{[geo.maps.loc] [] []}"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, want %s, %v", got, want, err)
	}
}

func TestVersionedTablesAreFound(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE ver", "CREATE TABLE ver.a (i INT) WITH SYSTEM VERSIONING",
		"CREATE TABLE ver.plain (i INT)",
		"CREATE TABLE ver.b (i INT PRIMARY KEY, s BIGINT UNSIGNED GENERATED ALWAYS AS ROW START, e BIGINT UNSIGNED"+
			" GENERATED ALWAYS AS ROW END,"+
			" PERIOD FOR SYSTEM_TIME(s, e)) WITH SYSTEM VERSIONING")
	defer mariadbtest.Exec(t, c, "DROP DATABASE ver")
	all, byTransaction, err := Versioned(t.Context(), c, time.Minute)
	if err != nil || !slices.Equal(all, []string{"ver.a", "ver.b"}) || !slices.Equal(byTransaction, []string{"ver.b"}) {
		t.Errorf("%v %v %v", all, byTransaction, err)
	}
}

func TestSequencesOfOtherSchemasAreFound(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE `se``q`", "CREATE SEQUENCE `se``q`.s INCREMENT BY 0", "CREATE DATABASE us",
		"CREATE SEQUENCE us.own INCREMENT BY 0",
		"CREATE TABLE us.t (id BIGINT DEFAULT NEXTVAL(`se``q`.s), k BIGINT DEFAULT (NEXTVAL(us.own) +"+
			" LASTVAL(us.own)), c VARCHAR(99) DEFAULT 'nextval(`no`.`t`)')")
	defer mariadbtest.Exec(t, c, "DROP DATABASE us", "DROP DATABASE `se``q`")
	got, err := SequenceUses(t.Context(), c, time.Minute)
	if want := "map[us:[se`q]]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, want %s, %v", got, want, err)
	}
}

func TestOnlyStoredFloatsOfLocalTablesCount(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE hf",
		"CREATE TABLE hf.t (d DOUBLE, n DECIMAL(9,2), made FLOAT AS (d) VIRTUAL)",
		"CREATE VIEW hf.v AS SELECT CAST(1 AS FLOAT) AS f")
	defer mariadbtest.Exec(t, c, "DROP DATABASE hf")
	if has, err := HasFloats(t.Context(), c, time.Minute); has || err != nil {
		t.Errorf("%t, %v", has, err)
	}
	mariadbtest.Exec(t, c, "ALTER TABLE hf.t ADD f FLOAT")
	if has, err := HasFloats(t.Context(), c, time.Minute); !has || err != nil {
		t.Errorf("%t, %v", has, err)
	}
}
