// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/galera"
)

func TestEventsThatRunOnAnyMemberAreKnown(t *testing.T) {
	tick := galera.Event{Schema: "nova", Name: "tick"}
	list := []galera.Event{tick}
	for name, c := range map[string]struct {
		own     galera.EventStatus
		told    *decision.Events
		enabled string
		warning string
	}{
		"enabled here, no decision":           {galera.Enabled, nil, "[nova.tick]", ""},
		"disabled here, no decision":          {galera.Disabled, nil, "[]", ""},
		"elsewhere, no decision":              {galera.Slaveside, nil, "[]", "(hand in the decision of idle_controller): nova.tick"},
		"enabled elsewhere":                   {galera.Slaveside, &decision.Events{Enabled: list}, "[nova.tick]", ""},
		"disabled elsewhere":                  {galera.Slaveside, &decision.Events{Disabled: list}, "[]", ""},
		"nowhere":                             {galera.Slaveside, &decision.Events{}, "[]", "no member of the cluster runs these events"},
		"a member did not tell":               {galera.Slaveside, &decision.Events{Unknown: []string{"b%d"}}, "[]", "(not told by b%d): nova.tick"},
		"a member did not tell, enabled here": {galera.Enabled, &decision.Events{Enabled: list, Unknown: []string{"b"}}, "[nova.tick]", ""},
		"somebody enables what is disabled":   {galera.Disabled, &decision.Events{Enabled: list, Disabled: list}, "[]", "another one that they are disabled"},
		"somebody disables what is enabled":   {galera.Enabled, &decision.Events{Enabled: list, Disabled: list}, "[]", "another one that they are disabled"},
		"somebody adds one": {galera.Disabled, &decision.Events{Disabled: list,
			Enabled: []galera.Event{{Schema: "mysql", Name: "evil"}}}, "[]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := runningEvents(c.told, map[galera.Event]galera.EventStatus{tick: c.own})
			if fmt.Sprint(got.Enabled) != c.enabled || got.Enabled == nil {
				t.Errorf("enabled %v, want %s", got.Enabled, c.enabled)
			}
			warnings := strings.Join(got.Warnings, "\n")
			if !strings.Contains(warnings, c.warning) || (c.warning == "") != (warnings == "") {
				t.Errorf("warnings %q, want %q", warnings, c.warning)
			}
		})
	}
}

func TestSchemasStandBeforeThoseThatUseThem(t *testing.T) {
	for _, c := range []struct {
		schemas string
		uses    map[string][]string
		want    string
	}{{"a b c", nil, "a b c"}, {"a b c", map[string][]string{"a": {"c"}, "c": {"b"}}, "b c a"}, {"a b", map[string][]string{"a": {"b"}, "b": {"a"}}, "b a"},
		{"a b", map[string][]string{"a": {"mysql"}}, "a b"}} {
		if got := strings.Join(ordered(strings.Fields(c.schemas), c.uses), " "); got != c.want {
			t.Errorf("%s with %v: %s, want %s", c.schemas, c.uses, got, c.want)
		}
	}
}
