// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/tests/lab/faults/lab"
)

// Choose assigns the roles. A fault that must not affect the VIP gets a victim without it.
func (r *Run) Choose() (err error) {
	if r.Active, err = r.Serving(); err != nil {
		return err
	}
	var spares []lab.Machine
	for _, m := range r.Machines() {
		if m != r.Active {
			spares = append(spares, m)
		}
	}
	r.Other, r.Victim = spares[0], spares[1]
	if holder, ok := r.Holder(); r.Fault.Onto || ok && holder == r.Victim {
		r.Other, r.Victim = r.Victim, r.Other
	}
	return nil
}

// Do runs the case and judges it.
func (r *Run) Do() (v Verdict) {
	f := r.Fault
	v = Verdict{Name: f.Name, When: f.When.Name, Breaks: f.Breaks}
	r.Began = time.Now()
	defer func() { v.Took = time.Since(r.Began) }()
	if err := r.arrange(); err != nil {
		v.Add("the case could not begin: %v", err)
		return v
	}
	defer r.tidy(&v)
	err := r.strike()
	r.finish(&v, err)
	v.Escaped = r.escaped
	if err != nil {
		v.Add("%v", err)
		return v
	}
	r.judge(&v)
	return v
}

func (r *Run) arrange() error {
	if err := r.Ready(); err != nil {
		return err
	}
	if _, err := r.Run("load", "start", "--rate", "60"); err != nil {
		return err
	}
	if err := r.Choose(); err != nil {
		return err
	}
	if err := r.leave(); err != nil {
		return errors.Join(err, r.comeBack())
	}
	r.Before = r.Sets()
	if r.Fault.Before != nil {
		return r.Fault.Before(r)
	}
	return nil
}

// strike starts the backup, waits for the moment, strikes and heals.
func (r *Run) strike() error {
	if r.Control {
		return r.hurtAndHeal()
	}
	f := r.Fault
	if f.When.Early && f.Hurt != nil {
		r.hurtAt = time.Now()
		if err := f.Hurt(r); err != nil {
			return fmt.Errorf("hurt: %w", err)
		}
	}
	if f.When.Slow {
		r.Slow = lab.SlowTools(r.slowed()...)
		r.Later(func() error { r.Slow.Release(); return nil })
	}
	vars := r.Only(r.Victim)
	if f.Anywhere {
		vars = map[string]any{}
	}
	for k, v := range f.Vars {
		vars[k] = v
	}
	var args []string
	for _, a := range f.Args {
		args = append(args, strings.ReplaceAll(a, "VICTIM", r.Victim.Host()))
	}
	var err error
	if r.Play, err = StartPlaybook(r.Lab, f.When.freeze, vars, args...); err != nil {
		return err
	}
	if f.When.Early {
		return r.healLater()
	}
	if !f.When.Wait(r) {
		return fmt.Errorf("the moment %q never came:\n%s", f.When.Name, r.Play.Output())
	}
	return r.hurtAndHeal()
}

// slowed returns the machines on which the tool may appear.
func (r *Run) slowed() []lab.Machine {
	if r.Fault.Anywhere {
		return []lab.Machine{r.Victim, r.Other}
	}
	return []lab.Machine{r.Victim}
}

// Only returns role variables with which only this machine can be chosen. There is no second attempt on another one.
func (r *Run) Only(m lab.Machine) map[string]any {
	others := []string{}
	for _, o := range r.Machines() {
		if o != m && o != r.Active {
			others = append(others, o.Host())
		}
	}
	return Vars("exclude", others, "retries", 0, "verify", "none")
}

func (r *Run) hurtAndHeal() error {
	r.hurtAt = time.Now()
	if r.Fault.Hurt != nil {
		if err := r.Fault.Hurt(r); err != nil {
			return fmt.Errorf("hurt: %w", err)
		}
	}
	if r.Play != nil && r.Fault.When.freeze != nil {
		r.Play.thaw()
	}
	return r.healLater()
}

// healLater keeps the fault for its intended time, then heals it; a job that is over does not shorten that.
func (r *Run) healLater() error {
	time.Sleep(r.Fault.Hold)
	if r.Slow != nil {
		r.Slow.Release()
		r.escaped = r.Slow.Over
	}
	r.healed = time.Now()
	if r.Fault.Heal == nil {
		return nil
	}
	if r.Fault.When.Early && r.Fault.Hold == 0 && r.Play != nil {
		r.Play.Wait(90 * time.Second)
	}
	if err := r.Fault.Heal(r); err != nil {
		return fmt.Errorf("heal: %w", err)
	}
	r.healed = time.Now()
	return nil
}

// Later runs a function when the case is over, the last one first.
func (r *Run) Later(undo func() error) { r.undo = append(r.undo, undo) }

// tidy restores the lab to its original state.
func (r *Run) tidy(v *Verdict) {
	if r.Play != nil {
		r.Play.Kill()
		r.Play.Close()
	}
	for i := len(r.undo) - 1; i >= 0; i-- {
		if err := r.undo[i](); err != nil {
			v.Add("tidy up: %v", err)
		}
	}
	r.undo = nil
	if _, err := r.Run("load", "stop"); err != nil {
		v.Add("%v", err)
	}
	r.JudgeUntouched(v)
	r.RemoveNewSets()
	r.scrub()
}

// scrub removes leftovers of a case, which have been reported, so that the next case is not blamed for them.
func (r *Run) scrub() {
	if r.Fault.Damaged = false; len(r.Left()) == 0 {
		return
	}
	for _, m := range r.Machines() {
		_, _ = m.Do("systemctl kill -s KILL 'overcloud-backup-*'; systemctl stop 'overcloud-backup-*'; systemctl" +
			" reset-failed 'overcloud-backup-*'")
		lab.SignalAll(m.Processes(lab.Leftover), syscall.SIGKILL)
		_, _ = m.Do("rm -rf /run/overcloud.backup /var/lib/overcloud.backup/jobs " + Destination + "/*/.[!.]* " +
			Destination + "/.[!.]*")
	}
	_, _ = r.Run("reset")
}

// Ready waits for a healthy lab, and repairs it, or rebuilds it if that does not help.
func (r *Run) Ready() error {
	if _, err := r.Run("wait"); err == nil && !r.stale() {
		return nil
	}
	_, err := r.Run("reset")
	return err
}

// stale reports sessions that no client has any more. The HAProxy that the VIP has left keeps them, up to timeout
// client, and each makes its controller count as serving.
func (r *Run) stale() bool {
	for _, m := range r.Machines() {
		n, err := m.Ask("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'openstack'")
		if err != nil || n != "0" {
			return true
		}
	}
	return false
}

// finish waits until the playbook and the worker are over, and records the times.
func (r *Run) finish(v *Verdict, failure error) {
	if r.Play == nil {
		return
	}
	limit := 100 * time.Second
	if failure != nil {
		limit = 20 * time.Second
	}
	if !r.Play.Wait(limit) && failure == nil {
		v.Add("the playbook did not end within %s of the heal", limit)
	}
	v.Output, v.Said = r.Play.Output(), r.Play.Said()+r.Note
	if !lab.Until(60*time.Second, 100*time.Millisecond, r.NoWorker) {
		v.Add("the worker did not end within 60 s of the playbook's end")
	}
	r.workerEnd = time.Now()
}

// NoWorker reports that no backup works on any controller.
func (r *Run) NoWorker() bool {
	for _, m := range r.Machines() {
		if len(m.Processes(lab.Worker)) > 0 {
			return false
		}
	}
	return true
}
