// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/repository"
)

// countLimit is the timeout for counting the tables of the server.
const countLimit = 10 * time.Minute

// Compare reads the schemas of the scratch server and compares them with what the set recorded.
func (r *Copy) Compare(ctx context.Context) (found *repository.Restored, err error) {
	found = &repository.Restored{Schemas: map[string]int{}, Tables: []repository.Table{}}
	if found.Server, err = r.server.Value(ctx, "SELECT VERSION()"); err != nil {
		return nil, err
	}
	definitions, err := catalog.ReadDefinitions(ctx, r.server.Client, catalog.Carried(r.set.Manifest.Method))
	if err != nil {
		return nil, err
	}
	r.definitions = definitions
	found.Fingerprint = definitions.Fingerprint()
	if found.Schemas, err = catalog.TableCounts(ctx, r.server.Client, countLimit); err != nil {
		return nil, err
	}
	return found, r.compareSchema(ctx, found, definitions)
}

// compareSchema compares as much as possible: the definitions if the set has them, otherwise the number of tables in
// each schema.
func (r *Copy) compareSchema(ctx context.Context, found *repository.Restored, definitions catalog.Definitions) error {
	m := r.set.Manifest
	switch {
	case m.Schema.Fingerprint == "":
		r.Warn("the manifest does not describe the schema, so nothing of it could be compared")
		return nil
	case r.recorded == nil:
		r.Warn("the definitions were not compared: the set is of an earlier version of the collection, " +
			"which recorded them in another way")
	case galera.Release(m.Server.Version) != galera.Release(found.Server):
		r.Warn("the definitions were not compared: the set is of %s, and the scratch server of %s", m.Server.Version,
			found.Server)
	default:
		return r.compareDefinitions(ctx, definitions)
	}
	r.differs(r.compareCounts(found.Schemas))
	return nil
}

// differs reports all differences as one problem.
func (r *Copy) differs(names []string) {
	if len(names) == 0 {
		return
	}
	r.differences = names
	r.Bad(repository.Damage(r.set.Manifest.Data().Name, "%s",
		strings.Join(excerpt.First(names, excerpt.FewNames), ", ")).Of(repository.Differing))
}

func (r *Copy) compareDefinitions(ctx context.Context, definitions catalog.Definitions) error {
	known, err := r.excuses(ctx)
	if err != nil {
		return err
	}
	var names []string
	excused := map[string][]string{}
	for _, d := range definitions.Differences(r.recorded) {
		if why := known.of(d); why != "" {
			excused[why] = append(excused[why], excerpt.Of(d.Object.String()))
		} else {
			names = append(names, excerpt.Of(d.String()))
		}
	}
	for _, why := range slices.Sorted(maps.Keys(excused)) {
		r.Warn("%s: %s", strings.Join(excerpt.First(excused[why], excerpt.FewNames), ", "), why)
	}
	r.differs(names)
	return nil
}

// excuses are the known reasons why an object cannot be as it was recorded.
type excuses struct {
	broken                   map[repository.Name]string
	leftOut, folder, outside map[repository.Name]bool
	// zone describes the two time zones; empty if the system here is in the time zone of the system that was backed up.
	// A server shows the times of an event in its own zone, which may be that of the system.
	zone string
}

func (r *Copy) excuses(ctx context.Context) (excuses, error) {
	schema := r.set.Manifest.Schema
	known := excuses{
		broken: r.BrokenBefore(), leftOut: map[repository.Name]bool{}, folder: map[repository.Name]bool{},
		outside: map[repository.Name]bool{},
	}
	for _, name := range schema.LeftOut {
		known.leftOut[name] = true
	}
	for _, name := range schema.Folders {
		known.folder[repository.Name{Schema: name}] = true
	}
	tables, err := r.tablesOutside(ctx)
	for _, name := range tables {
		known.outside[name] = true
	}
	m := r.set.Manifest
	if then := m.Server.Settings["system_time_zone"]; err == nil && then != "" && m.Method == "physical" {
		var now string
		if now, err = r.server.Value(ctx, "SELECT @@system_time_zone"); now != then {
			known.zone = excerpt.Of(then) + ", and " + excerpt.Of(now) + " here"
		}
	}
	return known, err
}

// BrokenBefore returns the tables and views that the server could not open when the set was made, with the reason.
func (r *Copy) BrokenBefore() map[repository.Name]string {
	broken := map[repository.Name]string{}
	for _, b := range r.set.Manifest.Schema.Broken {
		broken[b.Name] = "was so when it was backed up (" + excerpt.Of(b.Why) + ")"
	}
	return broken
}

// of returns why a difference is not a fault of the set; empty if there is no known reason.
func (e excuses) of(d catalog.Difference) string {
	name := repository.Name{Schema: d.Schema, Name: d.Name}
	switch {
	case d.Kind == "schema" && d.Missing && e.folder[name]:
		return "was a plain folder of the datadir, which no backup has"
	case d.Kind == "event" && !d.Missing && !d.Added && e.zone != "":
		return "has its times shown in the time zone of the system, which was " + e.zone
	case d.Kind != "table":
		return ""
	case e.broken[name] != "":
		return e.broken[name]
	case d.Missing && e.leftOut[name]:
		return "was left out when it was backed up"
	case !d.Missing && !d.Added && e.outside[name]:
		return "had DATA DIRECTORY, which it does not have here"
	case leftover(d.Name):
		return "was left behind by an ALTER TABLE that did not end"
	}
	return ""
}

// leftover reports whether a table is a temporary table of the server's own, which it lists under its file name.
func leftover(table string) bool { return strings.HasPrefix(table, "#mysql50##sql") }

// fileName matches the names that a server gives to schema folders and table files.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_@]{1,400}$`)

// tablesOutside returns the tables whose links were removed. The server itself converts the file names to table names.
func (r *Copy) tablesOutside(ctx context.Context) (tables []repository.Name, err error) {
	for _, path := range r.outside {
		folder, file, _ := strings.Cut(strings.TrimSuffix(path, ".isl"), "/")
		file, _, _ = strings.Cut(file, "#")
		if !fileName.MatchString(folder) || !fileName.MatchString(file) {
			continue
		}
		names, err := r.server.Rows(ctx,
			"SELECT CONVERT(_filename'"+folder+"' USING utf8mb4), CONVERT(_filename'"+file+"' USING utf8mb4)")
		if err != nil {
			return nil, err
		}
		tables = append(tables, repository.Name{Schema: names[0][0], Name: names[0][1]})
	}
	return tables, nil
}

// compareCounts names the schemas whose number of tables has changed.
func (r *Copy) compareCounts(found map[string]int) (names []string) {
	want := r.set.Manifest.Schema.Tables
	for _, schema := range slices.Sorted(maps.Keys(want)) {
		got, there := found[schema]
		switch {
		case !there && want[schema] == 0 && r.set.Manifest.Method == "physical":
			r.Warn("the schema %s without a table is missing: it was a plain folder of the datadir, which no backup "+
				"has",
				excerpt.Of(schema))
		case !there:
			names = append(names, fmt.Sprintf("the schema %s is missing", excerpt.Of(schema)))
		case got != want[schema]:
			names = append(names, fmt.Sprintf("the schema %s has another number of tables and sequences: %d, not %d",
				excerpt.Of(schema), got, want[schema]))
		}
	}
	for _, schema := range slices.Sorted(maps.Keys(found)) {
		if _, wanted := want[schema]; !wanted {
			names = append(names, fmt.Sprintf("the schema %s is not in the manifest", excerpt.Of(schema)))
		}
	}
	return names
}
