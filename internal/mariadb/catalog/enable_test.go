// SPDX-License-Identifier: GPL-3.0-or-later

package catalog

import "testing"

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
