// SPDX-License-Identifier: GPL-3.0-or-later

package selection

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/topology"
)

func encoded(t testing.TB, h topology.Host) map[string]any {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"name": h.Name, "galera": h.Galera, "pacemaker": h.Pacemaker,
		"haproxy": h.HAProxy})
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func decoded(t testing.TB, entry any) topology.Host {
	t.Helper()
	raw, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	h, err := topology.DecodeHost(raw)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestFactsSurviveTheWayThroughAnsible(t *testing.T) {
	var hosts []topology.Host
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
		"a text":               {"down", "cannot unmarshal string"},
		"a wrong type inside":  {map[string]any{"gathered_at": "yesterday"}, "it lacks present, host, errors"},
		"without its sessions": {without(encoded(t, healthy(3).hosts[2])["galera"], "sessions"), "it lacks sessions"},
		"without its desync": {inside(encoded(t, healthy(3).hosts[2])["galera"], "wsrep", "desync",
			"local_recv_queue"), "it lacks wsrep.desync, wsrep.local_recv_queue"},
		"with null for errors": {with(encoded(t, healthy(3).hosts[2])["galera"], "errors", nil), "it lacks errors"},
		"with a number as text": {with(encoded(t, healthy(3).hosts[2])["galera"], "running", "yes"),
			"cannot unmarshal string"},
	} {
		t.Run(name, func(t *testing.T) {
			w := healthy(3)
			entry := encoded(t, w.hosts[2])
			entry["galera"] = c.document
			w.hosts[2] = decoded(t, entry)
			d := decide(t, w.hosts, options())
			if k := d.of("controller-2"); len(k.Reasons) != 1 || k.Reasons[0].Code != condition.ClientsUnknown ||
				!strings.Contains(k.Reasons[0].Message, c.message) {
				t.Errorf("reasons: %v", k.Reasons)
			}
			if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], c.message) {
				t.Errorf("warnings: %q", d.Warnings)
			}
		})
	}
}

// If any key that a defect changed is removed from the facts of all hosts, controller-2 is still not chosen: a missing
// key must not look healthier.
func TestNoMissingKeyHidesADefect(t *testing.T) {
	if raceEnabled {
		t.Skip("nothing in it runs at once, and it takes ten times as long")
	}
	for _, d := range defects {
		w, o := healthy(3), options()
		d.inflict(w, &o)
		for _, name := range []string{"galera", "pacemaker", "haproxy"} {
			for _, path := range changed(t, w, name) {
				hosts := []topology.Host{}
				for _, h := range w.hosts {
					entry := encoded(t, h)
					cut(entry[name], path)
					entry["unreachable"] = h.Unreachable
					hosts = append(hosts, decoded(t, entry))
				}
				if got := decide(t, hosts, o); got.Chosen == "controller-2" {
					t.Errorf("%s: without %s of %s:\n%s", d.name, strings.Join(path, "."), name, got.Text)
				}
			}
		}
	}
}

// changed returns the keys of one kind of document that differ from a healthy cluster, on any host.
func changed(t *testing.T, w *world, name string) [][]string {
	t.Helper()
	var paths [][]string
	for i, h := range healthy(3).hosts {
		was, is := encoded(t, h)[name], encoded(t, w.hosts[i])[name]
		for _, path := range keysOf(is, nil) {
			if !reflect.DeepEqual(at(was, path), at(is, path)) {
				paths = append(paths, path)
			}
		}
	}
	slices.SortFunc(paths, slices.Compare)
	return slices.CompactFunc(paths, slices.Equal)
}

// at returns everything at a path, from every element of a list.
func at(in any, path []string) []any {
	if list, ok := in.([]any); ok {
		all := []any{}
		for _, e := range list {
			all = append(all, at(e, path)...)
		}
		return all
	}
	object, ok := in.(map[string]any)
	if !ok || len(path) == 0 {
		return []any{in}
	}
	return at(object[path[0]], path[1:])
}

// keysOf returns the paths of all keys in a document, each once; elements of lists have no number.
func keysOf(in any, at []string) [][]string {
	var all [][]string
	switch v := in.(type) {
	case map[string]any:
		for k, inner := range v {
			path := append(slices.Clone(at), k)
			all = append(all, path)
			if k != "cluster_host_map" { // whose keys are names
				all = append(all, keysOf(inner, path)...)
			}
		}
	case []any:
		for _, e := range v {
			all = append(all, keysOf(e, at)...)
		}
	}
	slices.SortFunc(all, slices.Compare)
	return slices.CompactFunc(all, slices.Equal)
}

// cut removes a key, from all elements of a list.
func cut(in any, path []string) {
	switch v := in.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(v, path[0])
		} else {
			cut(v[path[0]], path[1:])
		}
	case []any:
		for _, e := range v {
			cut(e, path)
		}
	}
}

func with(document any, key string, value any) map[string]any {
	m := document.(map[string]any)
	m[key] = value
	return m
}

// inside removes keys from an object within the document.
func inside(document any, object string, keys ...string) map[string]any {
	m := document.(map[string]any)
	for _, k := range keys {
		delete(m[object].(map[string]any), k)
	}
	return m
}

func without(document any, key string) map[string]any {
	m := document.(map[string]any)
	delete(m, key)
	return m
}

func TestAnEntryThatIsNoHostIsAnError(t *testing.T) {
	for _, raw := range []string{`[]`, `"controller-0"`, `{}`, `{"name": 3}`} {
		if _, err := topology.DecodeHost([]byte(raw)); err == nil || !strings.HasPrefix(err.Error(), "facts: ") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
