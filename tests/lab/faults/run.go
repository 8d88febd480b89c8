// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"time"
)

// run is one case being done. victim is the controller that is backed up, active the one that serves, other the third.
type run struct {
	lab
	fault                 fault
	victim, active, other machine
	play                  *play
	slow                  *slowly
	random                *rand.Rand
	control               bool // without a backup
	before                map[string]string
	began, hurtAt, healed time.Time
	workerEnd             time.Time
	undo                  []func() error
	// foreign are the controllers that the case itself has desynced.
	foreign []int
	rewire  func() error
	// kept is what a case keeps for the check after it.
	kept    any
	note    string   // what somebody else said
	late    []string // what took too long
	escaped bool
}

// verdict is what came of a case.
type verdict struct {
	Name    string        `json:"name"`
	When    string        `json:"when"`
	Breaks  string        `json:"breaks"`
	Outcome outcome       `json:"outcome"`
	Said    string        `json:"said"`
	Clean   time.Duration `json:"clean"`
	Serves  time.Duration `json:"serves"`
	Took    time.Duration `json:"took"`
	Clients clients       `json:"clients"`
	// During are the clients until shortly after the backup was over.
	During  clients  `json:"during"`
	Control *clients `json:"control,omitempty"`
	Output  string   `json:"-"`
	// Escaped: the tool was over before its fault was, although it was slowed.
	Escaped bool     `json:"-"`
	Wrong   []string `json:"wrong"`
}

func (v *verdict) wrong(format string, args ...any) {
	v.Wrong = append(v.Wrong, fmt.Sprintf(format, args...))
}

// choose finds out who is who. A fault that is to strike without taking the VIP along gets a victim without it.
func (r *run) choose() (err error) {
	if r.active, err = r.serving(); err != nil {
		return err
	}
	var spares []machine
	for _, m := range r.machines() {
		if m != r.active {
			spares = append(spares, m)
		}
	}
	r.other, r.victim = spares[0], spares[1]
	if holder, ok := r.holder(); r.fault.onto || ok && holder == r.victim {
		r.other, r.victim = r.victim, r.other
	}
	return nil
}

// do runs the case and judges it.
func (r *run) do() (v verdict) {
	f := r.fault
	v = verdict{Name: f.name, When: f.when.name, Breaks: f.breaks}
	r.began = time.Now()
	defer func() { v.Took = time.Since(r.began) }()
	if err := r.arrange(); err != nil {
		v.wrong("the case could not begin: %v", err)
		return v
	}
	defer r.tidy(&v)
	err := r.strike()
	r.finish(&v, err)
	v.Escaped = r.escaped
	if err != nil {
		v.wrong("%v", err)
		return v
	}
	r.judge(&v)
	return v
}

func (r *run) arrange() error {
	if err := r.ready(); err != nil {
		return err
	}
	if _, err := r.run("load", "start", "--rate", "60"); err != nil {
		return err
	}
	if err := r.choose(); err != nil {
		return err
	}
	r.before = r.sets()
	if r.fault.before != nil {
		return r.fault.before(r)
	}
	return nil
}

// strike starts the backup, waits for the moment, hurts and heals.
func (r *run) strike() error {
	if r.control {
		return r.hurtAndHeal()
	}
	f := r.fault
	if f.when.early && f.hurt != nil {
		r.hurtAt = time.Now()
		if err := f.hurt(r); err != nil {
			return fmt.Errorf("hurt: %w", err)
		}
	}
	if f.when.slow {
		r.slow = slow(r.slowed()...)
		r.later(func() error { r.slow.release(); return nil })
	}
	vars := r.only(r.victim)
	if f.anywhere {
		vars = map[string]any{}
	}
	for k, v := range f.vars {
		vars[k] = v
	}
	var args []string
	for _, a := range f.args {
		args = append(args, strings.ReplaceAll(a, "VICTIM", r.victim.host()))
	}
	var err error
	if r.play, err = startPlay(r.lab, f.when.freeze, vars, args...); err != nil {
		return err
	}
	if f.when.early {
		return r.healLater()
	}
	if !f.when.wait(r) {
		return fmt.Errorf("the moment %q never came:\n%s", f.when.name, r.play.output())
	}
	return r.hurtAndHeal()
}

