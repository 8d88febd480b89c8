// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"testing"
)

func soundBackup() galeraBackupOptions {
	return galeraBackupOptions{loginOptions: loginOptions{ConnectTimeout: 3}, Level: 1, Buffer: 64, MaxDuration: 14400, DrainTimeout: 300,
		Lease: 300, MaxCommitStall: 1, MinSpares: 1, MemoryHigh: 1024, CPUWeight: 50, IOWeight: 50}
}

func TestBadNumbersAreRefusedByOptionValueAndRange(t *testing.T) {
	if err := soundBackup().check(); err != nil {
		t.Errorf("sound options: %v", err)
	}
	port := func(n int) *int { return &n }
	for want, change := range map[string]func(*galeraBackupOptions){
		"connect_timeout: -1 is not from 0.001 to 1000000": func(o *galeraBackupOptions) { o.ConnectTimeout = -1 },
		"connect_timeout: 0 is not":                        func(o *galeraBackupOptions) { o.ConnectTimeout = 0 },
		"login_port: 0 is not from 1 to 65535":             func(o *galeraBackupOptions) { o.Port = port(0) },
		"login_port: 65536 is not":                         func(o *galeraBackupOptions) { o.Port = port(65536) },
		"level: 20 is not from 1 to 19":                    func(o *galeraBackupOptions) { o.Level = 20 },
		"level: 0 is not":                                  func(o *galeraBackupOptions) { o.Level = 0 },
		"buffer: -1 is not from 0 to 4096":                 func(o *galeraBackupOptions) { o.Buffer = -1 },
		"buffer: 4097 is not":                              func(o *galeraBackupOptions) { o.Buffer = 4097 },
		"max_duration: 0 is not from 1 to 1000000":         func(o *galeraBackupOptions) { o.MaxDuration = 0 },
		"drain_timeout: 1000001 is not":                    func(o *galeraBackupOptions) { o.DrainTimeout = 1000001 },
		"lease: 1 is not from 5":                           func(o *galeraBackupOptions) { o.Lease = 1 },
		"max_commit_stall: 0 is not":                       func(o *galeraBackupOptions) { o.MaxCommitStall = 0 },
		"min_spares: -1 is not":                            func(o *galeraBackupOptions) { o.MinSpares = -1 },
		"memory_high: 300 MiB are too few for a buffer of": func(o *galeraBackupOptions) { o.MemoryHigh = 300 },
		"cpu_weight: 0 is not from 1 to 10000":             func(o *galeraBackupOptions) { o.CPUWeight = 0 },
		"io_weight: 10001 is not":                          func(o *galeraBackupOptions) { o.IOWeight = 10001 },
		"nice: 20 is not from -20 to 19":                   func(o *galeraBackupOptions) { o.Nice = 20 },
		"ionice_level: 8 is not from 0 to 7":               func(o *galeraBackupOptions) { o.IOLevel = 8 },
		`job "../x"`:                                       func(o *galeraBackupOptions) { o.Job = "../x" },
	} {
		o := soundBackup()
		change(&o)
		if err := o.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
