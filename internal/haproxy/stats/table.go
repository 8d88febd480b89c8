// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// tableRefused is what a socket of level user prints in place of the entries.
const tableRefused = "# contents not dumped due to insufficient privileges"

// ParseTable reads "show table NAME":
//
//	# table: mysql, type: ip, size:1000, used:1
//	0x561b47443700: key=10.0.0.100 use=0 exp=0 server_id=1 server_key=controller-0.internalapi.localdomain
//
// An entry has the server's name if the table keeps it (server_key, since 2.3), otherwise only its id.
func ParseTable(b []byte) (*Table, error) {
	if err := bounded(b, maxEntries); err != nil {
		return nil, fmt.Errorf("show table: %w", err)
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	t, err := parseTableHead(lines[0])
	if err != nil {
		return nil, fmt.Errorf("show table: %w", err)
	}
	for i, line := range lines[1:] {
		if line == tableRefused {
			t.Readable = false
			continue
		}
		e, err := parseEntry(line)
		if err != nil {
			return nil, fmt.Errorf("show table: line %d: %w", i+2, err)
		}
		t.Entries = append(t.Entries, e)
	}
	if !t.Readable && len(t.Entries) > 0 {
		return nil, errors.New("show table: entries follow the message that they are refused")
	}
	return t, nil
}

func parseTableHead(line string) (*Table, error) {
	rest, ok := strings.CutPrefix(line, "# table: ")
	if !ok {
		return nil, fmt.Errorf("it begins with %q, not with \"# table: \"", excerpt.Of(line))
	}
	name, rest, ok := strings.Cut(rest, ", ")
	if !ok || name == "" {
		return nil, fmt.Errorf("the head %q has no name", excerpt.Of(line))
	}
	n := numbers{values: map[string]string{}}
	for _, pair := range strings.Split(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), ":")
		n.values[key] = strings.TrimSpace(value)
	}
	t := &Table{Name: name, Type: n.values["type"], Readable: true, Entries: []Entry{}}
	t.Size, t.Used = n.get("size", -1), n.get("used", -1)
	return t, cmp.Or(n.err, plainText(t.Name), plainText(t.Type))
}

func parseEntry(line string) (Entry, error) {
	id, rest, ok := strings.Cut(line, ": ")
	if !ok || !strings.HasPrefix(id, "0x") {
		return Entry{}, fmt.Errorf("%q is not an entry: it does not begin with \"0x...: \"", excerpt.Of(line))
	}
	n := numbers{values: map[string]string{}}
	for _, field := range splitFields(rest) {
		key, value, _ := strings.Cut(field, "=")
		n.values[key] = value
	}
	e := Entry{Key: n.values["key"], Server: n.values["server_key"]}
	if e.Key == "" {
		return e, fmt.Errorf("entry %q has no key", excerpt.Of(line))
	}
	if e.Server == "-" {
		e.Server = ""
	}
	// Without an expiry some versions print the clock's remainder, which may be negative.
	if exp, ok := n.values["exp"]; ok {
		n.values["exp"] = strings.TrimPrefix(exp, "-")
	}
	e.ServerID = int(n.get("server_id", 0))
	e.Expires = n.get("exp", -1)
	return e, cmp.Or(n.err, plainText(e.Key), plainText(e.Server))
}

// splitFields splits at spaces; in a key of type string a space is written "\ ".
func splitFields(s string) []string {
	var fields []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ' ':
			fields = append(fields, s[start:i])
			start = i + 1
		}
	}
	return append(fields, s[start:])
}

// NameEntries gives every entry its server by the server's id. Like HAProxy, it prefers the stored name, as long as the
// backend has such a server.
func NameEntries(t *Table, servers []Server) {
	names, ids := map[string]bool{}, map[int]string{}
	for _, s := range servers {
		names[s.Name], ids[s.ID] = true, s.Name
	}
	for i := range t.Entries {
		e := &t.Entries[i]
		if !names[e.Server] {
			e.Server = ids[e.ServerID]
		}
	}
}
