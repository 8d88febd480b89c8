// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/journal"
)

// systemctl answers that the units whose names are files in its folder run. To stop one runs the file.
const systemctl = `#!/bin/sh
cd 'FOLDER' || exit 99
for unit in "$@"; do :; done
echo "$1 $unit" >>calls
case $1 in
show) a=inactive l=not-found; [ ! -e "$unit" ] || a=active l=loaded; echo "LoadState=$l
ActiveState=$a
SubState=running
Result=success
MainPID=0" ;;
stop) [ ! -e "$unit" ] || { . "./$unit"; rm "$unit"; } ;;
esac
`

// cibadmin answers with the file cib in its folder, or as on a host whose Pacemaker is down. To delete empties it.
const cibadmin = `#!/bin/sh
cd 'FOLDER' || exit 99
[ -e cib ] || { echo "Signon to CIB failed: Transport endpoint is not connected" >&2; exit 102; }
case $1 in
--query) printf '<configuration><crm_config>%s</crm_config><resources/></configuration>' "$(cat cib)" ;;
--delete) echo "$3" >>deleted; : >cib ;;
esac
`

// jobStore is a store of its own, on a host whose units are the files in the folder units. It is the node node-a of a cluster with quorum.
func jobStore(t *testing.T) (s jobs.Store, units string) {
	t.Helper()
	dir := t.TempDir()
	units = filepath.Join(dir, "units")
	if err := os.Mkdir(units, 0o700); err != nil {
		t.Fatal(err)
	}
	putFile(t, filepath.Join(units, "systemctl"), strings.ReplaceAll(systemctl, "FOLDER", units), 0o700)
	putFile(t, filepath.Join(units, "cibadmin"), strings.ReplaceAll(cibadmin, "FOLDER", units), 0o700)
	putFile(t, filepath.Join(units, "crm_node"), "#!/bin/sh\necho node-a\n", 0o700)
	recorded, err := filepath.Abs("../internal/pacemaker/testdata")
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, filepath.Join(units, "crm_mon"), "#!/bin/sh\ncat '"+recorded+"/lab-status.xml'\n", 0o700)
	putFile(t, filepath.Join(units, "corosync-quorumtool"), "#!/bin/sh\ncat '"+recorded+"/lab-quorum.txt'\n", 0o700)
	putFile(t, filepath.Join(units, "cib"), "", 0o600)
	t.Setenv("PATH", units+":/usr/bin:/bin")
	return jobs.Store{State: filepath.Join(dir, "lib"), Run: filepath.Join(dir, "run")}, units
}

