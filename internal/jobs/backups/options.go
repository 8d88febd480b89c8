// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/unit"
)

// Options are those of the module galera_backup.
type Options struct {
	option.Login
	State            string          `json:"state"`
	Job              string          `json:"job"`
	Wait             bool            `json:"wait"`
	OnLostCaller     string          `json:"on_lost_caller"`
	Lease            float64         `json:"lease"`
	Destination      string          `json:"destination"`
	Cluster          string          `json:"cluster"`
	Method           tool.Method     `json:"method"`
	Desync           backup.Desync   `json:"desync"`
	DrainTimeout     float64         `json:"drain_timeout"`
	HealthURL        string          `json:"health_check_url"`
	Level            int             `json:"level"`
	Buffer           int64           `json:"buffer"`
	NonTransactional string          `json:"non_transactional"`
	Broken           string          `json:"broken"`
	MaxDuration      float64         `json:"max_duration"`
	MaxCommitStall   float64         `json:"max_commit_stall"`
	MinSpares        int             `json:"min_spares"`
	CPUWeight        int             `json:"cpu_weight"`
	IOWeight         int             `json:"io_weight"`
	MemoryHigh       int64           `json:"memory_high"`
	Nice             int             `json:"nice"`
	IOClass          string          `json:"ionice_class"`
	IOLevel          int             `json:"ionice_level"`
	IgnoreUsers      []string        `json:"ignore_users"`
	Policy           string          `json:"policy"`
	Decision         json.RawMessage `json:"decision"`
	// MadeBy is the program that a set names as its maker.
	MadeBy string `json:"-"`
}

// Check refuses numbers that the description of the options cannot.
func (o Options) Check() error {
	err := errors.Join(
		o.Login.Check(),
		o.checkPolicy(),
		option.Within("level", float64(o.Level), 1, 19),
		option.Within("buffer", float64(o.Buffer), 0, 4096),
		option.Within("max_duration", o.MaxDuration, 1, option.MaxSeconds),
		option.Within("drain_timeout", o.DrainTimeout, 1, option.MaxSeconds),
		option.Within("lease", o.Lease, 5, option.MaxSeconds),
		option.Within("max_commit_stall", o.MaxCommitStall, 0.1, 3600),
		option.Within("min_spares", float64(o.MinSpares), 0, 100),
		option.Within("memory_high", float64(o.MemoryHigh), 256, 1<<20),
		option.Within("cpu_weight", float64(o.CPUWeight), 1, 10000),
		option.Within("io_weight", float64(o.IOWeight), 1, 10000),
		option.Within("nice", float64(o.Nice), -20, 19),
		option.Within("ionice_level", float64(o.IOLevel), 0, 7),
	)
	err = errors.Join(err, checkID(o.Job))
	if least := o.Buffer + 256; o.MemoryHigh < least {
		err = errors.Join(err, fmt.Errorf("memory_high: %d MiB is too little for a buffer of %d MiB; give at least %d"+
			" MiB",
			o.MemoryHigh, o.Buffer, least))
	}
	return err
}

// checkID refuses what is no id; none is fine.
func checkID(id string) error {
	if id == "" {
		return nil
	}
	return jobs.CheckID(id)
}

func (o Options) limits() unit.Limits {
	return unit.Limits{
		CPUWeight: o.CPUWeight, IOWeight: o.IOWeight, MemoryHigh: o.MemoryHigh << 20, Nice: o.Nice, IOClass: o.IOClass,
		IOLevel: o.IOLevel,
	}
}

func (o Options) options(caller jobs.Caller) backup.Options {
	hidden := &secrets{hide: caller.Hide}
	login := o.Login.Login(hidden.add)
	policy := decision.Policy(o.Policy)
	return backup.Options{
		Destination: o.Destination, Cluster: o.Cluster, Method: o.Method, Desync: o.Desync,
		Level: o.Level, Buffer: o.Buffer << 20, WarnNonTransactional: o.NonTransactional == "warn",
		LeaveOutBroken: o.Broken == "leave_out",
		Allowed: guard.Allowed{
			AllowClients: policy == decision.AllowActive, IgnoreUsers: o.IgnoreUsers,
			LeaseTimeout: option.Seconds(o.Lease), MaxCommitStall: option.Seconds(o.MaxCommitStall),
		},
		AllowActive: policy == decision.PreferIdle, MinSpares: o.MinSpares, StopOnLostCaller: o.OnLostCaller == "stop",
		Decision: o.Decision, MadeBy: o.MadeBy,
		Login: login, HealthURL: o.HealthURL, DrainTimeout: option.Seconds(o.DrainTimeout),
		Scrub: hidden.scrub, Progress: func(p backup.Progress) { caller.Report(p) },
	}
}

// checkPolicy refuses a decision that was made under a laxer policy than this task's. A decision is input and permits
// nothing: its maker may not tell the truth.
func (o Options) checkPolicy() error {
	made := decision.PolicyOf(o.Decision)
	if made == "" {
		return nil // one of another form is kept in the manifest anyway
	}
	if !slices.Contains(decision.Policies, made) {
		return fmt.Errorf("the decision was made with the policy %q, which idle_controller does not know: decide again",
			made)
	}
	if made.LaxerThan(decision.Policy(o.Policy)) {
		return fmt.Errorf("the decision was made with the policy %s, and this task has the stricter %s: "+
			"decide again with that, or give the task the policy, too", made, o.Policy)
	}
	return nil
}
