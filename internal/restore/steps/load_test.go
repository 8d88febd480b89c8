// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
	"overcloud.backup/tests/sets"
)

func TestThePartsToLoadAreReadFromTheOptions(t *testing.T) {
	for _, c := range []struct {
		schemas []string
		rename  map[string]string
		want    string // the parts, or the error
	}{
		{[]string{"nova"}, nil, "[{nova [] nova}]"},
		{[]string{"nova", "keystone.user"}, map[string]string{"keystone": "before"},
			"[{nova [] nova} {keystone [user] before}]"},
		{[]string{"nova.a", "nova.b"}, nil, "[{nova [a b] nova}]"},
		{[]string{"nova", "nova.a"}, nil, `"nova" is requested both completely and in part`},
		{[]string{"nova.a", "nova"}, nil, `"nova" is requested both completely and in part`},
		{[]string{"nova", "nova"}, nil, `"nova" is requested both completely and in part`},
		{[]string{"nova."}, nil, "is neither a schema nor schema.table"},
		{[]string{".a"}, nil, "is neither a schema nor schema.table"},
		{[]string{"nova"}, map[string]string{"nova": ""}, "its new name is empty"},
		{[]string{"nova"}, map[string]string{"cinder": "x"}, `rename: "cinder" is not among the schemas`},
		{nil, nil, "schemas: none is named"},
	} {
		parts, err := Options{Schemas: c.schemas, Rename: c.rename}.parts()
		if got := fmt.Sprint(parts); err != nil && !strings.Contains(err.Error(), c.want) ||
			err == nil && got != c.want {
			t.Errorf("%v %v: %s %v", c.schemas, c.rename, got, err)
		}
		if err == nil && strings.Contains(named(parts), "[") {
			t.Error(named(parts))
		}
	}
	parts, _ := Options{Schemas: []string{"nova.a", "nova.b", "keystone"},
		Rename: map[string]string{"nova": "old"}}.parts()
	if got := named(parts); got != "nova as old (a, b), keystone" {
		t.Error(got)
	}
}

// Errors in the options, or in the set, are reported before any login.
func TestALoadIsRefusedBeforeTheServerIsReached(t *testing.T) {
	destination, _ := sets.Small(t)
	for want, o := range map[string]Options{
		"schemas: none is named": {Set: option.Set{Destination: destination, Set: "newest"}},
		"file does not exist":    {Schemas: []string{"nova"}},
		"neither":                {Schemas: []string{"."}},
	} {
		o.State = "loaded"
		if _, err := o.Run(t.Context(), jobs.Caller{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestNumbersOfARestoreAreRefusedByName(t *testing.T) {
	sound := Options{Memory: 512, StopTimeout: 1, StartTimeout: 1, CheckTimeout: 1, CountTimeout: 1}
	sound.ConnectTimeout = 3
	if err := sound.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Options){
		"memory: 31 is not from 32":     func(o *Options) { o.Memory = 31 },
		"stop_timeout: 0 is not from 1": func(o *Options) { o.StopTimeout = 0 },
		"start_timeout: 2000000 is not": func(o *Options) { o.StartTimeout = 2e6 },
		"check_timeout: -1 is not":      func(o *Options) { o.CheckTimeout = -1 },
		"count_timeout: 0 is not":       func(o *Options) { o.CountTimeout = 0 },
		"connect_timeout: 0 is not":     func(o *Options) { o.ConnectTimeout = 0 },
		`job "../x"`:                    func(o *Options) { o.Job = "../x" },
	} {
		o := sound
		change(&o)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
