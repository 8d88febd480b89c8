// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/reload"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore"
)

//go:embed galera_restore.yml
var galeraRestoreSpec []byte

func init() { register("galera_restore", ansible.Module{Spec: galeraRestoreSpec, Run: galeraRestore}) }

type galeraRestoreOptions struct {
	loginOptions
	setOptions
	State        string `json:"state"`
	Job          string `json:"job"`
	Confirm      string `json:"confirm"`
	Target       bool   `json:"target"`
	OtherCluster bool   `json:"other_cluster"`
	Passwords    string `json:"passwords"`
	// AcceptDifferences restores a set although what it holds is not what it recorded.
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
	// NonTransactional says what becomes of tables that Galera does not replicate.
	NonTransactional string               `json:"non_transactional"`
	Tables           []reload.LoadedTable `json:"tables"`
	CountTimeout     float64              `json:"count_timeout"`
}

// galeraRestoreValues are the module's results.
type galeraRestoreValues struct {
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

func galeraRestore(ctx context.Context, call *ansible.Call) (*ansible.Result, error) {
	var o galeraRestoreOptions
	if err := call.Decode(&o); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	switch o.State {
	case "loaded":
		return o.loaded(ctx, call)
	case "counted":
		return o.counted(ctx, call)
	case "configured":
		return o.configured(ctx, call)
	}
	n, err := restore.Look(ctx)
	if err != nil {
		return nil, err
	}
	if o.State == "planned" {
		return o.planned(ctx, n)
	}
	step, known := restoreSteps[o.State]
	if !known {
		return nil, fmt.Errorf("internal error: state %q", o.State)
	}
	if call.CheckMode {
		return &ansible.Result{Changed: true, Msg: "check mode: nothing was done; state planned tells what would be"}, nil
	}
	b, err := restore.OpenBook(restore.Home)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if o.State != "staged" && o.State != "fenced" && o.State != "rolling_back" && o.State != "rejoined" {
		if err := b.Of(o.Job); err != nil {
			return nil, err
		}
	}
	r := &restoreStep{galeraRestoreOptions: o, ctx: ctx, call: call, node: n, book: b}
	err = step(r)
	return &ansible.Result{Changed: r.changed, Msg: strings.Join(r.said, "; "), Warnings: r.warnings, Values: galeraRestoreValues{Book: b, HasOld: n.HasOld(b), UnderWay: b.UnderWay(), Stopped: b.Stopped(), Said: r.said}}, err
}

func (o galeraRestoreOptions) check() error {
	err := errors.Join(
		o.loginOptions.check(),
		within("memory", float64(o.Memory), 32, 1<<20),
		within("stop_timeout", o.StopTimeout, 1, maxSeconds),
		within("start_timeout", o.StartTimeout, 1, maxSeconds),
		within("check_timeout", o.CheckTimeout, 1, maxSeconds),
		within("count_timeout", o.CountTimeout, 1, maxSeconds),
	)
	if o.Job != "" {
		err = errors.Join(err, jobs.CheckID(o.Job))
	}
	return err
}

// planned looks, and changes nothing.
func (o galeraRestoreOptions) planned(ctx context.Context, n *restore.Node) (*ansible.Result, error) {
	b, err := restore.ReadBook(restore.Home)
	if err != nil {
		return nil, err
	}
	v := galeraRestoreValues{Node: n, Book: b, HasOld: n.HasOld(b), UnderWay: b.UnderWay(), Stopped: b.Stopped(), NewJob: jobs.NewID(time.Now(), rand.Uint32())}
	for _, err := range []error{n.Whole(), n.Startable(ctx, b), n.Replaceable(ctx), pacemaker.NoBackup(ctx)} {
		if err != nil {
			v.Problems = append(v.Problems, err.Error())
		}
	}
	s, err := o.open()
	if errors.Is(err, fs.ErrNotExist) || o.Destination == "" {
		return &ansible.Result{Msg: "this host does not see the set", Values: v}, nil
	}
	if err != nil {
		v.Problems = append(v.Problems, err.Error())
		return &ansible.Result{Values: v}, nil
	}
	defer s.Close()
	entry := s.Entry()
	v.Set = &entry
	plan, err := o.fits(ctx, n, s)
	v.Plan = plan
	if err != nil {
		v.Problems = append(v.Problems, err.Error())
	}
	result := &ansible.Result{Msg: "this host sees " + s.Path() + ", " + repository.NotSigned, Values: v}
	if plan != nil {
		if slow := n.TooSlow(int64(float64(plan.Space.Raw) * plan.Space.Factor)); slow != "" {
			result.Warnings = append(result.Warnings, slow)
		}
	}
	return result, nil
}

// open opens the set; fs.ErrNotExist where this host does not have it.
func (o galeraRestoreOptions) open() (*repository.Set, error) {
	if o.Destination == "" {
		return nil, fs.ErrNotExist
	}
	r, err := repository.Open(o.Destination)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s, err := r.Set(o.Cluster, o.Set)
	if errors.Is(err, repository.ErrNoSet) {
		return nil, fs.ErrNotExist
	}
	return s, err
}

// against leaves out of a verification's problems those that are accepted.
func (o galeraRestoreOptions) against(problems []repository.Problem) []repository.Problem {
	accepted := func(p repository.Problem) bool { return o.AcceptDifferences && p.Kind == repository.Differing }
	return slices.DeleteFunc(slices.Clone(problems), accepted)
}

// fits says what a restore of the set here would do, or why it cannot be done. All of it is before anything is touched.
func (o galeraRestoreOptions) fits(ctx context.Context, n *restore.Node, s *repository.Set) (*rebuild.Plan, error) {
	if problems := s.Check(); len(problems) > 0 {
		return nil, bad(s.Path(), problems)
	}
	if problems := o.against(s.Entry().Problems); len(problems) > 0 {
		return nil, fmt.Errorf("a verification of %s failed: it %s; restore another set, or verify this one again when the cause lay elsewhere", s.Path(), repository.Verdict(problems))
	}
	if err := n.Fits(s.Manifest.Cluster, o.OtherCluster); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path(), err)
	}
	p, err := rebuild.Prepare(ctx, s, o.restoreOptions(n, nil))
	if p == nil {
		return nil, err
	}
	plan := p.Plan()
	return &plan, err
}

func (o galeraRestoreOptions) restoreOptions(n *restore.Node, call *ansible.Call) rebuild.Options {
	options := rebuild.Options{Scratch: n.Scratch(), Memory: o.Memory << 20, ServerOptions: n.Options, NotNewer: true, Image: n.Image}
	if call != nil {
		options.Progress = func(p rebuild.Progress) { call.Progress(p) }
	}
	return options
}
