// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/journal"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/tests/node"
)

// apart is a backup in a process of its own, which can be killed. Its fields reach that process by the environment.
type apart struct {
	Socket      string
	Destination string
	Journal     node.Journal
	Tool        string // replaces the real one
	Method      tool.Method
	Desync      Desync
}

const apartEnv = "OVERCLOUD_BACKUP_TEST_APART"

// run is that process; TestMain starts it.
func (a apart) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	notes, err := journal.Open(string(a.Journal))
	if err != nil {
		return err
	}
	j, err := Prepare(ctx, Options{
		Destination: a.Destination, Method: a.Method, Desync: a.Desync, Level: 1, Buffer: 64 << 20, MadeBy: "test",
		Login:        mariadb.Login{Socket: a.Socket},
		DrainTimeout: 10 * time.Second, Scrub: func(text string) string { return text }, Journal: notes,
	})
	if err != nil {
		return err
	}
	if a.Tool != "" {
		j.tool.Path = a.Tool
	}
	_, err = j.Run(ctx)
	return err
}

// apartFrom runs the backup that the environment describes, if any.
func apartFrom(text string) (asked bool, err error) {
	if text == "" {
		return false, nil
	}
	var a apart
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return true, err
	}
	return true, a.run()
}

func (s *server) apart(t *testing.T) apart {
	t.Helper()
	return apart{Socket: s.Socket, Destination: s.options(t).Destination, Journal: node.NewJournal(t),
		Method: tool.Physical, Desync: DesyncAlways}
}

func (a apart) start(t *testing.T) *exec.Cmd {
	t.Helper()
	env, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), apartEnv+"="+string(env))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// undo replays the journal, like the stop command of the job's unit.
func (a apart) undo(t *testing.T) ([]effect.Undone, error) {
	t.Helper()
	notes, err := journal.Open(string(a.Journal))
	if err != nil {
		t.Fatal(err)
	}
	defer notes.Close()
	return effect.Undo(t.Context(), effect.UndoOptions{Entries: a.Journal.Entries(t), Journal: notes,
		Login: mariadb.Login{Socket: a.Socket}, DrainTimeout: 10 * time.Second})
}

// partial returns the unfinished sets.
func (a apart) partial() []string {
	found, _ := filepath.Glob(a.Destination + "/*/.partial-*")
	return found
}

// A job that is killed while it reads the data leaves all its effects behind, and the undo reverts them.
func TestAKilledBackupIsUndone(t *testing.T) {
	s := shared(t)
	a := s.apart(t)
	a.Tool = fake(t, "exec sleep 600.75")
	cmd := a.start(t)
	waitFor(t, "sleep 600.75")
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for range 100 {
		if !runs("sleep 600.75") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if runs("sleep 600.75") {
		t.Error("the tool lives on")
	}
	if open := a.Journal.Open(t); !slices.Equal(open, []string{effect.DesyncEffect, effect.SetEffect}) ||
		s.Desync(t) != "1" || len(a.partial()) != 1 {
		t.Fatalf("before: open %q, desync %s, %q", open, s.Desync(t), a.partial())
	}
	done, err := a.undo(t)
	if err != nil || len(done) != 2 || !strings.Contains(done[0].Done, "then OFF") ||
		!strings.Contains(done[1].Done, "is removed") {
		t.Errorf("%+v, %v", done, err)
	}
	if open := a.Journal.Open(t); len(open) != 0 || s.Desync(t) != "0" || len(a.partial()) != 0 {
		t.Errorf("after: open %q, desync %s, %q", open, s.Desync(t), a.partial())
	}
	if done, err := a.undo(t); len(done) != 0 || err != nil {
		t.Errorf("again: %+v, %v", done, err)
	}
}

// waitFor waits for a program with these arguments. It dies with its parent.
func waitFor(t *testing.T, line string) {
	t.Helper()
	for range 200 {
		if runs(line) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("nobody runs ", line)
}

// endings are the ways in which a job may be ended.
var endings = []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}

// However and whenever a backup ends: after the undo nothing of it is left, and every set is complete. BACKUP_SEED and
// BACKUP_SIGNALS set the seed and the number of backups.
func TestABackupThatIsEndedAtAnyMomentIsUndone(t *testing.T) {
	s := shared(t)
	seed, count := number("BACKUP_SEED", uint64(time.Now().UnixNano())), number("BACKUP_SIGNALS", 12)
	t.Logf("BACKUP_SEED=%d BACKUP_SIGNALS=%d", seed, count)
	random := rand.New(rand.NewPCG(seed, 0))
	begun := time.Now()
	if err := s.apart(t).start(t).Wait(); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begun)
	for n := range count {
		a := s.apart(t)
		a.Method = []tool.Method{tool.Physical, tool.Logical}[random.IntN(2)]
		after, with := time.Duration(random.Int64N(int64(whole))), endings[random.IntN(len(endings))]
		t.Run(fmt.Sprintf("%d %s after %s, %s", n, a.Method, after.Round(time.Millisecond), with), func(t *testing.T) {
			s.endAndCheck(t, a, after, with)
		})
	}
}

func number(name string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

func (s *server) endAndCheck(t *testing.T, a apart, after time.Duration, with syscall.Signal) {
	cmd := a.start(t)
	time.Sleep(after)
	_ = cmd.Process.Signal(with)
	_ = cmd.Wait()
	noneOf(t, a.Destination)
	if _, err := os.Stat(string(a.Journal)); err != nil {
		return // it had not begun yet
	}
	if with != syscall.SIGKILL && len(a.Journal.Open(t)) != 0 {
		t.Errorf("it did not undo %q itself", a.Journal.Open(t))
	}
	t.Logf("undone: %q", a.Journal.Open(t))
	if _, err := a.undo(t); err != nil {
		t.Error(err)
	}
	if len(a.Journal.Open(t)) != 0 || s.Desync(t) != "0" || len(a.partial()) != 0 {
		t.Errorf("open %q, desync %s, %q", a.Journal.Open(t), s.Desync(t), a.partial())
	}
	a.whole(t)
}

// whole checks that every set is listed, and has the files of its manifest.
func (a apart) whole(t *testing.T) {
	t.Helper()
	dir, err := stores.Make(a.Destination)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	l, err := dir.List("")
	found, _ := filepath.Glob(a.Destination + "/*/*")
	if err != nil || len(l.Sets) != len(found) {
		t.Errorf("%+v, of %q, %v", l, found, err)
	}
	for i := range found {
		data, err := os.ReadFile(filepath.Join(found[i], "manifest.json"))
		m := &repository.Manifest{}
		if err != nil || json.Unmarshal(data, m) != nil {
			t.Fatal(err)
		}
		assertFiles(t, found[i], m)
	}
}

// noneOf waits until no tool writes to a destination: its pipe is broken, and it ends at its next write.
func noneOf(t *testing.T, destination string) {
	t.Helper()
	for range 100 {
		found, _ := exec.Command("pgrep", "-f", "target-dir="+destination).Output()
		if len(found) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the tool lives on")
}
