// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// shot is one signal at one moment.
type shot struct {
	signal syscall.Signal
	after  time.Duration // after the worker's start
	method string
	desync string
}

func (s shot) String() string {
	return fmt.Sprintf("%s backup, desync %s, %s after %s", s.method, s.desync, s.signal,
		s.after.Round(time.Millisecond))
}

func aim(r *rand.Rand) shot {
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL}
	return shot{
		signal: signals[r.IntN(len(signals))], after: time.Duration(r.Int64N(int64(2600 * time.Millisecond))),
		method: []string{"physical", "logical"}[r.IntN(2)], desync: []string{"auto", "always"}[r.IntN(2)],
	}
}

// randomSignals calls the module alone on one standby, repeatedly, and signals its worker. Shot number i depends only
// on the seed and on i.
func randomSignals(l lab.Lab, o options) (bool, error) {
	fmt.Printf("seed %d: repeat with lab fault --signals --seed %d --count %d\n", o.seed, o.seed, o.count)
	r := &harness.Run{Lab: l}
	if err := r.Ready(); err != nil {
		return false, err
	}
	if err := r.Choose(); err != nil {
		return false, err
	}
	if err := install(r); err != nil {
		return false, err
	}
	bad, came := 0, map[harness.Outcome]int{}
	for i := range o.count {
		s := aim(rand.New(rand.NewPCG(o.seed, uint64(i))))
		v := fire(r, s)
		came[v.Outcome]++
		result := "PASS"
		if len(v.Wrong) > 0 {
			result, bad = "FAIL", bad+1
		}
		fmt.Printf("--- %s: signals/%d (%.1fs) %s: %s, clean after %.1f s\n", result, i, v.Took.Seconds(), s, v.Outcome,
			v.Clean.Seconds())
		for _, w := range v.Wrong {
			fmt.Printf("    WRONG: %s\n", w)
		}
	}
	fmt.Printf("%d signals with seed %d: %d backups good, %d failed, %d not as they must be\n", o.count, o.seed,
		came[harness.Good], came[harness.Failed], bad)
	return bad == 0, nil
}

const moduleFile = "/root/fault-module"

// install builds the module for the victim.
func install(r *harness.Run) error {
	to := filepath.Join(r.State, "fault-module")
	if _, err := lab.CommandEnv(5*time.Minute, append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-C", r.Root(),
		"-o", to, "./modules"); err != nil {
		return err
	}
	content, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	_ = os.Remove(r.Victim.Path(moduleFile)) // an earlier one may be running
	return os.WriteFile(r.Victim.Path(moduleFile), content, 0o700)
}

// fire starts one backup and signals its worker.
func fire(r *harness.Run, s shot) (v harness.Verdict) {
	r.Began = time.Now()
	defer func() { v.Took = time.Since(r.Began) }()
	r.Before = r.Sets()
	defer r.RemoveNewSets()
	args, err := json.Marshal(map[string]any{
		"_ansible_module_name": "overcloud.backup.galera_backup", "destination": harness.Destination,
		"method": s.method, "desync": s.desync,
	})
	if err != nil {
		v.Add("%v", err)
		return v
	}
	if err := os.WriteFile(r.Victim.Path("/root/fault-arguments"), args, 0o600); err != nil {
		v.Add("%v", err)
		return v
	}
	answer := make(chan string, 1)
	go func() {
		out, _ := r.Victim.DoFor(time.Minute, moduleFile+" /root/fault-arguments")
		answer <- out
	}()
	shoot(r, s)
	judgeShot(r, &v, <-answer)
	return v
}

// shoot signals the worker; a worker that is already over was lucky.
func shoot(r *harness.Run, s shot) {
	if !lab.Until(10*time.Second, 10*time.Millisecond, func() bool { return len(r.Victim.Processes(lab.Worker)) > 0 }) {
		return
	}
	time.Sleep(s.after)
	lab.SignalAll(r.Victim.Processes(lab.Worker), s.signal)
}

func judgeShot(r *harness.Run, v *harness.Verdict, answer string) {
	if !lab.Until(30*time.Second, 50*time.Millisecond, r.NoWorker) {
		v.Add("the worker did not end")
	}
	ended := time.Now()
	var left []string
	if !lab.Until(harness.CleanWithin, 100*time.Millisecond, func() bool { left = r.Left(); return len(left) == 0 }) {
		v.Add("left %s after the end of the worker: %s", harness.CleanWithin, strings.Join(left, "; "))
	}
	v.Clean = time.Since(ended)
	made := r.NewSets(true)
	v.Outcome = harness.Failed
	if len(made) > 0 {
		v.Outcome = harness.Good
	}
	var result struct {
		Failed bool
		Msg    string
	}
	if err := json.Unmarshal([]byte(answer), &result); err != nil {
		v.Add("the module's answer: %v: %s", err, answer)
	}
	if result.Failed == (v.Outcome == harness.Good) && !harness.ReportsSet(result.Msg) ||
		result.Failed && result.Msg == "" {
		v.Add("%s, and the module says failed: %v, %s", v.Outcome, result.Failed, result.Msg)
	}
	for _, set := range made {
		if err := r.Verify(set); err != nil {
			v.Add("the set %s: %v", set, err)
		}
	}
	for _, set := range r.NewSets(false) {
		v.Add("a set without manifest: %s", set)
	}
	r.JudgeUntouched(v)
}
