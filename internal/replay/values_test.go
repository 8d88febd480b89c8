// SPDX-License-Identifier: GPL-3.0-or-later

package replay

import (
	"strings"
	"testing"

	"overcloud.backup/internal/sqldump"
	"overcloud.backup/tests/sets"
)

func TestChangedValuesAreReported(t *testing.T) {
	c := sets.Client(t, sets.Shared(t))
	var warnings []string
	session := prepared(t, c, &warnings)
	for _, text := range []string{"CREATE DATABASE vals", "SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO'",
		"CREATE TABLE vals.t (n TINYINT, d DATE, e ENUM('a'), v VARCHAR(9) CHARACTER SET utf8mb4, g INT AS (n) " +
			"VIRTUAL)"} {
		must(t, c.Exec(t.Context(), text))
	}
	defer func() { must(t, c.Exec(t.Context(), "DROP DATABASE vals")) }()
	must(t, session.Sent(t.Context(), sqldump.Statement{Kind: sqldump.Session,
		Text: "SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO'"}))
	for values, want := range map[string]string{
		"(1, '2026-02-31', '', 'x', 1)":    "",
		"(999, NULL, NULL, NULL, NULL)":    "Out of range",
		"(2, NULL, NULL, x'ff', NULL)":     "Incorrect string value",
		"(3, 'no date', NULL, NULL, NULL)": "", // a warning that an ENUM causes, too
	} {
		st := sqldump.Statement{Does: "INSERT", Schema: "vals", Name: "t", Line: 7,
			Text: "INSERT INTO vals.t VALUES " + values}
		must(t, c.Exec(t.Context(), st.Text))
		warnings, session.warned = nil, ""
		err := session.Sent(t.Context(), st)
		got := strings.Join(warnings, "; ")
		if err != nil || (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, %v", values, got, err)
		}
	}
	d, err := c.Value(t.Context(), "SELECT d FROM vals.t WHERE n = 1")
	if err != nil || d != "2026-02-31" {
		t.Errorf("a date that is none: %q, %v", d, err)
	}
}
