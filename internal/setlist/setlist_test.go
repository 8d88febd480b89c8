// SPDX-License-Identifier: GPL-3.0-or-later

package setlist

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"overcloud.backup/internal/repository"
	"overcloud.backup/tests/story"
)

const (
	destination = "/var/backups/overcloud"
	uuid        = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	now         = 1795385700.0 // 2026-11-22T22:15:00Z
)

// entry is a good set of this name's last part.
func good(name string) repository.Entry {
	return repository.Entry{
		Set: "galera_cluster/" + name, Name: name, Path: destination + "/galera_cluster/" + name,
		Cluster: repository.Cluster{Name: "galera_cluster", UUID: uuid}, Controller: "controller-2", Method: "physical",
		Server: "10.11.19-MariaDB", Started: 1795374900.5, Ended: 1795374903, Bytes: 31457280, RawBytes: 209715200,
		Compression: "zstd", ManifestSHA256: strings.Repeat("a", 64), Position: repository.Position{UUID: uuid,
			Seqno: 4711, SeqnoEnd: 4711, ClusterSeqno: 4708},
		Verified: repository.LevelRestore, VerifiedAt: 1795374960.25, Problems: []repository.Problem{},
		Verifications: []repository.Verification{
			{Level: repository.LevelRead, OK: true, At: 1795374950, Host: "controller-2"},
			{Level: repository.LevelRestore, OK: true, At: 1795374960.25, Host: "controller-2"},
		},
		Warnings: []string{},
	}
}

const (
	physical = "20261122T191500Z_physical_controller-2"
	older    = "20261120T191500Z_physical_controller-2"
	logical  = "20261121T020000Z_logical_controller-1"
)

// listed is the answer of a host that could read everything.
func listed(host string, entries ...repository.Entry) Answer {
	l := Listing{Listing: repository.NoListing(), Present: true}
	l.Sets = append(l.Sets, entries...)
	return Answer{Host: host, Destination: destination, Listing: &l}
}

func with(e repository.Entry, change func(*repository.Entry)) repository.Entry {
	change(&e)
	return e
}

func unverified(e *repository.Entry) {
	e.Verified, e.VerifiedAt, e.Verifications = "", 0, []repository.Verification{}
}

func merged(t *testing.T, o Options, answers ...Answer) List {
	t.Helper()
	o.Now = now
	return Merge(answers, o)
}

// stories are the lists that the golden files show.
func stories() map[string][]Answer {
	dump := with(good(logical), func(e *repository.Entry) {
		unverified(e)
		e.Method, e.Controller, e.Compression, e.Position.SeqnoEnd = "logical", "controller-1", "none", 4715
		e.Position.GTID = "0-1-100"
	})
	broken := with(good(older), func(e *repository.Entry) {
		e.Verified, e.VerifiedAt = "", 0
		e.Problems = []repository.Problem{repository.DamageAt("backup.xbstream.zst", 8388608,
			"the frame does not unpack")}
		e.Verifications = []repository.Verification{{Level: repository.LevelRead, At: 1795374950, Host: "controller-2"}}
	})
	differs := with(good(older), func(e *repository.Entry) {
		e.Problems = []repository.Problem{repository.Damage("definitions.jsonl", "nova.instances is missing").
			Of(repository.Differing)}
		e.Verified = repository.LevelRead
		e.Verifications[1].OK = false
	})
	mixed := listed("controller-2", good(physical), broken)
	mixed.Listing.Damaged = []repository.Damaged{{
		Set: "galera_cluster/20261119T191500Z_physical_controller-2", Path: destination + "/galera_cluster/x",
		Problems: []repository.Problem{repository.Damage(repository.ManifestName,
			"manifest: unexpected end of JSON input")},
	}}
	mixed.Listing.NoSets = []repository.Folder{{
		Path:   destination + "/galera_cluster/.partial-20261122T211500Z_logical_controller-2",
		Reason: "unfinished: its backup still runs, or was killed",
	}}
	stale := listed("controller-0", dump)
	stale.Error = "read " + destination + "/galera_cluster/20261118T191500Z_logical_controller-0: " +
		"stale NFS file handle"
	stale.Listing.Unreadable = []repository.Folder{{
		Path: destination + "/galera_cluster/20261118T191500Z_logical_controller-0", Reason: "stale NFS file handle",
	}}
	absent := Answer{Host: "controller-1", Destination: destination, Listing: &Listing{Listing: repository.NoListing()}}
	refused := Answer{Host: "controller-1", Destination: destination, Unreachable: true,
		Error: "Lost the connection to the host: Connection refused"}
	other := with(good(physical), func(e *repository.Entry) { e.Cluster.UUID = strings.Replace(uuid, "0b", "1c", 1) })
	return map[string][]Answer{
		"each-its-own": {listed("controller-0"), listed("controller-1", dump), mixed},
		"shared": {listed("controller-0", good(physical), dump), listed("controller-1", good(physical), dump),
			listed("controller-2", good(physical), dump)},
		"unreachable":   {listed("controller-0", dump), refused, listed("controller-2", differs)},
		"stale":         {stale, absent},
		"nothing":       {absent, {Host: "controller-0", Destination: destination, Listing: absent.Listing}},
		"nobody":        {refused},
		"two-clusters":  {listed("controller-0", good(physical)), listed("cell-0", other)},
		"never-checked": {listed("controller-0", with(good(physical), unverified))},
	}
}

