// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import (
	"slices"
	"testing"
)

// The statement names the definer as it is, or the event would become our account's. A name may contain what a
// statement is made of.
func TestTheStatementThatEnablesAnEventKeepsItsDefiner(t *testing.T) {
	for definer, want := range map[string]string{
		"nova@localhost": "ALTER DEFINER=`nova`@`localhost` EVENT `n``s`.`e` ENABLE",
		"nova@%":         "ALTER DEFINER=`nova`@`%` EVENT `n``s`.`e` ENABLE",
		"a@b@10.%":       "ALTER DEFINER=`a@b`@`10.%` EVENT `n``s`.`e` ENABLE",
		"role":           "ALTER DEFINER=`role` EVENT `n``s`.`e` ENABLE",
		"a`b@c`d":        "ALTER DEFINER=`a``b`@`c``d` EVENT `n``s`.`e` ENABLE",
		"@host":          "ALTER DEFINER=``@`host` EVENT `n``s`.`e` ENABLE",
	} {
		e := event{Event: Event{Schema: "n`s", Name: "e"}, columns: make([]string, len(eventColumns))}
		e.columns[1] = definer
		if got := e.enable(); got != want {
			t.Errorf("%s: %s, want %s", definer, got, want)
		}
	}
}

// An event that is due runs as soon as it is enabled. Any other change would be ours.
func TestAnEventThatRanIsNotAChangedOne(t *testing.T) {
	const earlier, later = "2026-11-23 08:00:00", "2026-11-23 09:00:00"
	for name, c := range map[string]struct{ column, was, is, want string }{
		"nothing":               {"definer", "a@b", "a@b", ""},
		"it was enabled":        {"status", "SLAVESIDE_DISABLED", "ENABLED", ""},
		"it ran first":          {"last_executed", "", later, ""},
		"it ran again":          {"last_executed", earlier, later, ""},
		"it forgot that it ran": {"last_executed", later, "", "last_executed"},
		"another moment":        {"last_executed", later, earlier, "last_executed"},
		"another definer":       {"definer", "a@b", "root@localhost", "definer"},
		"another start":         {"starts", earlier, later, "starts"},
		"another body":          {"event_definition", "DO 1", "DO 2", "event_definition"},
	} {
		was, is := event{columns: make([]string, len(eventColumns))}, event{columns: make([]string, len(eventColumns))}
		at := slices.Index(eventColumns, c.column)
		was.columns[at], is.columns[at] = c.was, c.is
		if got := changed(&was, &is); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
