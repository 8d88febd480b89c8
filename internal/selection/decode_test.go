// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func encoded(t testing.TB, h Host) map[string]any {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"name": h.Name, "galera": h.Galera, "pacemaker": h.Pacemaker, "haproxy": h.HAProxy})
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func decoded(t testing.TB, entry any) Host {
	t.Helper()
	raw, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	h, err := DecodeHost(raw)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestFactsSurviveTheWayThroughAnsible(t *testing.T) {
	var hosts []Host
	for _, h := range healthy(3).hosts {
		hosts = append(hosts, decoded(t, encoded(t, h)))
	}
	if got, want := decide(t, hosts, options()), decide(t, healthy(3).hosts, options()); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got.Text, want.Text)
	}
}

func TestADocumentThatIsNoneLeavesItsHostWithoutSuchFacts(t *testing.T) {
	for name, c := range map[string]struct {
		document any
		message  string
	}{
		"a text":                {"down", "cannot unmarshal string"},
		"a wrong type inside":   {map[string]any{"gathered_at": "yesterday"}, "it lacks host"},
		"without its sessions":  {without(encoded(t, healthy(3).hosts[2])["galera"], "sessions"), "it lacks sessions"},
		"with null for errors":  {with(encoded(t, healthy(3).hosts[2])["galera"], "errors", nil), "it lacks errors"},
		"with a number as text": {with(encoded(t, healthy(3).hosts[2])["galera"], "running", "yes"), "cannot unmarshal string"},
	} {
		t.Run(name, func(t *testing.T) {
			w := healthy(3)
			entry := encoded(t, w.hosts[2])
			entry["galera"] = c.document
			w.hosts[2] = decoded(t, entry)
			d := decide(t, w.hosts, options())
			if k := d.of("controller-2"); len(k.Reasons) != 1 || k.Reasons[0].Code != ActivityUnknown || !strings.Contains(k.Reasons[0].Message, c.message) {
				t.Errorf("reasons: %v", k.Reasons)
			}
			if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], c.message) {
				t.Errorf("warnings: %q", d.Warnings)
			}
		})
	}
}

func with(document any, key string, value any) map[string]any {
	m := document.(map[string]any)
	m[key] = value
	return m
}

func without(document any, key string) map[string]any {
	m := document.(map[string]any)
	delete(m, key)
	return m
}

func TestAnEntryThatIsNoHostIsAnError(t *testing.T) {
	for _, raw := range []string{`[]`, `"controller-0"`, `{}`, `{"name": 3}`} {
		if _, err := DecodeHost([]byte(raw)); err == nil || !strings.HasPrefix(err.Error(), "facts: ") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