func TestTheTablesReadAtAGlance(t *testing.T) {
	for name, answers := range stories() {
		t.Run(name, func(t *testing.T) {
			text := merged(t, Options{}, answers...).Text()
			path := filepath.Join("testdata", name+".txt")
			if story.Update() {
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if text != string(want) {
				t.Errorf("got\n%s\nwant\n%s", text, want)
			}
		})
	}
}

// A set is complete only if nothing speaks against it, and only complete ones are the newest good.
func TestStatesOfSets(t *testing.T) {
	bad := func(kind repository.ProblemKind) func(*repository.Entry) {
		return func(e *repository.Entry) {
			e.Problems = []repository.Problem{repository.Damage("f", "r").Of(kind)}
		}
	}
	for name, c := range map[string]struct {
		change   func(*repository.Entry)
		state    State
		isNewest bool
	}{
		"good":           {func(*repository.Entry) {}, Complete, true},
		"never verified": {unverified, Complete, true},
		"damaged":        {bad(repository.Damaging), Damaged, false},
		"does not load":  {bad(repository.NotLoading), Failed, false},
		"differs":        {bad(repository.Differing), Failed, false},
		"another kind":   {bad("from the future"), Failed, false},
		"failed, without a problem": {func(e *repository.Entry) {
			e.Verifications = []repository.Verification{{Level: repository.LevelRead, At: now}}
		}, Failed, false},
		"from the future": {func(e *repository.Entry) {
			e.Set = "galera_cluster/20261123T191500Z_physical_controller-2"
		}, Complete, false},
		"a little ahead": {func(e *repository.Entry) {
			e.Set = "galera_cluster/20261122T221800Z_physical_controller-2"
		}, Complete, true},
		"without a time":      {func(e *repository.Entry) { e.Set = "galera_cluster/mine" }, Complete, false},
		"an impossible month": {func(e *repository.Entry) { e.Set = "c/20261522T221800Z_physical_c" }, Complete, false},
	} {
		l := merged(t, Options{}, listed("c0", with(good(physical), c.change)))
		if len(l.Sets) != 1 || l.Sets[0].State != c.state || (l.Clusters[0].NewestGood != nil) != c.isNewest {
			t.Errorf("%s: %+v %+v", name, l.Sets, l.Clusters)
		}
		if c.state != Complete && l.Sets[0].Reason == "" {
			t.Errorf("%s: without a reason", name)
		}
	}
}

// A host that was not asked has unknown sets, never none, and the list says so at every place.
func TestAHostWithoutAnAnswerIsUnknown(t *testing.T) {
	l := merged(t, Options{Hosts: []string{"c1", "c0"}, Destinations: []string{"/srv//sets/"}}, listed("c0"))
	want := []Place{
		{Host: "c0", Destination: destination, State: Listed, Sets: new(int)},
		{Host: "c1", Destination: destination, State: Unknown, Reason: "it could not be asked"},
		{Host: "c1", Destination: "/srv/sets", State: Unknown, Reason: "it could not be asked"},
	}
	if !reflect.DeepEqual(l.Places, want) || l.Complete || !reflect.DeepEqual(l.Unknown, []string{"c1"}) ||
		!reflect.DeepEqual(l.Asked, []string{"c0"}) || len(l.Nowhere) > 0 {
		t.Errorf("%+v", l)
	}
	if text := l.Text(); strings.Count(text, "unknown") < 3 || strings.Contains(text, "none") {
		t.Error(text)
	}
	if l := merged(t, Options{Hosts: []string{"c0"}}); len(l.Places) != 1 || l.Complete || len(l.Asked) > 0 {
		t.Errorf("%+v", l)
	}
}

// A destination that no host has may be misspelt; one of which anything is unknown may be there.
func TestADestinationThatIsNowhere(t *testing.T) {
	missing := func(host string) Answer {
		return Answer{Host: host, Destination: "/nonexistent", Listing: &Listing{Listing: repository.NoListing()}}
	}
	here := listed("c1")
	here.Destination = "/nonexistent"
	for name, c := range map[string]struct {
		answers []Answer
		want    int
	}{
		"missing everywhere": {[]Answer{missing("c0"), missing("c1")}, 1},
		"on one":             {[]Answer{missing("c0"), here}, 0},
		"perhaps": {[]Answer{missing("c0"), {Host: "c1", Destination: "/nonexistent",
			Error: "I/O error"}}, 0},
		"a different one on each": {[]Answer{missing("c0"), listed("c1")}, 1},
	} {
		l := merged(t, Options{}, c.answers...)
		if len(l.Nowhere) != c.want || (c.want > 0) != strings.Contains(l.Message(), "No host has /nonexistent.") {
			t.Errorf("%s: %v %s", name, l.Nowhere, l.Message())
		}
	}
}

// A mount that several hosts share is shown once; a host that reports any value differently has its own row.
func TestASharedSetIsOneRow(t *testing.T) {
	l := merged(t, Options{}, listed("c2", good(physical)), listed("c0", good(physical)), listed("c1", good(physical)))
	if len(l.Sets) != 1 || !reflect.DeepEqual(l.Sets[0].Hosts, []string{"c0", "c1", "c2"}) {
		t.Fatalf("%+v", l.Sets)
	}
	shown := reflect.TypeFor[repository.Entry]()
	for i := range shown.NumField() {
		name := shown.Field(i).Name
		lie := good(physical)
		f := reflect.ValueOf(&lie).Elem().Field(i)
		switch v := f.Addr().Interface().(type) {
		case *string:
			*v = strings.Repeat("b", 64)
		case *repository.Level:
			*v = repository.LevelRead
		case *int64:
			*v++
		case *float64:
			*v++
		case *[]string:
			*v = []string{"w"}
		case *[]repository.Problem:
			*v = []repository.Problem{repository.Damage("f", "r")}
		case *[]repository.Verification:
			*v = (*v)[:1]
		case *repository.Position:
			v.Seqno++
		case *repository.Cluster:
			v.UUID = strings.Replace(uuid, "0", "1", 1)
		default:
			t.Fatalf("%s: a %s", name, f.Type())
		}
		l := merged(t, Options{}, listed("c0", good(physical)), listed("liar", lie))
		honest := merged(t, Options{}, listed("c0", good(physical)))
		if name == "Name" { // not used: Set has it
			continue
		}
		kept := false
		for _, s := range l.Sets {
			kept = kept || reflect.DeepEqual(s, honest.Sets[0])
		}
		if !kept {
			t.Errorf("%s: the honest row is gone: %+v", name, l.Sets)
		}
	}
}

func TestOneClusterOnly(t *testing.T) {
	foreign := with(good(physical), func(e *repository.Entry) { e.Set = "other/" + physical })
	answer := listed("c0", good(physical), foreign)
	answer.Listing.NoSets = []repository.Folder{{Path: destination + "/other/.partial-" + older, Reason: "unfinished"}}
	for cluster, want := range map[string]int{"": 3, "galera_cluster": 1, "other": 2, "none": 0} {
		l := merged(t, Options{Cluster: cluster}, answer)
		if len(l.Sets) != want || *l.Places[0].Sets != want {
			t.Errorf("%q: %d, %+v", cluster, len(l.Sets), l.Places)
		}
	}
}

func TestSetsAreSortedByTheirNames(t *testing.T) {
	l := merged(t, Options{}, listed("c0", good(older), good(physical)), listed("c1", good(logical)))
	var names []string
	for _, s := range l.Sets {
		names = append(names, s.name)
	}
	if !reflect.DeepEqual(names, []string{physical, logical, older}) {
		t.Error(names)
	}
}

// The document has every key, whatever is in it: programs need not ask whether there is one.
func TestTheDocumentHasLists(t *testing.T) {
	text, err := json.Marshal(merged(t, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"asked", "unknown", "nowhere", "places", "clusters", "sets"} {
		if !strings.Contains(string(text), fmt.Sprintf(`"%s":[]`, key)) {
			t.Errorf("%s: %s", key, text)
		}
	}
	if !strings.Contains(string(text), `"schema":1,`) {
		t.Error(string(text))
	}
}

// The page shows what the program prints, and names every key of the document.
func TestThePageIsCurrent(t *testing.T) {
	page, err := os.ReadFile("../../docs/list.md")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("testdata/each-its-own.txt")
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.ReplaceAll("    "+strings.TrimSpace(string(table)), "\n", "\n    ")
	if !strings.Contains(string(page), strings.ReplaceAll(shown, "\n    \n", "\n\n")) {
		t.Errorf("docs/list.md does not show\n%s", shown)
	}
	keys := map[string]bool{}
	keysOf(reflect.TypeFor[List](), keys)
	for key := range keys {
		if !strings.Contains(string(page), `"`+key+`":`) {
			t.Errorf("docs/list.md does not name %s", key)
		}
	}
	if len(keys) < 40 {
		t.Errorf("only %d keys", len(keys))
	}
}

func keysOf(in reflect.Type, keys map[string]bool) {
	switch in.Kind() {
	case reflect.Slice, reflect.Pointer:
		keysOf(in.Elem(), keys)
	case reflect.Struct:
		for i := range in.NumField() {
			if f := in.Field(i); f.IsExported() {
				keys[f.Tag.Get("json")] = true
				keysOf(f.Type, keys)
			}
		}
	}
}
