// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/mariadb/catalog"
)

func TestEventsThatRunOnAnyMemberAreKnown(t *testing.T) {
	tick := catalog.Event{Schema: "nova", Name: "tick"}
	list := []catalog.Event{tick}
	for name, c := range map[string]struct {
		own     catalog.EventStatus
		told    *decision.Events
		enabled string
		warning string
	}{
		"enabled here, no decision":  {catalog.Enabled, nil, "[nova.tick]", ""},
		"disabled here, no decision": {catalog.Disabled, nil, "[]", ""},
		"elsewhere, no decision": {catalog.Slaveside, nil, "[]",
			"(pass the decision of idle_controller): nova.tick"},
		"enabled elsewhere":  {catalog.Slaveside, &decision.Events{Enabled: list}, "[nova.tick]", ""},
		"disabled elsewhere": {catalog.Slaveside, &decision.Events{Disabled: list}, "[]", ""},
		"nowhere": {catalog.Slaveside, &decision.Events{}, "[]",
			"no member of the cluster runs these events"},
		"a member whose events are unknown": {catalog.Slaveside, &decision.Events{Unknown: []string{"b%d"}}, "[]",
			"(not reported by b%d): nova.tick"},
		"a member whose events are unknown, enabled here": {catalog.Enabled,
			&decision.Events{Enabled: list, Unknown: []string{"b"}}, "[nova.tick]", ""},
		"somebody enables what is disabled": {catalog.Disabled, &decision.Events{Enabled: list, Disabled: list}, "[]",
			"another that they are disabled"},
		"somebody disables what is enabled": {catalog.Enabled, &decision.Events{Enabled: list, Disabled: list}, "[]",
			"another that they are disabled"},
		"somebody adds one": {catalog.Disabled, &decision.Events{Disabled: list,
			Enabled: []catalog.Event{{Schema: "mysql", Name: "evil"}}}, "[]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := runningEvents(c.told, map[catalog.Event]catalog.EventStatus{tick: c.own})
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
	}{{"a b c", nil, "a b c"}, {"a b c", map[string][]string{"a": {"c"}, "c": {"b"}}, "b c a"},
		{"a b", map[string][]string{"a": {"b"}, "b": {"a"}}, "b a"},
		{"a b", map[string][]string{"a": {"mysql"}}, "a b"}} {
		if got := strings.Join(ordered(strings.Fields(c.schemas), c.uses), " "); got != c.want {
			t.Errorf("%s with %v: %s, want %s", c.schemas, c.uses, got, c.want)
		}
	}
}
