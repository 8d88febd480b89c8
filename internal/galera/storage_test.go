// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/mariadb/mariadbtest"
)

func TestSumAddsUpByEngine(t *testing.T) {
	text := func(s string) *string { return &s }
	s := newSum()
	for _, row := range [][]*string{
		{text("nova"), text("a"), text("InnoDB"), text("100")},
		{text("nova"), text("b"), text("InnoDB"), text("20")},
		{text("old"), text("t"), text("MyISAM"), text("3")},
		{text("old"), text("broken"), nil, nil},
	} {
		if err := s.add(row); err != nil {
			t.Fatal(err)
		}
	}
	got := s.storage()
	if !slices.Equal(got.Engines, []Engine{{"InnoDB", 2, 120}, {"MyISAM", 1, 3}, {"unknown", 1, 0}}) ||
		got.DataBytes != 123 ||
		!slices.Equal(got.NonTransactional, []string{"old.t"}) {
		t.Errorf("%+v", got)
	}
	if err := s.add([]*string{text("s"), text("t"), text("InnoDB"), text("much")}); err == nil {
		t.Error("an unreadable size went through")
	}
	for i := range 2 * maxNonTransactional {
		if err := s.add([]*string{text("s"), text(strconv.Itoa(i)), text("Aria"), text("1")}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.storage(); len(got.NonTransactional) != maxNonTransactional ||
		got.Engines[0].Tables != 2*maxNonTransactional {
		t.Errorf("%d tables listed, %+v", len(got.NonTransactional), got.Engines[0])
	}
}

// Names of non-transactional tables are returned unchanged.
func TestSizesNamesHostileTables(t *testing.T) {
	c := mariadbtest.Start(t).Root(t)
	mariadbtest.Exec(t, c, "CREATE DATABASE SYS")
	defer mariadbtest.Exec(t, c, "DROP DATABASE SYS")
	var want []string
	for _, name := range mariadbtest.HostileNames {
		if len(name) == 3*51 {
			name = strings.Repeat("東", 48) // its file has an extension
		}
		mariadbtest.Exec(t, c, "CREATE TABLE SYS."+mariadb.QuoteName(name)+" (i INT) ENGINE=MyISAM")
		want = append(want, "SYS."+name)
	}
	storage, err := Sizes(t.Context(), c, time.Minute)
	if slices.Sort(want); err != nil || !slices.Equal(storage.NonTransactional, want) {
		t.Errorf("%v\ngot  %q\nwant %q", err, storage.NonTransactional, want)
	}
}
