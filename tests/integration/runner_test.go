// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab && matrix

package integration

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// job is a job of ansible-runner, in a private data dir that holds what docs/awx.md says, and nothing else.
type job struct {
	control
	folder, victim string
	cmd            *exec.Cmd
	out            bytes.Buffer
	stopped        string // pid of the backup tool, in the victim
}

// event is an event of runner, as far as the tests read it.
type event struct {
	Counter int    `json:"counter"`
	Event   string `json:"event"`
	Stdout  string `json:"stdout"`
	Data    struct {
		Task     string         `json:"task"`
		Artifact map[string]any `json:"artifact_data"`
	} `json:"event_data"`
}

const runnerPassword = "of-the-runner"

// underRunner runs docs/awx.md's playbook with ansible-runner from an environment that has only ansible-core.
func underRunner(t *testing.T) {
	c := node(t, "runner")
	c.sql("controller-0", "CREATE OR REPLACE USER runner@localhost IDENTIFIED BY '"+runnerPassword+
		"'; GRANT ALL ON *.* TO runner@localhost")
	t.Cleanup(func() { lab{t}.sql("controller-0", "DROP USER IF EXISTS runner@localhost") })
	t.Run("its events and artifacts", func(t *testing.T) { begin(t, c, nil).succeeds() })
	t.Run("cancelled", func(t *testing.T) { begin(t, c, nil).cancelled() })
	t.Run("cancelled, and to stop then", func(t *testing.T) {
		begin(t, c, map[string]any{"controller_backup_on_lost_caller": "stop",
			"controller_backup_lease": 5}).cancelledAndStopped()
	})
}

// begin starts a job and stops the backup tool as soon as it exists, so that the rest of the test is not a race.
func begin(t *testing.T, c control, vars map[string]any) *job {
	t.Helper()
	c.lab = lab{t}
	t.Cleanup(c.clear)
	j := &job{control: c, folder: t.TempDir()}
	standbys := j.standbys(3)
	j.victim = standbys[0]
	extra := map[string]any{
		"controller_backup_login_user": "runner", "controller_backup_login_password": runnerPassword,
		"controller_backup_method": "physical", "controller_backup_exclude": []string{j.serving(), standbys[1]},
	}
	for k, v := range vars {
		extra[k] = v
	}
	j.lay(extra)
	j.cmd = j.command(4*time.Minute, "python", absolute(t, root+"/tests/matrix/runner.py"), j.folder)
	j.cmd.Env = slices.DeleteFunc(j.cmd.Env, func(v string) bool { return strings.HasPrefix(v, "ANSIBLE_") })
	j.cmd.Stdout, j.cmd.Stderr = &j.out, &j.out
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	j.stopTool()
	return j
}

// lay creates the private data dir. The files that the playbook needs are beside it, as AWX installs them. The job is
// as verbose as AWX permits, so that a password has every chance to show.
func (j *job) lay(vars map[string]any) {
	j.t.Helper()
	inventory, err := os.ReadFile(j.run("inventory"))
	if err != nil {
		j.t.Fatal(err)
	}
	extra, err := json.Marshal(vars)
	if err != nil {
		j.t.Fatal(err)
	}
	for name, content := range map[string][]byte{"project/backup.yml": wrapper(j.t), "inventory/hosts": inventory,
		"env/extravars": extra, "env/cmdline": []byte("-vvvv")} {
		path := filepath.Join(j.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			j.t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			j.t.Fatal(err)
		}
	}
	if err := os.Symlink(j.collections, filepath.Join(j.folder, "project/collections")); err != nil {
		j.t.Fatal(err)
	}
}

// wrapper is the playbook that docs/awx.md shows.
func wrapper(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/awx.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1) {
		if bytes.Contains(block[1], []byte("import_playbook")) {
			return block[1]
		}
	}
	t.Fatal("docs/awx.md shows no playbook")
	return nil
}

// stopTool waits for mariadb-backup to read and stops it. At that point it holds no lock.
func (j *job) stopTool() {
	j.t.Helper()
	out, err := j.try("ssh", number(j.victim), `for i in $(seq 1200); do
		pid=$(pgrep -o -f '^[^ ]*mariadb-backup .*--backup') && kill -STOP $pid && echo $pid && exit
		sleep 0.05
	done; exit 1`)
	if err != nil {
		_ = j.cmd.Cancel()
		_ = j.cmd.Wait()
		j.t.Fatalf("no backup began: %v\n%s\n%s", err, j.out.String(), j.stdout())
	}
	j.stopped = out
	victim := number(j.victim)
	j.t.Cleanup(func() { _, _ = lab{j.t}.try("ssh", victim, "kill -CONT "+out+" 2>/dev/null || true") })
}

func (j *job) resume() { j.on(j.victim, "kill -CONT "+j.stopped) }

