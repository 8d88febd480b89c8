// SPDX-License-Identifier: GPL-3.0-or-later

package tool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/tests/messages"
)

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{
		"mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)": "10.11.19",
		"mariadb-dump  Ver 10.19 Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)":   "10.11.19",
		"/usr/bin/mariabackup based on MariaDB server 10.3.28-MariaDB Linux (x86_64)":       "10.3.28",
		"mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)":                 "11.4.2",
		"10.11.19-MariaDB-0+deb12u1": "10.11.19",
		"mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)": "",
		"": "",
	} {
		if got := Version(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestChoice(t *testing.T) {
	backup := Tool{Method: Physical, Path: "/usr/bin/mariadb-backup", Version: "10.11.19"}
	dump := Tool{Method: Logical, Path: "/usr/bin/mariadb-dump", Version: "10.11.19"}
	for name, tt := range map[string]struct {
		want   Method
		server string
		socket bool
		tools  []Tool
		method Method
		reason string // of the choice, or the error
	}{
		"auto takes the server's own tool": {Auto, "10.11.19", true, []Tool{backup, dump}, Physical,
			"the server's own backup tool is here"},
		"auto takes another patch of its series": {Auto, "10.11.8", true, []Tool{backup, dump}, Physical,
			"10.11.19 for 10.11.8"},
		"auto dumps a server of another series": {Auto, "10.5.22", true, []Tool{backup, dump}, Logical,
			"of version 10.11.19, the server of 10.5.22"},
		"auto dumps without the tool": {Auto, "10.11.19", true, []Tool{dump}, Logical,
			"neither mariadb-backup nor mariabackup"},
		"auto dumps over TCP": {Auto, "10.11.19", false, []Tool{backup, dump}, Logical,
			"reached over TCP"},
		"auto without any tool": {Auto, "10.11.19", true, nil, "", "no way to back up"},
		"physical is not replaced": {Physical, "10.5.22", true, []Tool{backup, dump}, "",
			"read by its own version only"},
		"physical over TCP":                {Physical, "10.11.19", false, []Tool{backup}, "", "set login_unix_socket"},
		"logical though the tool is there": {Logical, "10.11.19", true, []Tool{backup, dump}, Logical, "asked for"},
		"a server that is not MariaDB":     {Auto, "", true, []Tool{backup, dump}, "", "the server is not MariaDB"},
	} {
		t.Run(name, func(t *testing.T) {
			find := func(m Method) (Tool, error) {
				if i := slices.IndexFunc(tt.tools, func(x Tool) bool { return x.Method == m }); i >= 0 {
					return tt.tools[i], nil
				}
				return Tool{}, fmt.Errorf("neither %s nor %s is installed: %w", programs[m][0], programs[m][1],
					process.ErrNotFound)
			}
			got, reason, err := Choose(tt.want, tt.server, tt.socket, find)
			if err != nil {
				reason = err.Error()
			}
			if (err == nil) != (tt.method != "") || err == nil && got.Method != tt.method ||
				!strings.Contains(reason, tt.reason) {
				t.Errorf("%v, %q, %v", got, reason, err)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	ours, other := t.TempDir(), t.TempDir()
	sleeper := exec.Command("sleep", "60")
	sleeper.Dir = ours
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() }()
	link := filepath.Join(other, "link")
	if err := os.Symlink(ours, link); err != nil {
		t.Fatal(err)
	}
	for _, datadir := range []string{ours, ours + "/", link} {
		if err := CheckDatadir(sleeper.Process.Pid, datadir, process.Place{}); err != nil {
			t.Errorf("%s: %v", datadir, err)
		}
	}
	if err := CheckDatadir(sleeper.Process.Pid, other, process.Place{}); err == nil ||
		!strings.Contains(err.Error(), other) || !strings.Contains(err.Error(), ours) {
		t.Errorf("both folders are to be named: %v", err)
	}
	if CheckDatadir(0, ours, process.Place{}) == nil ||
		CheckDatadir(sleeper.Process.Pid, other+"/none", process.Place{}) == nil {
		t.Error("an unknown server or folder was accepted")
	}
}

func TestGaleraInfo(t *testing.T) {
	const uuid = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"
	for _, text := range []string{uuid + ":4 0", uuid + ":4 0\n", uuid + ":4"} {
		if u, seqno, err := parseGaleraInfo([]byte(text)); u != uuid || seqno != 4 || err != nil {
			t.Errorf("%q: %s %d %v", text, u, seqno, err)
		}
	}
	for _, text := range []string{"", uuid, uuid + ":", uuid + ":-1 0", "00000000-0000-0000-0000-000000000000:4", "x:4",
		uuid + ":4x"} {
		if _, _, err := parseGaleraInfo([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzGaleraInfo(f *testing.F) {
	f.Add([]byte("0bf81e81-e6a9-11f1-aab7-6f76032d5070:4 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		uuid, seqno, err := parseGaleraInfo(b)
		if messages.Check(t, err); err == nil && (seqno < 0 || len(uuid) != 36) {
			t.Errorf("%q: %q %d", b, uuid, seqno)
		}
	})
}

func TestSystemTablespace(t *testing.T) {
	for options, want := range map[string]string{
		"innodb_data_file_path=ibdata1:12M:autoextend\n":           "ibdata1",
		"innodb_data_file_path = a:1G;/srv/b:2G:autoextend\nx=y\n": "a b",
		"[mysqld]\n": "ibdata1",
	} {
		if got := strings.Join(systemTablespace([]byte(options)), " "); got != want {
			t.Errorf("%q: %q, want %q", options, got, want)
		}
	}
}

func TestTheEndOfADump(t *testing.T) {
	for text, whole := range map[string]bool{
		"x\n\n-- Dump completed on 2026-11-22 19:32:53\n":                true,
		"x\n-- Dump completed\n":                                         true,
		"-- Dump completed on 2026-11-22 19:32:53\nINSERT INTO t VALUES": false,
		"INSERT INTO t VALUES ('-- Dump completed');\n":                  false,
		"": false,
	} {
		l := NewLogical()
		for _, b := range []byte(text) {
			_, _ = l.Write([]byte{b})
		}
		if err := l.Finish(""); (err == nil) != whole {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheSnapshotIsOpenWhenTheFirstSchemaBegins(t *testing.T) {
	l := NewLogical()
	begun := func() bool {
		select {
		case <-l.Started:
			return true
		default:
			return false
		}
	}
	for _, part := range []string{"-- MariaDB dump\n-- Host: localhost    Database: nova\n", "\nUS", "E `nova`"} {
		if begun() {
			t.Errorf("before %q", part)
		}
		_, _ = l.Write([]byte(part))
	}
	if !begun() {
		t.Error("not seen")
	}
	_, _ = l.Write([]byte(";\n\nUSE `neutron`;\n"))
}

func TestTheLogHasNoSecretsWhateverTheWrites(t *testing.T) {
	destination := t.TempDir()
	for _, d := range []string{filepath.Dir(destination), destination} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := stores.Make(destination)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	set, err := dir.Create("c", "physical", "h", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	log := newLog(func(s string) string { return strings.ReplaceAll(s, "secret", "********") }, nil)
	for _, b := range []byte("password secret used\ncompleted OK!") {
		_, _ = log.Write([]byte{b})
	}
	if got := lastLine(log.text()); got != "completed OK!" {
		t.Errorf("last line %q", got)
	}
	f, err := log.finish(set)
	data, readErr := os.ReadFile(filepath.Join(set.Folder(), LogName))
	if errors.Join(err, readErr) != nil || string(data) != "password ******** used\ncompleted OK!" ||
		f.Bytes != int64(len(data)) {
		t.Errorf("%q, %+v, %v", data, f, errors.Join(err, readErr))
	}
}

func TestFindToolSaysWhatIsMissing(t *testing.T) {
	// The names are none of this machine's, because the system's folders are searched regardless of PATH.
	t.Setenv("PATH", t.TempDir())
	names := programs[Physical]
	programs[Physical] = []string{"mariadb-backup-not", "mariabackup-not"}
	defer func() { programs[Physical] = names }()
	_, err := Find(context.Background(), Physical, process.Place{})
	if !errors.Is(err, process.ErrNotFound) || !strings.Contains(err.Error(),
		"neither mariadb-backup-not nor mariabackup-not is installed here") {
		t.Errorf("got %v", err)
	}
}

func TestBinlogInfo(t *testing.T) {
	for text, want := range map[string]string{"mb.000003\t371\t0-7-151\n": "0-7-151",
		"mb.000003\t371\t0-7-151,1-2-3\n": "0-7-151,1-2-3", "mb.000003\t371\t\n": "", "": ""} {
		if got := parseBinlogInfo([]byte(text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// A panic in the goroutine that copies the tool's messages would end the process with the node desynced.
func TestALogThatPanicsIsAnError(t *testing.T) {
	l := &Log{scrub: func(string) string { panic("scrub") }}
	if _, err := l.Write([]byte("line\n")); err != nil || l.err == nil ||
		!strings.Contains(l.err.Error(), "panic: scrub") {
		t.Errorf("%v, %v", err, l.err)
	}
}
