// SPDX-License-Identifier: GPL-3.0-or-later

package galera

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/reading"
	"overcloud.backup/tests/messages"
)

// thinned returns a recording without the rows that no parser here reads: the server reports five times as many.
func thinned(t testing.TB, name string) string {
	t.Helper()
	status, variables := recorded(t, name)
	read := func(status, variables map[string]string) string {
		w, err := ParseWsrep(status, variables)
		s, bad := ParseServer(status, variables)
		return fmt.Sprintf("%+v %v %+v %v", w, err, s, bad)
	}
	whole := read(status, variables)
	var parts []string
	for _, all := range []map[string]string{status, variables} {
		var lines []string
		for key, value := range all {
			delete(all, key)
			if read(status, variables) == whole {
				continue
			}
			all[key] = value
			if key == "wsrep_provider_options" {
				value = "base_dir = /var/lib/mysql/; gcs.fc_limit = 16; gcache.size = 128M; pc.weight = 1; "
			}
			lines = append(lines, key+"\t"+value+"\n")
		}
		slices.Sort(lines)
		parts = append(parts, strings.Join(lines, ""))
	}
	return strings.Join(parts, "-- variables\n")
}

// Any text may replace a value: the message about it is short.
func TestErrorsRepeatLittle(t *testing.T) {
	parse := func(b []byte) error {
		first, second, _ := strings.Cut(string(b), "-- variables\n")
		status, variables := pairsOf(first), pairsOf(second)
		_, err := ParseWsrep(status, variables)
		_, bad := ParseServer(status, variables)
		_, none := Rates(status, status, 1, 0)
		return excerpt.Join(err, bad, none)
	}
	inOneLine := func(parse func(b []byte) error) func(b []byte) error {
		return func(b []byte) error {
			if err := parse(b); err != nil {
				var h reading.Header
				h.Add("sql", "", err, "")
				return errors.New(h.Errors[0].Message)
			}
			return nil
		}
	}
	messages.Everywhere(t, thinned(t, "synced"), inOneLine(parse))
	messages.Everywhere(t,
		"version: 2.1\nuuid: 27402082-e6a9-11f1-967f-cfd7a985c0a3\nseqno: -1\nsafe_to_bootstrap: 0\n",
		func(b []byte) error { _, err := ParseGrastate(b); return err })
	messages.Everywhere(t, "schema table size", func(b []byte) error {
		text := string(b)
		return newSum().add([]*string{&text, &text, nil, &text})
	})
}

func TestParseServer(t *testing.T) {
	status, variables := recorded(t, "active")
	s, err := ParseServer(status, variables)
	if err != nil || s.Hostname != "controller-0" || s.Port != 3306 || s.Datadir != "/var/lib/mysql/" || s.LogBin ||
		s.ReadOnly ||
		s.Uptime != 319 || s.UID == "" || !strings.HasPrefix(s.Version, "10.11.18-MariaDB") {
		t.Errorf("%+v %v", s, err)
	}
	delete(variables, "server_uid") // before MariaDB 10.11
	variables["read_only"] = "NO_LOCK_NO_ADMIN"
	if s, err = ParseServer(status, variables); err != nil || s.UID != "" || !s.ReadOnly {
		t.Errorf("%+v %v", s, err)
	}
	delete(variables, "hostname")
	if _, err = ParseServer(status, variables); err == nil ||
		!strings.Contains(err.Error(), "variable hostname is missing") {
		t.Errorf("%v", err)
	}
}
