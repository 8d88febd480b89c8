// SPDX-License-Identifier: GPL-3.0-or-later

package backups

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/journal"
	"overcloud.backup/tests/units"
)

func TestWhereAJobStands(t *testing.T) {
	for name, c := range map[string]struct {
		state          string
		runs           bool
		running, ended bool
		says           string
	}{
		"running":                       {units.AtWork, true, true, false, "runs"},
		"made, and still undoing":       {units.Made, true, true, false, "runs"},
		"made":                          {units.Made, false, false, true, "has ended: made"},
		"failed":                        {units.Failed, false, false, true, "has ended: the guard stopped it"},
		"gone with its host":            {units.AtWork, false, false, true, "state: recovered"},
		"gone before its program began": {"", false, false, true, "state: recovered"},
		"started, its program not yet":  {"", true, true, false, "runs"},
	} {
		t.Run(name, func(t *testing.T) {
			s, folder := units.Store(t)
			stop := map[bool]string{true: ":"}[c.runs]
			job := units.Job(t, s, folder, "j", c.state, stop)
			before, _ := job.Lease()
			looked, err := Info(t.Context(), s, "j")
			if err != nil {
				t.Fatal(err)
			}
			if after, _ := job.Lease(); after != before {
				t.Error("somebody who only looks renewed the lease")
			}
			result, err := Options{Job: "j"}.Status(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(looked, result) {
				t.Errorf("looked at it is %+v, and its status %+v", looked, result)
			}
			got := result.Values.(jobs.Standing)
			if got.Running != c.running || got.Ended != c.ended || (got.Result != nil) != c.ended ||
				!strings.Contains(result.Msg, c.says) || result.Changed {
				t.Errorf("%q %+v", result.Msg, got)
			}
			if after, _ := job.Lease(); after == before {
				t.Error("the lease was not renewed")
			}
		})
	}
}

// A job that has a folder but no unit yet looks like a dead one, and must not be undone.
func TestAJobThatIsJustStartingIsLeftAlone(t *testing.T) {
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", "", "")
	now := time.Now()
	if err := os.Chtimes(filepath.Dir(job.StateFile()), now, now); err != nil {
		t.Fatal(err)
	}
	if got, err := job.Look(t.Context()); err != nil || got.Ended {
		t.Errorf("%+v %v", got, err)
	}
	recovers(t, s, false, "no job has left anything", "")
	if _, err := os.Lstat(job.Arguments()); err != nil {
		t.Error(err)
	}
}

// A job whose unit starts, and creates its journal, while systemd is being asked about it, does not look like a dead
// one.
func TestAJobThatStartsWhileItIsLookedAtIsLeftAlone(t *testing.T) {
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", "", "")
	starts := func() {
		now := time.Now()
		if err := errors.Join(os.RemoveAll(job.Journal()),
			os.Chtimes(filepath.Dir(job.StateFile()), now, now)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "systemctl")
	works, _ := os.ReadFile(path)
	units.Put(t, path, string(works)+": >'"+job.Journal()+"'\n", 0o700)
	starts()
	if got, err := job.Look(t.Context()); err != nil || got.Ended || units.Gone(t, job.Journal()) {
		t.Errorf("%+v %v", got, err)
	}
	starts()
	recovers(t, s, false, "no job has left anything", "")
	if units.Gone(t, job.Arguments()) {
		t.Error("its arguments are gone, without which it cannot be undone")
	}
}

func TestTheRunningJobIsFoundWithoutItsName(t *testing.T) {
	s, folder := units.Store(t)
	o := Options{}
	if r, err := o.Status(t.Context(), s); err != nil || r.Msg != "no job runs here" {
		t.Errorf("%+v %v", r, err)
	}
	units.Job(t, s, folder, "a", units.Made, "")
	units.Job(t, s, folder, "b", units.AtWork, ":")
	units.Job(t, s, folder, "c", units.Failed, "")
	if r, err := o.Status(t.Context(), s); err != nil || r.Msg != "job b runs" {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := Info(t.Context(), s, ""); err != nil || r.Msg != "job b runs" {
		t.Errorf("%+v %v", r, err)
	}
	o.Job = "d"
	if _, err := o.Status(t.Context(), s); err == nil || !strings.Contains(err.Error(), "no job d on this host") {
		t.Errorf("%v", err)
	}
	for id, says := range map[string]string{"d": "no job d on this host", "../b": "../b", "b/../a": "b/../a"} {
		if r, err := Info(t.Context(), s, id); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %+v, %v", id, r, err)
		}
	}
}

func TestAJobIsCancelledOnce(t *testing.T) {
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", units.AtWork, "")
	cancelled := strings.ReplaceAll(units.Failed, "the guard stopped it", "the job was cancelled")
	units.Put(t, filepath.Join(folder, job.Unit()), fmt.Sprintf("echo '%s' >'%s'", cancelled, job.StateFile()), 0o700)
	o := Options{Job: "j"}
	r, err := o.Cancel(t.Context(), jobs.Caller{CheckMode: true}, s)
	if calls, _ := os.ReadFile(filepath.Join(folder, "calls")); err != nil || !r.Changed ||
		strings.Contains(string(calls), "stop") {
		t.Errorf("check mode: %+v %v, called %s", r, err, calls)
	}
	for _, first := range []bool{true, false} {
		r, err := o.Cancel(t.Context(), jobs.Caller{}, s)
		got, _ := r.Values.(jobs.Standing)
		if err != nil || r.Changed != first || !got.Ended || got.Result["msg"] != "the job was cancelled" {
			t.Errorf("first %v: %+v %v", first, r, err)
		}
	}
	if r, err := (Options{}).Cancel(t.Context(), jobs.Caller{}, s); err != nil || r.Changed ||
		r.Msg != "no job runs here" {
		t.Errorf("nothing runs: %+v %v", r, err)
	}
}

func TestTheResultOfAJobIsTheTasks(t *testing.T) {
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", units.Made, "")
	o := Options{Job: "j", Lease: 300}
	r, err := o.kind(s).Await(t.Context(), jobs.Caller{}, job)
	values := r.Values.(map[string]any)
	if err != nil || !r.Changed || r.Msg != "made" || len(r.Warnings) != 1 || values["backup"] == nil ||
		values["unit"] != job.Unit() || values["invocation"] != nil {
		t.Errorf("%+v %v", r, err)
	}
	units.Put(t, job.StateFile(), units.Failed, 0o600)
	r, err = o.kind(s).Await(t.Context(), jobs.Caller{}, job)
	if values, _ := r.Values.(map[string]any); err == nil || err.Error() != "the guard stopped it" ||
		values["elsewhere"] != true {
		t.Errorf("%+v %v", r, err)
	}
}

func TestAWaitOutlivesASystemdThatDoesNotAnswer(t *testing.T) {
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", units.Made, "")
	path := filepath.Join(folder, "systemctl")
	works, _ := os.ReadFile(path)
	units.Put(t, path, "#!/bin/sh\necho no bus >&2; [ -e '"+folder+"/again' ] && exec /bin/sh '"+folder+
		"/real' \"$@\"; : >'"+folder+"/again'; exit 1\n", 0o700)
	units.Put(t, filepath.Join(folder, "real"), string(works), 0o700)
	r, err := Options{Job: "j", Lease: 5}.kind(s).Await(t.Context(), jobs.Caller{}, job)
	if err != nil || r.Msg != "made" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestOnlyOneJobRunsOnANode(t *testing.T) {
	s, folder := units.Store(t)
	units.Job(t, s, folder, "second", units.AtWork, "")
	release, err := s.Lock("first")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	_, err = Options{Job: "second", MaxDuration: 60}.InUnit(t.Context(), jobs.Caller{}, s)
	var locked *jobs.LockedError
	if !errors.As(err, &locked) || locked.Job != "first" {
		t.Errorf("%v", err)
	}
}

// unfinished gives a job an unfinished set, with its entry in the journal.
func unfinished(t *testing.T, job *jobs.Job) (folder string) {
	t.Helper()
	destination, err := os.MkdirTemp("/var/tmp", "backup-recover-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(destination) })
	hidden := ".partial-20261123T081500Z_physical_a"
	folder = filepath.Join(destination, "c", hidden)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	units.Put(t, filepath.Join(folder, "backup.xbstream.zst"), "half", 0o600)
	notes, err := journal.Open(job.Journal())
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	undo := map[string]string{"destination": destination, "cluster": "c", "hidden": hidden,
		"final": hidden[len(".partial-"):]}
	if _, err := notes.Will("set", undo); err != nil {
		t.Fatal(err)
	}
	return folder
}

// recovers calls state: recovered and checks whether something was undone, for which job, and the error.
func recovers(t *testing.T, s jobs.Store, changed bool, says, fails string) []Recovered {
	t.Helper()
	return recoversWith(t, s, jobs.Caller{}, changed, says, fails)
}

func recoversWith(t *testing.T, s jobs.Store, caller jobs.Caller, changed bool, says, fails string) []Recovered {
	t.Helper()
	r, err := Options{}.Recover(t.Context(), caller, s)
	if r.Changed != changed || !strings.Contains(r.Msg, says) || (err != nil) != (fails != "") || err != nil &&
		!strings.Contains(err.Error(), fails) {
		t.Errorf("changed %v, %q, %v; expected %v, %q, %q", r.Changed, r.Msg, err, changed, says, fails)
	}
	return r.Values.(map[string]any)["recovered"].([]Recovered)
}

func TestADeadJobIsUndoneOnce(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to whom sets belong")
	}
	s, folder := units.Store(t)
	recovers(t, s, false, "no job has left anything", "")
	dead, alive := units.Job(t, s, folder, "dead", units.AtWork, ""),
		units.Job(t, s, folder, "alive", units.AtWork, ":")
	deads, alives := unfinished(t, dead), unfinished(t, alive)

	shown := recoversWith(t, s, jobs.Caller{CheckMode: true}, true, "would be undone of job dead", "")
	if units.Gone(t, deads) || units.Gone(t, dead.Arguments()) || len(shown) != 1 || len(shown[0].Undone) != 1 ||
		shown[0].Undone[0].Effect != "set" {
		t.Errorf("check mode undid, or does not show what: %+v", shown)
	}
	recovers(t, s, true, "undone of job dead: the unfinished set", "")
	if !units.Gone(t, deads) || !units.Gone(t, dead.Arguments()) {
		t.Error("the dead job left its set or its secrets")
	}
	if units.Gone(t, alives) || units.Gone(t, alive.Arguments()) {
		t.Error("the running job lost its set or its arguments")
	}
	got, err := dead.Look(t.Context())
	if text := fmt.Sprint(got.Result["msg"]); err != nil || !got.Ended || got.Result["failed"] != true ||
		!strings.Contains(text, "ended by force") {
		t.Errorf("the dead job's result: %+v %v", got, err)
	}
	recovers(t, s, false, "no job has left anything", "")
}

// Readable entries of a damaged journal are undone; an operator must look at the rest, and every run says so until
// then.
func TestADamagedJournalIsUndoneAsFarAsItCanBeRead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to whom sets belong")
	}
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", units.AtWork, "")
	set := unfinished(t, job)
	f, err := os.OpenFile(job.Journal(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, `{"sum":"0000","entry":{"id":2,"kind":"desync"}}`)
	f.Close()
	recovers(t, s, true, "the unfinished set", job.Journal()+" is damaged in line 2")
	if !units.Gone(t, set) {
		t.Error("what could be read was not undone")
	}
	recovers(t, s, false, "", "wsrep_desync")
	if err := s.Prune(0); err != nil || units.Gone(t, job.Journal()) {
		t.Errorf("the damaged journal was removed: %v", err)
	}
}

// lockOf is a lock in the CIB.
func lockOf(cluster, holder, job string) string {
	id := "overcloud-backup-lock-" + cluster
	text := `<cluster_property_set id="` + id + `">`
	for _, pair := range [][2]string{{"holder", holder}, {"job", job}, {"since", "1795374000"}, {"expires",
		"1795377600"}} {
		text += fmt.Sprintf(`<nvpair id="%s-%s" name="overcloud-backup-%s" value="%s"/>`, id, pair[0], pair[0], pair[1])
	}
	return text + "</cluster_property_set>"
}

// A lock is released even if the job's journal does not have it, as after a reinstallation of this host; but only this
// node's lock.
func TestALockOfThisNodeWithoutAJobIsFreed(t *testing.T) {
	const cluster = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	for name, c := range map[string]struct {
		holder, job string
		freed       bool
	}{
		"gone": {"node-a", "gone", true}, "alive": {"node-a", "alive", false},
		"of another node": {"node-b", "gone", false},
	} {
		t.Run(name, func(t *testing.T) {
			s, folder := units.Store(t)
			units.Job(t, s, folder, "alive", units.AtWork, ":")
			units.Put(t, filepath.Join(folder, "cib"), lockOf(cluster, c.holder, c.job), 0o600)
			says := "no job has left anything"
			if c.freed {
				recoversWith(t, s, jobs.Caller{CheckMode: true}, true, "would be undone of job gone", "")
				says = "the cluster's backup lock of job gone is free"
			}
			if !units.Gone(t, filepath.Join(folder, "deleted")) {
				t.Error("check mode freed it")
			}
			recovers(t, s, c.freed, says, "")
			if text, _ := os.ReadFile(filepath.Join(folder, "deleted")); strings.Contains(string(text),
				cluster) != c.freed {
				t.Errorf("deleted: %q", text)
			}
		})
	}
}

// In check mode a lock that is both in the journal and in the cluster is reported once; the lock of a job with a
// damaged journal is released.
func TestALockOfAJobIsReportedOnceAndReleasedWhateverItsJournalSays(t *testing.T) {
	const cluster = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", units.AtWork, "")
	notes, err := journal.Open(job.Journal())
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	_, err = notes.Will("lock", map[string]string{"cluster": cluster, "job": "j", "holder": "node-a"})
	_, failed := notes.Will("desync", map[string]string{"was": "OFF"})
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	units.Put(t, filepath.Join(folder, "cib"), lockOf(cluster, "node-a", "j"), 0o600)
	found := recoversWith(t, s, jobs.Caller{CheckMode: true}, true,
		"wsrep_desync goes back to OFF if the server is still the same; the cluster's backup lock is freed", "")
	if len(found) != 1 || len(found[0].Undone) != 2 {
		t.Errorf("%+v", found)
	}
	text, err := os.ReadFile(job.Journal())
	if err != nil {
		t.Fatal(err)
	}
	units.Put(t, job.Journal(), "damaged\n"+string(text[len(text)/2:]), 0o600)
	recovers(t, s, true, "the cluster's backup lock of job j is free", "is damaged in line 1")
}

// A controller whose Pacemaker is down is rejected by its facts, with the reason; it is not left out here without one.
func TestAClusterThatDoesNotAnswerIsAWarning(t *testing.T) {
	s, folder := units.Store(t)
	if err := os.Remove(filepath.Join(folder, "cib")); err != nil {
		t.Fatal(err)
	}
	r, err := Options{}.Recover(t.Context(), jobs.Caller{}, s)
	if err != nil || r.Changed || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "not connected") {
		t.Errorf("%+v %v", r, err)
	}
}

// The stop command of the unit: systemd runs it at the end of every job.
func TestTheStopCommandReportsForceOnlyForJobsThatDidNotEndThemselves(t *testing.T) {
	for state, forced := range map[string]bool{units.AtWork: true, units.Made: false, units.Failed: false} {
		s, folder := units.Store(t)
		job := units.Job(t, s, folder, "j", state, ":")
		r, err := Options{Job: "j"}.AfterUnit(t.Context(), jobs.Caller{}, s)
		// This process does not run in the unit, which the stop command reports.
		if err == nil || strings.Contains(err.Error(), "ended by force") != forced || !units.Gone(t, job.Arguments()) {
			t.Errorf("%s: %v", state, err)
		}
		if done := r.Values.(map[string]any)["undone"].([]effect.Undone); len(done) != 0 {
			t.Errorf("%+v", done)
		}
	}
}

func TestAJobLeftNothingThatItsStopCommandUndid(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to whom sets belong")
	}
	s, folder := units.Store(t)
	job := units.Job(t, s, folder, "j", units.AtWork, ":")
	set := unfinished(t, job)
	t.Setenv("SERVICE_RESULT", "signal")
	t.Setenv("EXIT_STATUS", "KILL")
	r, err := Options{Job: "j"}.AfterUnit(t.Context(), jobs.Caller{}, s)
	done := r.Values.(map[string]any)["undone"].([]effect.Undone)
	if err == nil || !strings.Contains(err.Error(), "(SIGKILL); undone: the unfinished set") || len(done) != 1 ||
		!units.Gone(t, set) {
		t.Errorf("%v %+v", err, done)
	}
}
