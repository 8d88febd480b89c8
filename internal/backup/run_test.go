// SPDX-License-Identifier: GPL-3.0-or-later

package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/extras"
	"overcloud.backup/internal/backup/tool"
	"overcloud.backup/internal/repository"
)

// assertFiles compares the files of a set with its manifest.
func assertFiles(t *testing.T, path string, m *repository.Manifest) {
	t.Helper()
	for _, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(path, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(data)) != f.Bytes {
			t.Errorf("%s: %d bytes, not as in the manifest", f.Name, len(data))
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) != len(m.Files)+1 {
		t.Errorf("%d files in the manifest, %v in the folder, %v", len(m.Files), entries, err)
	}
}

// left returns everything below a destination.
func left(t *testing.T, destination string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(destination, func(path string, _ fs.DirEntry, err error) error {
		if path != destination {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBothMethodsLeaveAWholeSet(t *testing.T) {
	s := shared(t)
	for method, file := range map[tool.Method]string{tool.Physical: tool.PhysicalFile, tool.Logical: tool.LogicalFile} {
		t.Run(string(method), func(t *testing.T) {
			j := s.job(t, func(o *Options) { o.Method, o.Decision = method, []byte(`{"chosen":"here"}`) })
			made, err := j.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m := made.Manifest
			assertFiles(t, made.Path, m)
			seqno, err := s.SQL("SELECT variable_value FROM information_schema.global_status WHERE variable_name =" +
				" 'wsrep_last_committed'")
			if err != nil || fmt.Sprint(m.Position.Seqno) != seqno || m.Position.SeqnoEnd != m.Position.Seqno ||
				m.Position.ClusterSeqno != m.Position.Seqno || m.Position.GTID != s.gtid(t) {
				t.Errorf("position %+v, the server is at %s, %v", m.Position, seqno, err)
			}
			if m.Files[0].Name != file || m.Files[0].RawBytes < 1<<20 || m.Schema.Tables["nova"] != 1 ||
				len(m.Schema.Fingerprint) != 64 || string(m.Decision) == "" {
				t.Errorf("manifest %+v", m)
			}
			if (m.Stream != nil) != (method == tool.Physical) {
				t.Errorf("stream %+v", m.Stream)
			}
			if m.Server.Settings["innodb_default_row_format"] != "dynamic" || m.Server.Settings["sql_mode"] == "" {
				t.Errorf("settings %v", m.Server.Settings)
			}
		})
	}
}

func (s *server) gtid(t *testing.T) string {
	t.Helper()
	gtid, err := s.SQL("SELECT @@gtid_binlog_pos")
	if err != nil || gtid == "" {
		t.Fatalf("gtid_binlog_pos %q, %v", gtid, err)
	}
	return gtid
}

// The wait for the cluster may be long, so the node is checked again after it, right before anything is done.
func TestTheNodeIsCheckedAgainAfterTheWait(t *testing.T) {
	s := shared(t)
	log := filepath.Join(t.TempDir(), "log")
	j := s.job(t, func(o *Options) { o.Desync = DesyncAlways })
	if _, err := s.SQL("SET GLOBAL general_log_file = '" + log + "', general_log = ON"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("SET GLOBAL general_log = OFF")
	if _, err := j.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	said, err := os.ReadFile(log)
	_, rest, waited := strings.Cut(string(said), "wsrep_sync_wait = 1 FOR")
	rest, _, desynced := strings.Cut(rest, "SET GLOBAL wsrep_desync = ON")
	if err != nil || !waited || !desynced || !strings.Contains(rest, "SHOW GLOBAL STATUS") ||
		!strings.Contains(rest, "information_schema.processlist") {
		t.Errorf("between the wait and the desync: %s, %v", rest, err)
	}
}

// The findings about the server's container and datadir apply only to the process that was examined; its pid may have
// been reused.
func TestAServerThatWasRestartedSinceIsNotRead(t *testing.T) {
	s := shared(t)
	for name, change := range map[string]func(*effect.Instance){
		"another process":          func(i *effect.Instance) { i.PID-- },
		"the same pid, used again": func(i *effect.Instance) { i.Start = "1" },
		"other files":              func(i *effect.Instance) { i.UID = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			j := s.job(t, nil)
			change(&j.instance)
			used := filepath.Join(t.TempDir(), "used")
			j.tool.Path, j.tool.Folders = fake(t, "touch "+used), []string{filepath.Dir(used)}
			made, err := j.Run(t.Context())
			if made != nil || err == nil || !strings.Contains(err.Error(),
				"stream: the server was restarted since it was inspected") || !TryAnother(err) {
				t.Errorf("%v, %v", made, err)
			}
			if _, err := os.Stat(used); err == nil || len(left(t, j.o.Destination)) != 0 {
				t.Errorf("the tool was started, or something is left: %q", left(t, j.o.Destination))
			}
		})
	}
}

// The tool opens every table's file at once.
func TestMoreTablesThanTheSoftLimitOfOpenFiles(t *testing.T) {
	s := shared(t)
	var create strings.Builder
	for i := range 120 {
		fmt.Fprintf(&create, "CREATE TABLE many.t%d (i INT PRIMARY KEY);", i)
	}
	if _, err := s.SQL("CREATE DATABASE many;" + create.String()); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("DROP DATABASE many")
	j := s.job(t, nil)
	j.tool.Path = fake(t, `ulimit -Sn 100; exec /usr/bin/mariadb-backup "$@"`)
	if _, err := j.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// It must never request more than the hard limit: the tool would then keep the soft one.
func TestOpenFilesStayWithinTheHardLimit(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if n := tool.OpenFiles(); n > limit.Max || n > 65535 || n != limit.Max && n != 65535 {
		t.Errorf("%d of %d", n, limit.Max)
	}
}

func TestAClusterThatDoesNotAnswerIsAFailure(t *testing.T) {
	s := shared(t)
	cib := filepath.Join(t.TempDir(), "cib.xml")
	if err := os.WriteFile(cib, []byte("<cib/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	before := extras.OwnCIB
	defer func() { extras.OwnCIB = before }()
	for name, tt := range map[string]struct {
		own, script, want string // of the error; empty for a backup
		warns             bool
	}{
		"denied": {own: cib, script: "echo Permission denied >&2; exit 77",
			want: "before the backup: read the cluster's configuration: cibadmin: exit status 77: Permission denied"},
		"not up":     {own: cib, script: "exit 102", want: "exit status 102"},
		"it answers": {own: cib, script: "echo '<cib/>'"},
		"a host without a cluster": {own: cib + ".none",
			script: "echo Transport endpoint is not connected >&2; exit 102",
			warns:  true},
	} {
		t.Run(name, func(t *testing.T) {
			extras.OwnCIB = tt.own
			if err := os.WriteFile(filepath.Join(bin, "cibadmin"), []byte("#!/bin/bash\n"+tt.script+"\n"),
				0o700); err != nil {
				t.Fatal(err)
			}
			j, err := Prepare(t.Context(), s.options(t))
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if warned := strings.Contains(strings.Join(j.plan.Warnings, "\n"), "no cib.xml"); warned != tt.warns {
				t.Errorf("warnings %q", j.plan.Warnings)
			}
		})
	}
}

func TestDesyncIsUndoneWhateverHappens(t *testing.T) {
	s := shared(t)
	desynced := func() string {
		out, err := s.SQL("SELECT @@wsrep_desync, VARIABLE_VALUE FROM information_schema.global_status WHERE" +
			" VARIABLE_NAME = 'wsrep_local_state_comment'")
		if err != nil {
			return err.Error()
		}
		return out
	}
	ok := s.job(t, func(o *Options) { o.Desync = DesyncAlways })
	if made, err := ok.Run(t.Context()); err != nil || !strings.Contains(made.Manifest.Desync, "then OFF; Synced") {
		t.Errorf("%v, %v", made, err)
	}
	fails := s.job(t, func(o *Options) { o.Desync = DesyncAlways })
	fails.tool.Path = fake(t, `exec sleep 600`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		for !strings.HasPrefix(desynced(), "1") && ctx.Err() == nil {
			time.Sleep(50 * time.Millisecond)
		}
		cancel()
	}()
	// Had it never been desynced, the time would be over.
	if _, err := fails.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	if out := desynced(); out != "0\tSynced" {
		t.Errorf("afterwards: %s", out)
	}
}

// The login does not reach the tool by its arguments or its environment.
func TestThePasswordIsNowhereToBeSeen(t *testing.T) {
	const password = `p"a's#s\ %w0rd`
	s := shared(t)
	account := "CREATE USER bk@localhost IDENTIFIED BY 'p\"a''s#s\\\\ %w0rd'; GRANT RELOAD, PROCESS, BINLOG MONITOR" +
		" ON *.* TO bk@localhost"
	if _, err := s.SQL(account); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.SQL("DROP USER bk@localhost") })
	seen := filepath.Join(t.TempDir(), "seen")
	j := s.job(t, func(o *Options) { o.Login.User, o.Login.Password = "bk", password })
	j.tool.Folders = []string{filepath.Dir(seen)}
	j.tool.Path = fake(t, `env >`+seen+`; echo "$@" >>`+seen+`; echo 'connects with `+
		strings.ReplaceAll(password, "'", `'\''`)+`' >&2; exec /usr/bin/mariadb-backup "$@"`)
	j.o.Scrub = func(text string) string { return strings.ReplaceAll(text, password, "********") }
	made, err := j.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	assertFiles(t, made.Path, made.Manifest)
	if warned := strings.Join(made.Manifest.Warnings, "\n"); !strings.Contains(warned,
		"the set will have no users.sql") || made.Manifest.Schema.Fingerprint != "" {
		t.Errorf("the account sees no schema, yet: %+v", made.Manifest.Schema)
	}
	for _, path := range []string{seen, filepath.Join(made.Path, tool.LogName),
		filepath.Join(made.Path, "manifest.json")} {
		data, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(data), password) || strings.Contains(string(data), "w0rd") {
			t.Errorf("%s holds the password, or %v", path, err)
		}
	}
}

func TestPrepareRefuses(t *testing.T) {
	s := shared(t)
	for name, tt := range map[string]struct {
		sql, undo string
		change    func(*Options)
		want      string
	}{
		"a relative destination": {change: func(o *Options) { o.Destination = "x" }, want: "absolute path"},
		"a cluster name that is a path": {change: func(o *Options) { o.Cluster = "../x" },
			want: "set the option cluster"},
		"a desynced node": {sql: "SET GLOBAL wsrep_desync = ON", undo: "SET GLOBAL wsrep_desync = OFF",
			want: "wsrep_desync is ON (count 1)"},
		"tables outside of a dump's snapshot": {sql: "CREATE TABLE nova.m (i INT) ENGINE=MyISAM",
			undo:   "DROP TABLE nova.m",
			change: func(o *Options) { o.Method = tool.Logical }, want: "nova.m"},
		"a missing grant for a physical backup": {sql: "CREATE USER l@localhost IDENTIFIED BY 'x'; GRANT RELOAD," +
			" PROCESS ON *.* TO l@localhost", undo: "DROP USER l@localhost",
			change: func(o *Options) { o.Login.User, o.Login.Password = "l", "x" }, want: "lacks BINLOG MONITOR"},
		"a missing grant for a logical backup": {sql: "CREATE USER l@localhost IDENTIFIED BY 'x'; GRANT SELECT, SHOW" +
			" VIEW, EVENT, PROCESS ON *.* TO l@localhost", undo: "DROP USER l@localhost",
			change: func(o *Options) { o.Method, o.Login.User, o.Login.Password = tool.Logical, "l", "x" },
			want:   "lacks TRIGGER"},
		"a host that was not chosen": {change: func(o *Options) {
			o.Decision = []byte(`{"clusters": [{"controllers": [{"name": "other-1", "verdict": "chosen"}, {"name":` +
				` "x", "verdict": "eligible"}]}]}`)
		}, want: `the decision chose "other-1", and this host is "` + hostname() + `"`},
		"desync without SUPER": {sql: "CREATE USER l@localhost IDENTIFIED BY 'x'; GRANT RELOAD, PROCESS, BINLOG" +
			" MONITOR ON *.* TO l@localhost", undo: "DROP USER l@localhost",
			change: func(o *Options) { o.Desync, o.Login.User, o.Login.Password = DesyncAlways, "l", "x" },
			want:   "lacks SUPER"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.sql != "" {
				if _, err := s.SQL(tt.sql); err != nil {
					t.Fatal(err)
				}
				defer s.SQL(tt.undo)
			}
			o := s.options(t)
			if tt.change != nil {
				tt.change(&o)
			}
			_, err := Prepare(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func hostname() string {
	name, _ := os.Hostname()
	return name
}

// An explicit account that was refused is not replaced silently.
func TestARefusedAccountIsWarnedOf(t *testing.T) {
	s := shared(t)
	j := s.job(t, func(o *Options) { o.Login.User, o.Login.Password = "nobody", "wrong" })
	warned := strings.Join(j.Plan().Warnings, "\n")
	if !strings.Contains(warned, `the account "nobody" of the options was refused (`) ||
		!strings.Contains(warned, `"root" was used instead (unix_socket)`) || strings.Contains(warned, "wrong") {
		t.Errorf("%q", warned)
	}
}

// Clients are accepted if the decision knew of them, and not if they came after it.
func TestPreferIdleAcceptsTheClientsThatTheDecisionSaw(t *testing.T) {
	s := shared(t)
	if _, err := s.SQL("CREATE USER client@localhost"); err != nil {
		t.Fatal(err)
	}
	defer s.SQL("KILL HARD USER client@localhost; DROP USER client@localhost; DO SLEEP(0.3)")
	c := exec.Command("mariadb", "--no-defaults", "--socket="+s.Socket, "--user=client", "-e", "SELECT SLEEP(600)")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	for range 50 {
		if n, err := s.SQL("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'client'"); err != nil ||
			n == "1" {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for activity, accepted := range map[string]bool{"active": true, "idle": false, "unknown": false} {
		o := s.options(t)
		o.AllowActive = true
		o.Decision = fmt.Appendf(nil, `{"clusters": [{"controllers": [{"name": %q, "verdict": "chosen", "activity":`+
			` %q}]}]}`, hostname(), activity)
		if _, err := Prepare(t.Context(), o); (err == nil) != accepted ||
			err != nil && !strings.Contains(err.Error(), "1 of client from localhost") {
			t.Errorf("%s: %v", activity, err)
		}
	}
}
