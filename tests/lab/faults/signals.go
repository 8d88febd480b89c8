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
)

// shot is one signal at one moment.
type shot struct {
	signal syscall.Signal
	after  time.Duration // from when the worker is there
	method string
	desync string
}

func (s shot) String() string {
	return fmt.Sprintf("%s backup, desync %s, %s after %s", s.method, s.desync, s.signal, s.after.Round(time.Millisecond))
}

func aim(r *rand.Rand) shot {
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL}
	return shot{
		signal: signals[r.IntN(len(signals))], after: time.Duration(r.Int64N(int64(2600 * time.Millisecond))),
		method: []string{"physical", "logical"}[r.IntN(2)], desync: []string{"auto", "always"}[r.IntN(2)],
	}
}

// randomSignals calls the module by itself on one standby, again and again, and signals its worker. The shot with number
// i depends on the seed and i alone.
func (l lab) randomSignals(o options) (bool, error) {
	fmt.Printf("seed %d: repeat with lab fault --signals --seed %d --count %d\n", o.seed, o.seed, o.count)
	r := &run{lab: l}
	if err := r.ready(); err != nil {
		return false, err
	}
	if err := r.choose(); err != nil {
		return false, err
	}
	if err := r.install(); err != nil {
		return false, err
	}
	bad, came := 0, map[outcome]int{}
	for i := range o.count {
		s := aim(rand.New(rand.NewPCG(o.seed, uint64(i))))
		v := r.fire(s)
		came[v.Outcome]++
		result := "PASS"
		if len(v.Wrong) > 0 {
			result, bad = "FAIL", bad+1
		}
		fmt.Printf("--- %s: signals/%d (%.1fs) %s: %s, clean after %.1f s\n", result, i, v.Took.Seconds(), s, v.Outcome, v.Clean.Seconds())
		for _, w := range v.Wrong {
			fmt.Printf("    WRONG: %s\n", w)
		}
	}
	fmt.Printf("%d signals with seed %d: %d backups good, %d failed, %d not as they must be\n", o.count, o.seed, came[good], came[failed], bad)
	return bad == 0, nil
}

const moduleFile = "/root/fault-module"

// install builds the module for the victim.
func (r *run) install() error {
	to := filepath.Join(r.state, "fault-module")
	if _, err := commandEnv(5*time.Minute, append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-C", r.root(), "-o", to, "./modules"); err != nil {
		return err
	}
	content, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	_ = os.Remove(r.victim.path(moduleFile)) // an earlier one may be running
	return os.WriteFile(r.victim.path(moduleFile), content, 0o700)
}

// fire makes one backup and signals its worker.
func (r *run) fire(s shot) (v verdict) {
	r.began = time.Now()
	defer func() { v.Took = time.Since(r.began) }()
	r.before = r.sets()
	defer r.removeNewSets()
	args, err := json.Marshal(map[string]any{
		"_ansible_module_name": "overcloud.backup.galera_backup", "destination": destination, "method": s.method, "desync": s.desync,
	})
	if err != nil {
		v.wrong("%v", err)
		return v
	}
	if err := os.WriteFile(r.victim.path("/root/fault-arguments"), args, 0o600); err != nil {
		v.wrong("%v", err)
		return v
	}
	answer := make(chan string, 1)
	go func() {
		out, _ := r.victim.doFor(time.Minute, moduleFile+" /root/fault-arguments")
		answer <- out
	}()
	r.shoot(s)
	r.judgeShot(&v, <-answer)
	return v
}

// shoot signals the worker; a worker that is over already has been lucky.
func (r *run) shoot(s shot) {
	if !until(10*time.Second, 10*time.Millisecond, func() bool { return len(r.victim.processes(worker)) > 0 }) {
		return
	}
	time.Sleep(s.after)
	deal(r.victim.processes(worker), s.signal)
}

func (r *run) judgeShot(v *verdict, answer string) {
	if !until(30*time.Second, 50*time.Millisecond, r.noWorker) {
		v.wrong("the worker did not end")
	}
	ended := time.Now()
	var left []string
	if !until(cleanWithin, 100*time.Millisecond, func() bool { left = r.left(); return len(left) == 0 }) {
		v.wrong("left %s after the end of the worker: %s", cleanWithin, strings.Join(left, "; "))
	}
	v.Clean = time.Since(ended)
	made := r.newSets(true)
	v.Outcome = failed
	if len(made) > 0 {
		v.Outcome = good
	}
	var result struct {
		Failed bool
		Msg    string
	}
	if err := json.Unmarshal([]byte(answer), &result); err != nil {
		v.wrong("the module's answer: %v: %s", err, answer)
	}
	if result.Failed == (v.Outcome == good) && !strings.Contains(result.Msg, "whole") || result.Failed && result.Msg == "" {
		v.wrong("%s, and the module says failed: %v, %s", v.Outcome, result.Failed, result.Msg)
	}
	for _, set := range made {
		if err := r.verify(set); err != nil {
			v.wrong("the set %s: %v", set, err)
		}
	}
	for _, set := range r.newSets(false) {
		v.wrong("a set without manifest: %s", set)
	}
	r.judgeUntouched(v)
}
