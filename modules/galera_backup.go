// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/optionfile"
	"overcloud.backup/internal/unit"
)

//go:embed galera_backup.yml
var galeraBackupSpec []byte

func init() { register("galera_backup", ansible.Module{Spec: galeraBackupSpec, Run: galeraBackup}) }

type galeraBackupOptions struct {
	loginOptions
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
}

// galeraBackup is called by Ansible to start a job or to look after one, and by the job's unit to do it and to undo it.
func galeraBackup(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o galeraBackupOptions
	if err := errors.Join(call.Decode(&o), o.check()); err != nil {
		return nil, err
	}
	store := jobs.Default()
	switch {
	case call.Stage == ansible.InUnit:
		return o.inUnit(ctx, call, store)
	case call.Stage == ansible.AfterUnit:
		return o.afterUnit(ctx, call, store)
	case o.State == "status":
		return o.status(ctx, store)
	case o.State == "cancelled":
		return o.cancel(ctx, call, store)
	case o.State == "recovered":
		return o.recover(ctx, call, store)
	case call.CheckMode:
		return o.plan(ctx, call)
	}
	return o.start(ctx, call, store)
}

// plan looks at everything and changes nothing.
func (o galeraBackupOptions) plan(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	job, err := backup.Prepare(ctx, o.options(call))
	if err != nil {
		return &ansible.Result{Values: map[string]any{"elsewhere": backup.TryAnother(err)}}, err
	}
	values := map[string]any{"plan": job.Plan()}
	return &ansible.Result{Changed: true, Msg: job.Plan().Summary(), Values: values, Warnings: job.Plan().Warnings}, nil
}

// check refuses numbers that the description of the options cannot.
func (o galeraBackupOptions) check() error {
	err := errors.Join(
		o.loginOptions.check(),
		o.checkPolicy(),
		within("level", float64(o.Level), 1, 19),
		within("buffer", float64(o.Buffer), 0, 4096),
		within("max_duration", o.MaxDuration, 1, maxSeconds),
		within("drain_timeout", o.DrainTimeout, 1, maxSeconds),
		within("lease", o.Lease, 5, maxSeconds),
		within("max_commit_stall", o.MaxCommitStall, 0.1, 3600),
		within("min_spares", float64(o.MinSpares), 0, 100),
		within("memory_high", float64(o.MemoryHigh), 256, 1<<20),
		within("cpu_weight", float64(o.CPUWeight), 1, 10000),
		within("io_weight", float64(o.IOWeight), 1, 10000),
		within("nice", float64(o.Nice), -20, 19),
		within("ionice_level", float64(o.IOLevel), 0, 7),
	)
	if o.Job != "" {
		err = errors.Join(err, jobs.CheckID(o.Job))
	}
	if least := o.Buffer + 256; o.MemoryHigh < least {
		err = errors.Join(err, fmt.Errorf("memory_high: %d MiB are too few for a buffer of %d MiB: at least %d", o.MemoryHigh, o.Buffer, least))
	}
	return err
}

func (o galeraBackupOptions) limits() unit.Limits {
	return unit.Limits{CPUWeight: o.CPUWeight, IOWeight: o.IOWeight, MemoryHigh: o.MemoryHigh << 20, Nice: o.Nice, IOClass: o.IOClass, IOLevel: o.IOLevel}
}

func (o galeraBackupOptions) options(call *ansible.Call) backup.Options {
	hidden := &secrets{call: call}
	login := o.login(call)
	login.Secret = hidden.add
	policy := decision.Policy(o.Policy)
	return backup.Options{
		Destination: o.Destination, Cluster: o.Cluster, Method: o.Method, Desync: o.Desync,
		Level: o.Level, Buffer: o.Buffer << 20, WarnNonTransactional: o.NonTransactional == "warn", LeaveOutBroken: o.Broken == "leave_out",
		AllowClients: policy == decision.AllowActive, AllowActive: policy == decision.PreferIdle,
		MinSpares: o.MinSpares, MaxCommitStall: seconds(o.MaxCommitStall),
		LeaseTimeout: seconds(o.Lease), StopOnLostCaller: o.OnLostCaller == "stop",
		IgnoreUsers: o.IgnoreUsers, Decision: o.Decision, MadeBy: "overcloud.backup " + version,
		Login: login, HealthURL: o.HealthURL, DrainTimeout: seconds(o.DrainTimeout),
		Scrub: hidden.scrub, Progress: func(p backup.Progress) { call.Progress(p) },
	}
}

// checkPolicy refuses a decision that was made under a laxer policy than this task's. A decision is input and allows
// nothing: who made it may not tell the truth.
func (o galeraBackupOptions) checkPolicy() error {
	made := decision.PolicyOf(o.Decision)
	if made == "" {
		return nil // one of another form is kept in the manifest all the same
	}
	if !slices.Contains(decision.Policies, made) {
		return fmt.Errorf("the decision was made with the policy %q, which idle_controller does not know: decide again", made)
	}
	if made.LaxerThan(decision.Policy(o.Policy)) {
		return fmt.Errorf("the decision was made with the policy %s, and this task has the stricter %s: "+
			"decide again with that, or give the task the policy, too", made, o.Policy)
	}
	return nil
}

// secrets are the passwords that were found, for what is written to the backup's log.
type secrets struct {
	call  *ansible.Call
	mutex sync.Mutex
	found []string
}

func (s *secrets) add(secret string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.call.Secret(secret)
	s.found = append(s.found, spellings(secret)...)
}

// least is how long a line of a password must be to be taken out alone: shorter ones stand in many words.
const least = 4

// spellings are a secret, the longest first, as a log of lines may have it: whole, line by line, and as an option file has it.
func spellings(secret string) []string {
	all := []string{secret}
	if quoted, err := optionfile.Quote(secret); err == nil {
		all = append(all, strings.Trim(quoted, `"`))
	}
	if strings.Contains(secret, "\n") {
		for line := range strings.SplitSeq(secret, "\n") {
			if line = strings.TrimSpace(line); len(line) >= least {
				all = append(all, line)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

func (s *secrets) scrub(text string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, secret := range s.found {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "********")
		}
	}
	return text
}
