// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/backup/content"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/tests/node"
)

// fake creates a program that replaces the tool.
func fake(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mariadb-backup")
	if err := os.WriteFile(path, []byte("#!/bin/bash\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// captured writes the stream of a real backup of the server to a file, and returns its size and the start of its last
// file.
func captured(t *testing.T, s *server) (path string, size int64, boundary int64) {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("mariadb-backup", "--no-defaults", "--backup", "--stream=xbstream", "--galera-info",
		"--log-copy-interval=20",
		"--socket="+s.Socket, "--datadir="+s.Dir+"/data", "--target-dir="+dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "stream")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	// The last two chunks are those of xtrabackup_info.
	cut := strings.LastIndex(string(out), "XBSTCK01")
	cut = strings.LastIndex(string(out[:cut]), "XBSTCK01")
	return path, int64(len(out)), int64(cut)
}

func TestAToolThatFailsLeavesNoSet(t *testing.T) {
	s := shared(t)
	stream, size, boundary := captured(t, s)
	const done = `; echo "[00] 2026-11-22 19:09:57 completed OK!" >&2`
	for name, tt := range map[string]struct{ script, want string }{
		"exit 1 after the complete output": {"cat " + stream + done + "; exit 1",
			"exit status 1: [00] 2026-11-22 19:09:57 completed OK!"},
		"exit 0 without its last line": {"cat " + stream + "; echo half >&2",
			`ended without "completed OK!"; its last line is "half"`},
		"more output after the last line": {"cat " + stream + done + "; echo but >&2", `its last line is "but"`},
		"cut between two chunks": {fmt.Sprintf("head -c %d %s", boundary, stream) + done,
			"xtrabackup_info is missing"},
		"cut inside a chunk": {fmt.Sprintf("head -c %d %s", size/2, stream) + done, "ends inside a chunk"},
		"nothing at all":     {"true" + done, "backup-my.cnf is missing"},
		"not a stream":       {"echo '-- MariaDB dump'; cat /dev/zero", "no chunk begins here"},
		"another cluster's data": {"sed s/" + s.uuid(t) + "/11111111-2222-3333-4444-555555555555/ " + stream + done,
			"checksum"},
		"killed half way": {fmt.Sprintf("head -c %d %s; exec sleep 600.5", size/2, stream), "ended by signal killed"},
		"a flipped bit": {fmt.Sprintf("head -c %d %s; printf X; tail -c +%d %s", size/2, stream, size/2+2, stream) +
			done, "checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			j := s.job(t, nil)
			j.tool.Path, j.tool.Folders = fake(t, tt.script), []string{filepath.Dir(stream)}
			go func() {
				for t.Context().Err() == nil && exec.Command("pkill", "-KILL", "-f", `^sleep 600\.5$`).Run() != nil {
					time.Sleep(20 * time.Millisecond)
				}
			}()
			made, err := j.Run(t.Context())
			if made != nil || err == nil || !strings.Contains(err.Error(), tt.want) ||
				!strings.Contains(err.Error(), j.plan.Controller+": stream: ") {
				t.Errorf("got %v, %v; want %q", made, err, tt.want)
			}
			if l := left(t, j.o.Destination); len(l) != 0 {
				t.Errorf("left: %q", l)
			}
		})
	}
}

func (s *server) uuid(t *testing.T) string {
	t.Helper()
	uuid, err := s.SQL("SELECT variable_value FROM information_schema.global_status WHERE variable_name =" +
		" 'wsrep_cluster_state_uuid'")
	if err != nil {
		t.Fatal(err)
	}
	return uuid
}

// A stalled tool is killed with all its children.
func TestAStalledToolIsKilledWithItsChildren(t *testing.T) {
	s := shared(t)
	j := s.job(t, nil)
	j.tool.Path = fake(t, `sleep 600.25 & wait`)
	seen := make(chan bool)
	go func() {
		up := false
		for until := time.Now().Add(1400 * time.Millisecond); !up &&
			time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			up = runs("sleep 600.25")
		}
		seen <- up
	}()
	late := errors.New("max_duration of 1 s has passed")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, late)
	defer cancel()
	begun := time.Now()
	if _, err := j.Run(ctx); !errors.Is(err, late) || !strings.Contains(err.Error(), "was stopped") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if !<-seen || runs("sleep 600.25") {
		t.Errorf("its child ran not, or runs on: %t", runs("sleep 600.25"))
	}
	if l := left(t, j.o.Destination); len(l) != 0 {
		t.Errorf("left: %q", l)
	}
}

