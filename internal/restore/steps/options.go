// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"errors"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/option"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/reload"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore"
)

// home is the folder of this controller's book.
var home = restore.Home

// Options are those of the module galera_restore.
type Options struct {
	option.Login
	option.Set
	State        string `json:"state"`
	Job          string `json:"job"`
	Confirm      string `json:"confirm"`
	Target       bool   `json:"target"`
	OtherCluster bool   `json:"other_cluster"`
	Passwords    string `json:"passwords"`
	// AcceptDifferences restores a set although its content differs from what it recorded.
	AcceptDifferences bool              `json:"accept_differences"`
	KeepClientsOut    string            `json:"keep_clients_out"`
	Memory            int64             `json:"memory"`
	StopTimeout       float64           `json:"stop_timeout"`
	StartTimeout      float64           `json:"start_timeout"`
	CheckTimeout      float64           `json:"check_timeout"`
	OthersReplaced    bool              `json:"others_replaced"`
	RemoveOld         bool              `json:"remove_old"`
	IgnoreUsers       []string          `json:"ignore_users"`
	Schemas           []string          `json:"schemas"`
	Rename            map[string]string `json:"rename"`
	Replace           bool              `json:"replace"`
	Definers          []string          `json:"definers"`
	// NonTransactional says how tables are handled that Galera does not replicate.
	NonTransactional string               `json:"non_transactional"`
	Tables           []reload.LoadedTable `json:"tables"`
	CountTimeout     float64              `json:"count_timeout"`
}

// Values are the results of the module.
type Values struct {
	Node *restore.Node     `json:"node,omitempty"`
	Book *restore.Book     `json:"book,omitempty"`
	Set  *repository.Entry `json:"set,omitempty"`
	Plan *rebuild.Plan     `json:"plan,omitempty"`
	// Problems keep this host from being restored.
	Problems []string `json:"problems,omitempty"`
	HasOld   bool     `json:"has_old"`
	UnderWay bool     `json:"under_way"`
	Stopped  bool     `json:"stopped"`
	NewJob   string   `json:"new_job,omitempty"`
	Said     []string `json:"said,omitempty"`
	// Loaded are the tables of a state loaded, with their rows.
	Loaded []reload.LoadedTable `json:"loaded,omitempty"`
}

// InfoOptions are those of the module galera_restore_info.
type InfoOptions struct {
	option.Set
	OtherCluster      bool  `json:"other_cluster"`
	AcceptDifferences bool  `json:"accept_differences"`
	Memory            int64 `json:"memory"`
}

// Options returns them as those of galera_restore, which inspects with them and changes nothing.
func (o InfoOptions) Options() (Options, error) {
	return Options{
		Set: o.Set, State: Planned, OtherCluster: o.OtherCluster, AcceptDifferences: o.AcceptDifferences,
		Memory: o.Memory,
	}, option.Within("memory", float64(o.Memory), 32, 1<<20)
}

// Planned is the state that only inspects.
const Planned = "planned"

// Check refuses numbers that the description of the options cannot.
func (o Options) Check() error {
	err := errors.Join(
		o.Login.Check(),
		option.Within("memory", float64(o.Memory), 32, 1<<20),
		option.Within("stop_timeout", o.StopTimeout, 1, option.MaxSeconds),
		option.Within("start_timeout", o.StartTimeout, 1, option.MaxSeconds),
		option.Within("check_timeout", o.CheckTimeout, 1, option.MaxSeconds),
		option.Within("count_timeout", o.CountTimeout, 1, option.MaxSeconds),
	)
	if o.Job != "" {
		err = errors.Join(err, jobs.CheckID(o.Job))
	}
	return err
}

// standing is the progress of the restore on this controller.
func standing(n *restore.Node, b *restore.Book) Values {
	return Values{Book: b, HasOld: n.HasOld(b), UnderWay: b.UnderWay(), Stopped: b.Stopped()}
}
