// SPDX-License-Identifier: GPL-3.0-or-later

//go:build lab

package integration

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// webhook is a server that records the notifications it gets. Its path is the secret.
type webhook struct {
	*httptest.Server
	sync.Mutex
	events, bodies []string
}

const webhookSecret = "5ecret-0f-the-webhook"

func newWebhook(t *testing.T) *webhook {
	t.Helper()
	w := &webhook{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		w.Lock()
		defer w.Unlock()
		w.events = append(w.events, filepath.Base(r.URL.Path))
		w.bodies = append(w.bodies, string(body))
	}))
	t.Cleanup(w.Close)
	return w
}

// take returns what was recorded, and forgets it.
func (w *webhook) take() (events, bodies []string) {
	w.Lock()
	defer w.Unlock()
	events, bodies = w.events, w.bodies
	w.events, w.bodies = nil, nil
	return events, bodies
}

// hooks writes task files that append their event, and what they know, to a file.
func hooks(t *testing.T) (files map[string]string, told string) {
	t.Helper()
	folder := t.TempDir()
	told = filepath.Join(folder, "told")
	files = map[string]string{}
	for _, event := range []string{"before", "after", "failure"} {
		line := event + " {{ controller_backup_outcome.good }}" +
			" {{ controller_backup_outcome.sets | map(attribute='path') | join }}"
		task := fmt.Sprintf("- name: Record the event\n  ansible.builtin.shell:\n    cmd: echo \"$LINE\" >>%s\n"+
			"  environment:\n    LINE: \"%s\"\n", told, line)
		files[event] = filepath.Join(folder, event+".yml")
		if err := os.WriteFile(files[event], []byte(task), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files, told
}

// TestNotifications takes a backup and has the guard stop another one: start, and then success or failure, are sent
// once each, and the hooks run in their order.
func TestNotifications(t *testing.T) {
	l := fresh(t)
	w := newWebhook(t)
	urls := map[string]string{}
	for _, event := range []string{"start", "success", "failure"} {
		urls[event] = w.URL + "/" + webhookSecret + "/" + event
	}
	files, told := hooks(t)
	vars := map[string]any{"controller_backup_notify_urls": urls, "controller_backup_hooks": files}

	out, set, _ := l.backup(vars)
	events, bodies := w.take()
	if !slices.Equal(events, []string{"start", "success"}) || !strings.Contains(bodies[len(bodies)-1], set) {
		t.Fatalf("a backup: %q, %q\n%s", events, bodies, out)
	}
	wantHooks(t, told, "before False", "after True "+set)
	if strings.Contains(out, webhookSecret) {
		t.Errorf("the URL is shown:\n%s", out)
	}

	standbys := l.standbys(3)
	victim := standbys[0]
	vars["controller_backup_exclude"] = []string{l.serving(), standbys[1]}
	vars["controller_backup_method"] = "physical"
	stopped := make(chan error, 1)
	go func() { stopped <- l.maintenanceDuringABackup(victim) }()
	out, err := l.play("playbooks/backup.yml", vars)
	if stop := <-stopped; stop != nil {
		t.Fatalf("%v\n%s", stop, out)
	}
	events, bodies = w.take()
	if err == nil || !slices.Equal(events, []string{"start", "failure"}) {
		t.Fatalf("a guard stop: %v, %q, %q\n%s", err, events, bodies, out)
	}
	if body := bodies[1]; !strings.HasPrefix(body, "backup: failed: ") || !strings.Contains(body, "maintenance") {
		t.Errorf("the reason is not in %q", body)
	}
	wantHooks(t, told, "before False", "failure False")
	if strings.Contains(out, webhookSecret) {
		t.Errorf("the URL is shown:\n%s", out)
	}
}

// wantHooks compares what the hooks recorded, and forgets it.
func wantHooks(t *testing.T, told string, want ...string) {
	t.Helper()
	content, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(content)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the hooks recorded %q, want %q", lines, want)
	}
	if err := os.Remove(told); err != nil {
		t.Fatal(err)
	}
}

// maintenanceDuringABackup waits for the backup tool, holds it, sets its node to maintenance, and lets it go on when
// the guard has had time to see that.
func (l lab) maintenanceDuringABackup(victim string) error {
	out, err := l.try("ssh", number(victim), `for i in $(seq 2400); do
		pid=$(pgrep -o -f '^[^ ]*mariadb-backup .*--backup') && kill -STOP $pid && break
		sleep 0.05
	done
	[ "$pid" ] && crm_attribute --node `+victim+` --name maintenance --update true
	sleep 10
	kill -CONT $pid 2>/dev/null
	crm_attribute --node `+victim+` --name maintenance --delete`)
	if err != nil {
		return fmt.Errorf("maintenance of %s: %w: %s", victim, err, out)
	}
	return nil
}