// runs reports whether a program with these arguments runs.
func runs(line string) bool {
	return exec.Command("pgrep", "-f", "^"+regexp.QuoteMeta(line)+"$").Run() == nil
}

// killAt kills a server as soon as a file exists.
func killAt(s *server, path string) {
	for range 1000 {
		if _, err := os.Stat(path); err == nil {
			_ = syscall.Kill(s.PID(), syscall.SIGKILL)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestAFullDiskLeavesNoSet(t *testing.T) {
	s := shared(t)
	j := s.job(t, nil)
	for _, size := range []string{"64k", "700k"} {
		full := filepath.Join(j.o.Destination, "full"+size)
		if err := os.Mkdir(full, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("tmpfs", full, "tmpfs", 0, "mode=0700,size="+size); err != nil {
			t.Skip("cannot mount a small file system:", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(full, 0) })
		small := *j
		small.o.Destination = full // Prepare would have refused it
		made, err := small.Run(t.Context())
		// Either may notice first: the destination, or the guard.
		var breach *guard.Breach
		if made != nil || !errors.Is(err, unix.ENOSPC) &&
			(!errors.As(err, &breach) || breach.Rule != "space_destination") {
			t.Errorf("got %v, %v", made, err)
		}
		if l := left(t, full); len(l) != 0 {
			t.Errorf("left: %q", l)
		}
	}
}

func TestTooLittleSpaceIsRefusedWithBothNumbers(t *testing.T) {
	_, err := content.Estimate(1<<60, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "are free, and about 512.0 PiB are needed") {
		t.Errorf("got %v", err)
	}
}

// A server that dies half way is an error, however complete the stream looks.
func TestAServerThatDiesLeavesNoSet(t *testing.T) {
	node.Need(t)
	s, err := startServer()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Remove()
	j := s.job(t, func(o *Options) { o.Desync = DesyncAlways })
	dir := t.TempDir()
	j.tool.Folders = []string{dir}
	j.tool.Path = fake(t, `set -o pipefail; /usr/bin/mariadb-backup "$@" | { head -c 100000; touch `+dir+
		`/half; sleep 0.6; cat; }`)
	go killAt(s, filepath.Join(dir, "half"))
	made, err := j.Run(t.Context())
	if made != nil || err == nil || !(strings.Contains(err.Error(), "exit status 1") ||
		strings.Contains(err.Error(), "server_silent")) || strings.Contains(err.Error(), "undo") {
		t.Errorf("got %v, %v", made, err)
	}
	if l := left(t, j.o.Destination); len(l) != 0 {
		t.Errorf("left: %q", l)
	}
}

func TestASchemaThatChangesUnderADumpIsAFailure(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Method = tool.Logical })
	j.tool.Path = fake(t, `/usr/bin/mariadb-dump "$@"; mariadb --no-defaults --socket=`+s.Socket+
		` -e "CREATE TABLE nova.later (i INT)"`)
	made, err := j.Run(t.Context())
	if made != nil || err == nil || !strings.Contains(err.Error(), "the schema changed while it was dumped") {
		t.Errorf("got %v, %v", made, err)
	}
	if _, err := s.SQL("DROP TABLE nova.later"); err != nil {
		t.Error(err)
	}
}

func TestADumpWithoutItsEndLeavesNoSet(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Method = tool.Logical })
	j.tool.Path = fake(t, `/usr/bin/mariadb-dump "$@" | head -n -1`)
	made, err := j.Run(t.Context())
	if made != nil || err == nil || !strings.Contains(err.Error(), `does not end with "-- Dump completed"`) {
		t.Errorf("got %v, %v", made, err)
	}
	if l := left(t, j.o.Destination); len(l) != 0 {
		t.Errorf("left: %q", l)
	}
}
