// SPDX-License-Identifier: GPL-3.0-or-later

package verifications

import (
	"errors"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/repository"
)

// Options are those of the module backup_verify.
type Options struct {
	option.Login
	option.Set
	State       string           `json:"state"`
	Job         string           `json:"job"`
	Wait        bool             `json:"wait"`
	Level       repository.Level `json:"level"`
	Scratch     string           `json:"scratch"`
	Memory      int64            `json:"memory"`
	MaxDuration float64          `json:"max_duration"`
	CPUWeight   int              `json:"cpu_weight"`
	IOWeight    int              `json:"io_weight"`
	MemoryHigh  int64            `json:"memory_high"`
	Policy      string           `json:"policy"`
	IgnoreUsers []string         `json:"ignore_users"`
	// MadeBy is the program that the record of a verification names as its maker.
	MadeBy string `json:"-"`
}

// Values are the results of the module.
type Values struct {
	Set     string              `json:"set,omitempty"`
	Path    string              `json:"path,omitempty"`
	Level   repository.Level    `json:"level,omitempty"`
	Plan    *rebuild.Plan       `json:"plan,omitempty"`
	Outcome *repository.Outcome `json:"outcome,omitempty"`
	Undone  []string            `json:"undone,omitempty"`
}

// Check refuses numbers that the description of the options cannot.
func (o Options) Check() error {
	err := errors.Join(
		o.Login.Check(),
		option.Within("memory", float64(o.Memory), 32, 1<<20),
		option.Within("memory_high", float64(o.MemoryHigh), float64(o.Memory)+512, 1<<20),
		option.Within("max_duration", o.MaxDuration, 1, option.MaxSeconds),
		option.Within("cpu_weight", float64(o.CPUWeight), 1, 10000),
		option.Within("io_weight", float64(o.IOWeight), 1, 10000),
	)
	if o.Job != "" {
		err = errors.Join(err, jobs.CheckID(o.Job))
	}
	return err
}