// ends waits for runner and returns its status.
func (j *job) ends() string {
	j.t.Helper()
	err := j.cmd.Wait()
	var said struct{ Status string }
	lines := strings.Split(strings.TrimSpace(j.out.String()), "\n")
	if err != nil || json.Unmarshal([]byte(lines[len(lines)-1]), &said) != nil {
		j.t.Fatalf("runner: %v\n%s", err, j.out.String())
	}
	return said.Status
}

func (j *job) stdout() string {
	text, _ := os.ReadFile(filepath.Join(j.folder, "artifacts/run/stdout"))
	return string(text)
}

// events returns the events that exist so far.
func (j *job) events() []event {
	j.t.Helper()
	files, _ := filepath.Glob(filepath.Join(j.folder, "artifacts/run/job_events/*-*.json"))
	var all []event
	for _, name := range files {
		var e event
		raw, err := os.ReadFile(name)
		if err == nil && json.Unmarshal(raw, &e) == nil { // one may be incomplete
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b event) int { return cmp.Compare(a.Counter, b.Counter) })
	return all
}

// progressed checks that a line of progress has become an event.
func (j *job) progressed() bool {
	return slices.ContainsFunc(j.events(), func(e event) bool {
		return e.Event == "verbose" && strings.Contains(e.Stdout, j.victim+": physical backup, ") &&
			strings.Contains(e.Stdout, " MiB read")
	})
}

func (j *job) succeeds() {
	j.until("there is a line of progress", time.Minute, j.progressed)
	j.resume()
	if status := j.ends(); status != "successful" {
		j.t.Fatalf("runner says %s\n%s", status, j.stdout())
	}
	events := j.events()
	for _, e := range events {
		if strings.Contains(e.Event, "failed") || strings.Contains(e.Event, "unreachable") ||
			strings.Contains(e.Event, "error") || strings.Contains(e.Stdout, "fatal:") {
			j.t.Errorf("looks like a failure: %s %s: %s", e.Event, e.Data.Task, e.Stdout)
		}
	}
	artifacts := fmt.Sprint(events[len(events)-1].Data.Artifact)
	if last := events[len(events)-1]; last.Event != "playbook_on_stats" ||
		!strings.Contains(artifacts, "overcloud_backup") || !strings.Contains(artifacts, destination) {
		j.t.Errorf("%s has the artifacts %s", last.Event, artifacts)
	}
	if set := regexp.MustCompile(destination + `/\S+_` + j.victim).FindString(artifacts); set == "" ||
		j.on(j.victim, "cat "+set+"/manifest.json") == "" {
		j.t.Errorf("%s does not say where the set is", artifacts)
	}
	j.noSecret()
}

// noSecret checks that no file that runner wrote has a password of the lab, or the one that was given.
func (j *job) noSecret() {
	j.t.Helper()
	settings, err := os.ReadFile(filepath.Join(root, "tests/lab/lib/settings.sh"))
	if err != nil {
		j.t.Fatal(err)
	}
	secrets := []string{runnerPassword}
	for _, found := range regexp.MustCompile(`(?m)^LAB_\w+_PASSWORD=(\S+)`).FindAllSubmatch(settings, -1) {
		secrets = append(secrets, string(found[1]))
	}
	files := 0
	err = filepath.WalkDir(filepath.Join(j.folder, "artifacts"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				j.t.Errorf("%s is in %s", secret, path)
			}
		}
		return err
	})
	if !strings.Contains(j.stdout(), "SSH: EXEC") {
		j.t.Errorf("the job was not verbose:\n%s", j.stdout())
	}
	if err != nil || files < 50 || len(secrets) < 5 {
		j.t.Errorf("%d files, %d passwords, %v", files, len(secrets), err)
	}
}

// cancel cancels the job in the middle of the backup.
func (j *job) cancel() {
	j.t.Helper()
	j.until("there is a line of progress", time.Minute, j.progressed)
	if err := os.WriteFile(filepath.Join(j.folder, "cancel"), nil, 0o600); err != nil {
		j.t.Fatal(err)
	}
	if status := j.ends(); status != "canceled" {
		j.t.Errorf("runner says %s\n%s", status, j.stdout())
	}
	if j.units() == "" {
		j.t.Error("the job has ended with its caller")
	}
	j.noSecret()
}

func (j *job) units() string {
	return j.on(j.victim, "systemctl list-units 'overcloud-backup-*' --no-legend --plain")
}

func (j *job) over() bool { return j.units() == "" }

// cancelled checks that the job on the host continues, and that its set is complete, as a verification finds.
func (j *job) cancelled() {
	j.cancel()
	j.resume()
	j.until("the job has ended", time.Minute, j.over)
	p := j.plays("playbooks/verify.yml", map[string]any{"controller_verify_level": "read"})
	if found := p.of("backup_verify"); p.err != nil || len(found) != 1 ||
		!strings.Contains(found[0].message(), "_"+j.victim) {
		j.t.Errorf("%v\n%s", p.err, p.out)
	}
}

func (j *job) cancelledAndStopped() {
	j.cancel()
	j.until("the job has ended", time.Minute, j.over)
	j.nothingIsLeft()
}
