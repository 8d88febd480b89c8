// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
)

func soundBackup() Options {
	return Options{Login: option.Login{ConnectTimeout: 3}, Level: 1, Buffer: 64, MaxDuration: 14400, DrainTimeout: 300,
		Lease: 300, MaxCommitStall: 1, MinSpares: 1, MemoryHigh: 1024, CPUWeight: 50, IOWeight: 50}
}

func TestBadNumbersAreRefusedByOptionValueAndRange(t *testing.T) {
	if err := soundBackup().Check(); err != nil {
		t.Errorf("sound options: %v", err)
	}
	port := func(n int) *int { return &n }
	for want, change := range map[string]func(*Options){
		"connect_timeout: -1 is not from 0.001 to 1000000":   func(o *Options) { o.ConnectTimeout = -1 },
		"connect_timeout: 0 is not":                          func(o *Options) { o.ConnectTimeout = 0 },
		"login_port: 0 is not from 1 to 65535":               func(o *Options) { o.Port = port(0) },
		"login_port: 65536 is not":                           func(o *Options) { o.Port = port(65536) },
		"level: 20 is not from 1 to 19":                      func(o *Options) { o.Level = 20 },
		"level: 0 is not":                                    func(o *Options) { o.Level = 0 },
		"buffer: -1 is not from 0 to 4096":                   func(o *Options) { o.Buffer = -1 },
		"buffer: 4097 is not":                                func(o *Options) { o.Buffer = 4097 },
		"max_duration: 0 is not from 1 to 1000000":           func(o *Options) { o.MaxDuration = 0 },
		"drain_timeout: 1000001 is not":                      func(o *Options) { o.DrainTimeout = 1000001 },
		"lease: 1 is not from 5":                             func(o *Options) { o.Lease = 1 },
		"max_commit_stall: 0 is not":                         func(o *Options) { o.MaxCommitStall = 0 },
		"min_spares: -1 is not":                              func(o *Options) { o.MinSpares = -1 },
		"memory_high: 300 MiB is too little for a buffer of": func(o *Options) { o.MemoryHigh = 300 },
		"cpu_weight: 0 is not from 1 to 10000":               func(o *Options) { o.CPUWeight = 0 },
		"io_weight: 10001 is not":                            func(o *Options) { o.IOWeight = 10001 },
		"nice: 20 is not from -20 to 19":                     func(o *Options) { o.Nice = 20 },
		"ionice_level: 8 is not from 0 to 7":                 func(o *Options) { o.IOLevel = 8 },
		`job "../x"`:                                         func(o *Options) { o.Job = "../x" },
	} {
		o := soundBackup()
		change(&o)
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// The source of a decision may lie: it can loosen neither the policy nor the number of spares.
func TestADecisionAllowsNothing(t *testing.T) {
	strict, prefer, lax := "require_idle", "prefer_idle", "allow_active"
	const refused = "this task has the stricter"
	for _, c := range []struct{ policy, decision, says string }{
		{strict, "", ""},
		{strict, `{"policy":""}`, ""},
		{strict, `{"policy":7}`, ""},
		{strict, `["allow_active"]`, ""},
		{strict, `{"policy":"require_idle"}`, ""},
		{strict, `{"policy":"prefer_idle"}`, refused},
		{strict, `{"policy":"allow_active"}`, refused},
		{prefer, `{"policy":"require_idle"}`, ""},
		{prefer, `{"policy":"prefer_idle"}`, ""},
		{prefer, `{"policy":"allow_active"}`, refused},
		{lax, `{"policy":"require_idle"}`, ""},
		{lax, `{"policy":"allow_active"}`, ""},
		{lax, `{"policy":"any"}`, `"any", which idle_controller does not know`},
		{strict, `{"Policy":"allow_active"}`, refused}, // encoding/json treats it as the same key
	} {
		o := Options{Policy: c.policy, MinSpares: 1, Decision: json.RawMessage(c.decision)}
		err := o.checkPolicy()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s, %s: %v", c.policy, c.decision, err)
		}
		options := o.options(jobs.Caller{})
		if options.AllowClients != (c.policy == lax) || options.AllowActive != (c.policy == prefer) ||
			options.MinSpares != 1 {
			t.Errorf("%s, %s: %+v", c.policy, c.decision, options)
		}
	}
}

func TestWhatTheTaskAllowsReachesTheBackup(t *testing.T) {
	o := Options{Policy: "allow_active", IgnoreUsers: []string{"monitor"}, Lease: 300, MaxCommitStall: 0.5}
	want := guard.Allowed{AllowClients: true, IgnoreUsers: []string{"monitor"}, LeaseTimeout: 5 * time.Minute,
		MaxCommitStall: 500 * time.Millisecond}
	if got := o.options(jobs.Caller{}).Allowed; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for on, stop := range map[string]bool{"stop": true, "continue": false} {
		o.OnLostCaller = on
		if got := o.options(jobs.Caller{}).StopOnLostCaller; got != stop {
			t.Errorf("%s: %t", on, got)
		}
	}
}