func putFile(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// newJob makes a job that is long past its beginning, with this state, which runs if stop is not empty.
func newJob(t *testing.T, s jobs.Store, units, id, state, stop string) *jobs.Job {
	t.Helper()
	job, err := s.Create(id, []byte(`{"login_password":"hunter2"}`), os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if state != "" {
		putFile(t, job.StateFile(), state, 0o600)
	}
	if stop != "" {
		putFile(t, filepath.Join(units, job.Unit()), stop, 0o700)
	}
	aged(t, filepath.Dir(job.StateFile()))
	return job
}

func aged(t *testing.T, path string) {
	t.Helper()
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

const (
	atWork = `{"started":1,"finished":0,"progress":{"phase":"stream"}}`
	made   = `{"changed":true,"msg":"made","ansible_job_id":"x","backup":{"path":"/p"},"warnings":["w"],"invocation":{}}`
	failed = `{"changed":false,"failed":true,"msg":"the guard stopped it","elsewhere":true}`
)

func TestWhereAJobStands(t *testing.T) {
	for name, c := range map[string]struct {
		state          string
		runs           bool
		running, ended bool
		says           string
	}{
		"at work":                         {atWork, true, true, false, "runs"},
		"made, and undoing":               {made, true, true, false, "runs"},
		"made":                            {made, false, false, true, "has ended: made"},
		"failed":                          {failed, false, false, true, "has ended: the guard stopped it"},
		"gone with its host":              {atWork, false, false, true, "state: recovered"},
		"gone before its program began":   {"", false, false, true, "state: recovered"},
		"begun, its program does not yet": {"", true, true, false, "runs"},
	} {
		t.Run(name, func(t *testing.T) {
			s, units := jobStore(t)
			stop := map[bool]string{true: ":"}[c.runs]
			job := newJob(t, s, units, "j", c.state, stop)
			before, _ := job.Lease()
			result, err := galeraBackupOptions{Job: "j"}.status(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			got := result.Values.(standing)
			if got.Running != c.running || got.Ended != c.ended || (got.Result != nil) != c.ended || !strings.Contains(result.Msg, c.says) || result.Changed {
				t.Errorf("%q %+v", result.Msg, got)
			}
			if after, _ := job.Lease(); after == before {
				t.Error("the lease was not renewed")
			}
		})
	}
}

// A destination that hangs keeps a process, and so its unit, for ever; the result is there all the same.
func TestAJobWithAResultEndsThoughItsUnitHangs(t *testing.T) {
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", failed, ":")
	aged(t, job.StateFile())
	if got, err := look(t.Context(), job); err != nil || !got.Ended || !got.Running {
		t.Errorf("%+v %v", got, err)
	}
}

// Between its folder and its unit a job looks like a dead one, and must not be undone.
func TestAJobThatIsJustStartingIsLeftAlone(t *testing.T) {
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", "", "")
	now := time.Now()
	if err := os.Chtimes(filepath.Dir(job.StateFile()), now, now); err != nil {
		t.Fatal(err)
	}
	if got, err := look(t.Context(), job); err != nil || got.Ended {
		t.Errorf("%+v %v", got, err)
	}
	recovers(t, s, false, "no job has left anything", "")
	if _, err := os.Lstat(job.Arguments()); err != nil {
		t.Error(err)
	}
}

// A job whose unit begins, and makes its journal, while systemd is being asked for it, does not look like a dead one.
func TestAJobThatStartsWhileItIsLookedAtIsLeftAlone(t *testing.T) {
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", "", "")
	starts := func() {
		now := time.Now()
		if err := errors.Join(os.RemoveAll(job.Journal()), os.Chtimes(filepath.Dir(job.StateFile()), now, now)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(units, "systemctl")
	works, _ := os.ReadFile(path)
	putFile(t, path, string(works)+": >'"+job.Journal()+"'\n", 0o700)
	starts()
	if got, err := look(t.Context(), job); err != nil || got.Ended || gone(t, job.Journal()) {
		t.Errorf("%+v %v", got, err)
	}
	starts()
	recovers(t, s, false, "no job has left anything", "")
	if gone(t, job.Arguments()) {
		t.Error("its arguments are gone, without which it cannot be undone")
	}
}

func TestTheRunningJobIsFoundWithoutItsName(t *testing.T) {
	s, units := jobStore(t)
	o := galeraBackupOptions{}
	if r, err := o.status(t.Context(), s); err != nil || r.Msg != "no job runs here" {
		t.Errorf("%+v %v", r, err)
	}
	newJob(t, s, units, "a", made, "")
	newJob(t, s, units, "b", atWork, ":")
	newJob(t, s, units, "c", failed, "")
	if r, err := o.status(t.Context(), s); err != nil || r.Msg != "job b runs" {
		t.Errorf("%+v %v", r, err)
	}
	o.Job = "d"
	if _, err := o.status(t.Context(), s); err == nil || !strings.Contains(err.Error(), "no job d on this host") {
		t.Errorf("%v", err)
	}
}

func TestAJobIsCancelledOnce(t *testing.T) {
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", atWork, "")
	cancelled := strings.ReplaceAll(failed, "the guard stopped it", "the job was cancelled")
	putFile(t, filepath.Join(units, job.Unit()), fmt.Sprintf("echo '%s' >'%s'", cancelled, job.StateFile()), 0o700)
	o := galeraBackupOptions{Job: "j"}
	r, err := o.cancel(t.Context(), &ansible.Call{CheckMode: true}, s)
	if calls, _ := os.ReadFile(filepath.Join(units, "calls")); err != nil || !r.Changed || strings.Contains(string(calls), "stop") {
		t.Errorf("check mode: %+v %v, called %s", r, err, calls)
	}
	for _, first := range []bool{true, false} {
		r, err := o.cancel(t.Context(), &ansible.Call{}, s)
		got, _ := r.Values.(standing)
		if err != nil || r.Changed != first || !got.Ended || got.Result["msg"] != "the job was cancelled" {
			t.Errorf("first %v: %+v %v", first, r, err)
		}
	}
	if r, err := (galeraBackupOptions{}).cancel(t.Context(), &ansible.Call{}, s); err != nil || r.Changed || r.Msg != "no job runs here" {
		t.Errorf("nothing runs: %+v %v", r, err)
	}
}

// Whoever gives every night's backup the same name learns that nothing was made.
func TestAJobThatHadEndedMakesNothing(t *testing.T) {
	for state, fails := range map[string]bool{made: false, failed: true} {
		s, units := jobStore(t)
		job := newJob(t, s, units, "nightly", state, "")
		r, err := launch{wait: true}.attach(t.Context(), &ansible.Call{}, job)
		if (err != nil) != fails || r.Changed || len(r.Warnings) == 0 || !strings.Contains(r.Warnings[len(r.Warnings)-1], "nothing was done now") {
			t.Errorf("%+v %v", r, err)
		}
		r, err = launch{}.attach(t.Context(), &ansible.Call{}, job)
		values, _ := r.Values.(map[string]any)
		if err != nil || r.Changed || values["attached"] != true || values["ended"] != true {
			t.Errorf("without waiting: %+v %v", r, err)
		}
	}
}

func TestTheResultOfAJobIsTheTasks(t *testing.T) {
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", made, "")
	o := galeraBackupOptions{Job: "j", Lease: 300}
	r, err := o.await(t.Context(), &ansible.Call{}, job)
	values := r.Values.(map[string]any)
	if err != nil || !r.Changed || r.Msg != "made" || len(r.Warnings) != 1 || values["backup"] == nil || values["unit"] != job.Unit() || values["invocation"] != nil {
		t.Errorf("%+v %v", r, err)
	}
	putFile(t, job.StateFile(), failed, 0o600)
	r, err = o.await(t.Context(), &ansible.Call{}, job)
	if values, _ := r.Values.(map[string]any); err == nil || err.Error() != "the guard stopped it" || values["elsewhere"] != true {
		t.Errorf("%+v %v", r, err)
	}
}

func TestALookMayFailForAWhile(t *testing.T) {
	var s spell
	begun, bad := time.Now(), errors.New("no bus")
	for _, c := range []struct {
		after time.Duration
		err   error
		lasts bool
	}{{0, bad, false}, {20, bad, false}, {25, nil, false}, {31, bad, false}, {61, bad, false}, {62, bad, true}, {63, nil, false}} {
		if got := s.lasts(c.err, begun.Add(c.after*time.Second)); got != c.lasts {
			t.Errorf("after %d s, %v: %v", c.after, c.err, got)
		}
	}
}

func TestAWaitOutlivesASystemdThatDoesNotAnswer(t *testing.T) {
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", made, "")
	path := filepath.Join(units, "systemctl")
	works, _ := os.ReadFile(path)
	putFile(t, path, "#!/bin/sh\necho no bus >&2; [ -e '"+units+"/again' ] && exec /bin/sh '"+units+"/real' \"$@\"; : >'"+units+"/again'; exit 1\n", 0o700)
	putFile(t, filepath.Join(units, "real"), string(works), 0o700)
	r, err := galeraBackupOptions{Job: "j", Lease: 5}.await(t.Context(), &ansible.Call{}, job)
	if err != nil || r.Msg != "made" {
		t.Errorf("%+v %v", r, err)
	}
}

func TestOnlyOneJobRunsOnANode(t *testing.T) {
	s, units := jobStore(t)
	newJob(t, s, units, "second", atWork, "")
	release, err := s.Lock("first")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	_, err = galeraBackupOptions{Job: "second", MaxDuration: 60}.inUnit(t.Context(), &ansible.Call{}, s)
	var locked *jobs.LockedError
	if !errors.As(err, &locked) || locked.Job != "first" {
		t.Errorf("%v", err)
	}
}

// unfinished gives a job an unfinished set, as its journal has it.
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
	putFile(t, filepath.Join(folder, "backup.xbstream.zst"), "half", 0o600)
	notes, err := journal.Open(job.Journal())
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	undo := map[string]string{"destination": destination, "cluster": "c", "hidden": hidden, "final": hidden[len(".partial-"):]}
	if _, err := notes.Will("set", undo); err != nil {
		t.Fatal(err)
	}
	return folder
}

// recovers calls state: recovered and looks whether something was undone, for says, and for the failure.
func recovers(t *testing.T, s jobs.Store, changed bool, says, fails string) []recovered {
	t.Helper()
	return recoversWith(t, s, &ansible.Call{}, changed, says, fails)
}

func recoversWith(t *testing.T, s jobs.Store, call *ansible.Call, changed bool, says, fails string) []recovered {
	t.Helper()
	r, err := galeraBackupOptions{}.recover(t.Context(), call, s)
	if r.Changed != changed || !strings.Contains(r.Msg, says) || (err != nil) != (fails != "") || err != nil && !strings.Contains(err.Error(), fails) {
		t.Errorf("changed %v, %q, %v; expected %v, %q, %q", r.Changed, r.Msg, err, changed, says, fails)
	}
	return r.Values.(map[string]any)["recovered"].([]recovered)
}

func gone(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func TestADeadJobIsUndoneOnce(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to whom sets belong")
	}
	s, units := jobStore(t)
	recovers(t, s, false, "no job has left anything", "")
	dead, alive := newJob(t, s, units, "dead", atWork, ""), newJob(t, s, units, "alive", atWork, ":")
	deads, alives := unfinished(t, dead), unfinished(t, alive)

	shown := recoversWith(t, s, &ansible.Call{CheckMode: true}, true, "would be undone of job dead", "")
	if gone(t, deads) || gone(t, dead.Arguments()) || len(shown) != 1 || len(shown[0].Undone) != 1 || shown[0].Undone[0].Effect != "set" {
		t.Errorf("check mode undid, or does not show what: %+v", shown)
	}
	recovers(t, s, true, "undone of job dead: the unfinished set", "")
	if !gone(t, deads) || !gone(t, dead.Arguments()) {
		t.Error("the dead job left its set or its secrets")
	}
	if gone(t, alives) || gone(t, alive.Arguments()) {
		t.Error("the running job lost its set or its arguments")
	}
	got, err := look(t.Context(), dead)
	if text := fmt.Sprint(got.Result["msg"]); err != nil || !got.Ended || got.Result["failed"] != true || !strings.Contains(text, "ended by force") {
		t.Errorf("the dead job's result: %+v %v", got, err)
	}
	recovers(t, s, false, "no job has left anything", "")
}

// What of a damaged journal can be read is undone; an operator must look at the rest, at every run until then.
func TestADamagedJournalIsUndoneAsFarAsItCanBeRead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to whom sets belong")
	}
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", atWork, "")
	folder := unfinished(t, job)
	f, err := os.OpenFile(job.Journal(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(f, `{"sum":"0000","entry":{"id":2,"kind":"desync"}}`)
	f.Close()
	recovers(t, s, true, "the unfinished set", job.Journal()+" is damaged in line 2")
	if !gone(t, folder) {
		t.Error("what could be read was not undone")
	}
	recovers(t, s, false, "", "wsrep_desync")
	if err := s.Prune(0); err != nil || gone(t, job.Journal()) {
		t.Errorf("the damaged journal was removed: %v", err)
	}
}

// lockOf is a lock in the CIB.
func lockOf(cluster, holder, job string) string {
	id := "overcloud-backup-lock-" + cluster
	text := `<cluster_property_set id="` + id + `">`
	for _, pair := range [][2]string{{"holder", holder}, {"job", job}, {"since", "1795374000"}, {"expires", "1795377600"}} {
		text += fmt.Sprintf(`<nvpair id="%s-%s" name="overcloud-backup-%s" value="%s"/>`, id, pair[0], pair[0], pair[1])
	}
	return text + "</cluster_property_set>"
}

// A lock is freed of which the job's own journal does not know, as after this host was built anew; but only this node's.
func TestALockOfThisNodeWithoutAJobIsFreed(t *testing.T) {
	const cluster = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	for name, c := range map[string]struct {
		holder, job string
		freed       bool
	}{
		"gone": {"node-a", "gone", true}, "alive": {"node-a", "alive", false}, "of another node": {"node-b", "gone", false},
	} {
		t.Run(name, func(t *testing.T) {
			s, units := jobStore(t)
			newJob(t, s, units, "alive", atWork, ":")
			putFile(t, filepath.Join(units, "cib"), lockOf(cluster, c.holder, c.job), 0o600)
			says := "no job has left anything"
			if c.freed {
				recoversWith(t, s, &ansible.Call{CheckMode: true}, true, "would be undone of job gone", "")
				says = "the cluster's backup lock of job gone is free"
			}
			if !gone(t, filepath.Join(units, "deleted")) {
				t.Error("check mode freed it")
			}
			recovers(t, s, c.freed, says, "")
			if text, _ := os.ReadFile(filepath.Join(units, "deleted")); strings.Contains(string(text), cluster) != c.freed {
				t.Errorf("deleted: %q", text)
			}
		})
	}
}

// With check mode a lock that both the journal and the cluster have is said once; of a damaged journal's job it is freed.
func TestALockOfAJobIsSaidOnceAndFreedWhateverItsJournalSays(t *testing.T) {
	const cluster = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", atWork, "")
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
	putFile(t, filepath.Join(units, "cib"), lockOf(cluster, "node-a", "j"), 0o600)
	found := recoversWith(t, s, &ansible.Call{CheckMode: true}, true, "wsrep_desync goes back to OFF if the server is still the same; the cluster's backup lock is freed", "")
	if len(found) != 1 || len(found[0].Undone) != 2 {
		t.Errorf("%+v", found)
	}
	text, err := os.ReadFile(job.Journal())
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, job.Journal(), "damaged\n"+string(text[len(text)/2:]), 0o600)
	recovers(t, s, true, "the cluster's backup lock of job j is free", "is damaged in line 1")
}

// A controller whose Pacemaker is down is rejected by its facts, with the reason, and not left out here without one.
func TestAClusterThatDoesNotAnswerIsAWarning(t *testing.T) {
	s, units := jobStore(t)
	if err := os.Remove(filepath.Join(units, "cib")); err != nil {
		t.Fatal(err)
	}
	r, err := galeraBackupOptions{}.recover(t.Context(), &ansible.Call{}, s)
	if err != nil || r.Changed || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "not connected") {
		t.Errorf("%+v %v", r, err)
	}
}

// The stop command of the unit: systemd runs it at the end of every job.
func TestTheStopCommandCallsForceOnlyWhatDidNotEndItself(t *testing.T) {
	for state, forced := range map[string]bool{atWork: true, made: false, failed: false} {
		s, units := jobStore(t)
		job := newJob(t, s, units, "j", state, ":")
		r, err := galeraBackupOptions{Job: "j"}.afterUnit(t.Context(), &ansible.Call{}, s)
		// This process does not run in the unit, which the stop command says.
		if err == nil || strings.Contains(err.Error(), "ended by force") != forced || !gone(t, job.Arguments()) {
			t.Errorf("%s: %v", state, err)
		}
		if done := r.Values.(map[string]any)["undone"].([]backup.Undone); len(done) != 0 {
			t.Errorf("%+v", done)
		}
	}
}

func TestAJobLeftNothingThatItsStopCommandUndid(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to whom sets belong")
	}
	s, units := jobStore(t)
	job := newJob(t, s, units, "j", atWork, ":")
	folder := unfinished(t, job)
	t.Setenv("SERVICE_RESULT", "signal")
	t.Setenv("EXIT_STATUS", "KILL")
	r, err := galeraBackupOptions{Job: "j"}.afterUnit(t.Context(), &ansible.Call{}, s)
	done := r.Values.(map[string]any)["undone"].([]backup.Undone)
	if err == nil || !strings.Contains(err.Error(), "(SIGKILL); undone: the unfinished set") || len(done) != 1 || !gone(t, folder) {
		t.Errorf("%v %+v", err, done)
	}
}