// slowed are the machines on which the tool may appear.
func (r *run) slowed() []machine {
	if r.fault.anywhere {
		return []machine{r.victim, r.other}
	}
	return []machine{r.victim}
}

// only are role variables that let nobody but this machine be chosen. There is no other to try it on afterwards.
func (r *run) only(m machine) map[string]any {
	others := []string{}
	for _, o := range r.machines() {
		if o != m && o != r.active {
			others = append(others, o.host())
		}
	}
	return vars("exclude", others, "retries", 0, "verify", "none")
}

func (r *run) hurtAndHeal() error {
	r.hurtAt = time.Now()
	if r.fault.hurt != nil {
		if err := r.fault.hurt(r); err != nil {
			return fmt.Errorf("hurt: %w", err)
		}
	}
	if r.play != nil && r.fault.when.freeze != nil {
		r.play.thaw()
	}
	return r.healLater()
}

// healLater keeps the fault for as long as it is to last, then heals it; a job that is over does not shorten it.
func (r *run) healLater() error {
	time.Sleep(r.fault.hold)
	if r.slow != nil {
		r.slow.release()
		r.escaped = r.slow.over
	}
	r.healed = time.Now()
	if r.fault.heal == nil {
		return nil
	}
	if r.fault.when.early && r.fault.hold == 0 && r.play != nil {
		r.play.wait(90 * time.Second)
	}
	if err := r.fault.heal(r); err != nil {
		return fmt.Errorf("heal: %w", err)
	}
	r.healed = time.Now()
	return nil
}

// later is done when the case is over, the last first.
func (r *run) later(undo func() error) { r.undo = append(r.undo, undo) }

// tidy leaves the lab as it was found.
func (r *run) tidy(v *verdict) {
	if r.play != nil {
		r.play.kill()
		r.play.close()
	}
	for i := len(r.undo) - 1; i >= 0; i-- {
		if err := r.undo[i](); err != nil {
			v.wrong("tidy up: %v", err)
		}
	}
	r.undo = nil
	if _, err := r.run("load", "stop"); err != nil {
		v.wrong("%v", err)
	}
	r.judgeUntouched(v)
	r.removeNewSets()
	r.scrub()
}

// scrub keeps what one case left behind, which is reported, from being taken for the next one's.
func (r *run) scrub() {
	if r.fault.damaged = false; len(r.left()) == 0 {
		return
	}
	for _, m := range r.machines() {
		_, _ = m.do("systemctl kill -s KILL 'overcloud-backup-*'; systemctl stop 'overcloud-backup-*'; systemctl reset-failed 'overcloud-backup-*'")
		deal(m.processes(leftover), syscall.SIGKILL)
		_, _ = m.do("rm -rf /run/overcloud.backup /var/lib/overcloud.backup/jobs " + destination + "/*/.[!.]* " + destination + "/.[!.]*")
	}
	_, _ = r.run("reset")
}

// ready waits for a healthy lab, and mends it or builds it anew when that does not help.
func (r *run) ready() error {
	if _, err := r.run("wait"); err == nil && !r.stale() {
		return nil
	}
	_, err := r.run("reset")
	return err
}

// stale: nobody is there, and yet there are sessions of clients. The HAProxy that the VIP has left keeps them, up to
// timeout client, and each makes its controller one that serves clients.
func (r *run) stale() bool {
	for _, m := range r.machines() {
		if n, err := m.ask("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'openstack'"); err != nil || n != "0" {
			return true
		}
	}
	return false
}

// finish waits until the playbook and the worker are over, and takes the times.
func (r *run) finish(v *verdict, failure error) {
	if r.play == nil {
		return
	}
	limit := 100 * time.Second
	if failure != nil {
		limit = 20 * time.Second
	}
	if !r.play.wait(limit) && failure == nil {
		v.wrong("the playbook did not end within %s of the heal", limit)
	}
	v.Output, v.Said = r.play.output(), r.play.said()+r.note
	if !until(60*time.Second, 100*time.Millisecond, r.noWorker) {
		v.wrong("the worker did not end within 60 s of the playbook's end")
	}
	r.workerEnd = time.Now()
}

func (r *run) noWorker() bool {
	for _, m := range r.machines() {
		if len(m.processes(worker)) > 0 {
			return false
		}
	}
	return true
}
