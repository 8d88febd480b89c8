// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"overcloud.backup/internal/process"
)

// The output of systemctl --version on RHEL 7, 8, Debian 12 and Fedora.
const (
	rhel7  = "systemd 219\n+PAM +AUDIT +SELINUX +IMA -APPARMOR +SMACK +SYSVINIT +UTMP +LIBCRYPTSETUP +GCRYPT +GNUTLS\n"
	rhel8  = "systemd 239 (239-82.el8_10.5)\n+PAM +AUDIT +SELINUX +IMA -APPARMOR +SMACK +SYSVINIT +UTMP\n"
	debian = "systemd 252 (252.39-1~deb12u2)\n+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT\n"
	next   = "systemd 256~rc1 (256~rc1-1.fc41)\n+PAM +AUDIT\n"
)

// fake puts a systemctl and a systemd-run on PATH which record their arguments, one a line after a line "# NAME", and
// answer with the files NAME.out, NAME.err and NAME.rc in the returned folder; for systemctl NAME is its verb.
func fake(t *testing.T, version string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	const script = `#!/bin/sh
cd FOLDER || exit 99
name=$(basename "$0")
[ "$name" = systemctl ] && name=$1
{ echo "# $name"; printf '%s\n' "$@"; } >>calls
[ -e "./$name.out" ] && cat "./$name.out"
[ -e "./$name.err" ] && cat "./$name.err" >&2
[ -e "./$name.rc" ] && exit "$(cat "./$name.rc")"
exit 0
`
	for _, name := range []string{"systemctl", "systemd-run"} {
		put(t, filepath.Join(folder, name), strings.ReplaceAll(script, "FOLDER", "'"+folder+"'"), 0o755)
	}
	put(t, filepath.Join(folder, "--version.out"), version, 0o600)
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	t.Setenv("HOME", "/root")
	swap(t, &systemdRun, t.TempDir())
	swap(t, &selinux, "/none")
	swap(t, &cgroup2, filepath.Join(folder, "systemctl"))
	return folder
}

// answers sets the output and status of a fake.
func answers(t *testing.T, folder, name, out, stderr, rc string) {
	t.Helper()
	put(t, filepath.Join(folder, name+".out"), out, 0o600)
	put(t, filepath.Join(folder, name+".err"), stderr, 0o600)
	put(t, filepath.Join(folder, name+".rc"), rc, 0o600)
}

// calls returns the arguments of each call except those for the version.
func calls(t *testing.T, folder string) (all [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "calls"))
	if err != nil {
		t.Fatal("nothing was called: ", err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "# "); ok {
			all = append(all, []string{name})
			continue
		}
		all[len(all)-1] = append(all[len(all)-1], line)
	}
	return slices.DeleteFunc(all, func(c []string) bool { return c[0] == "--version" })
}

func put(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func swap(t *testing.T, at *string, value string) {
	before := *at
	*at = value
	t.Cleanup(func() { *at = before })
}

func spec() Spec {
	const folder = "/var/lib/overcloud.backup/jobs/50% a/"
	return Spec{
		Name: "overcloud-backup-a.service", Description: `Backup of "c" at 50%`, StopTimeout: 90 * time.Second,
		Exec: []string{folder + "overcloud_backup", "/run/overcloud.backup/a/arguments", "--job",
			folder + "state.json"},
		StopPost: []string{folder + "overcloud_backup", "/run/overcloud.backup/a/arguments", "--undo",
			folder + "state.json"},
		Limits: Limits{CPUWeight: 50, IOWeight: 50, MemoryHigh: 1 << 30, Nice: 10, IOClass: "best-effort", IOLevel: 7},
	}
}

func TestTheVersionIsRead(t *testing.T) {
	for text, want := range map[string]int{
		rhel7: 219, rhel8: 239, debian: 252, next: 256, "systemd v260 (260)\n": 260,
		"": 0, "sys": 0, "systemd\n": 0, "bash: systemctl\nsystemd 252\n": 0, "systemd 99999999999999999999": 0,
	} {
		got, err := parseVersion(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%.40q: %d, %v", text, got, err)
		}
	}
}

func TestAHostWithoutSystemdIsRefused(t *testing.T) {
	folder := fake(t, "systemd 208\n")
	if _, err := Available(t.Context()); !errors.Is(err, ErrNoSystemd) ||
		!strings.Contains(err.Error(), "of version 219 or later runs this host; its version is 208") {
		t.Errorf("too old: %v", err)
	}
	answers(t, folder, "--version", "", "no bus", "1")
	if _, err := Available(t.Context()); err == nil || errors.Is(err, ErrNoSystemd) {
		t.Errorf("a systemctl that fails: %v", err)
	}
	swap(t, &systemdRun, filepath.Join(folder, "none"))
	for _, err := range []error{second(Available(t.Context())), Start(t.Context(), spec())} {
		if !errors.Is(err, ErrNoSystemd) || !strings.Contains(err.Error(), "none is missing") {
			t.Errorf("no systemd: %v", err)
		}
	}
}

func second(_ int, err error) error { return err }

func TestStartUsesOnlyPropertiesOfTheInstalledSystemd(t *testing.T) {
	common := []string{
		"systemd-run", "--quiet", "--no-ask-password", "--collect", "--unit=overcloud-backup-a.service",
		`--description=Backup of "c" at 50%`, "--property=After=" + services, "--property=Type=simple",
		"--property=KillMode=mixed", "--property=TimeoutStopSec=90", "--property=UMask=0077",
		"--property=StandardOutput=journal", "--property=StandardError=journal", "--property=LimitCORE=0",
		"--property=NoNewPrivileges=yes", "--property=Environment=HOME=/root",
		"--property=CPUWeight=50", "--property=IOWeight=50", "--property=MEMORY=1073741824", "--property=Nice=10",
		"--property=IOSchedulingClass=best-effort", "--property=IOSchedulingPriority=7",
		`--property=ExecStopPost=/usr/bin/env "--" "/var/lib/overcloud.backup/jobs/50% a/overcloud_backup" ` +
			`"/run/overcloud.backup/a/arguments" "--undo" "/var/lib/overcloud.backup/jobs/50% a/state.json"`,
		"--", "/usr/bin/env", "--", "/var/lib/overcloud.backup/jobs/50% a/overcloud_backup",
		"/run/overcloud.backup/a/arguments", "--job", "/var/lib/overcloud.backup/jobs/50% a/state.json",
	}
	for _, c := range []struct {
		name, version, memory string
		v1                    bool
	}{
		{"RHEL 8 has cgroup v1", rhel8, "MemoryLimit", true},
		{"RHEL 8 with cgroup v2", rhel8, "MemoryHigh", false},
		{"Debian 12", debian, "MemoryHigh", false},
	} {
		folder := fake(t, c.version)
		if c.v1 {
			swap(t, &cgroup2, "/none")
		}
		if err := Start(t.Context(), spec()); err != nil {
			t.Fatal(c.name, err)
		}
		want := slices.Clone(common)
		want[slices.Index(want, "--property=MEMORY=1073741824")] = "--property=" + c.memory + "=1073741824"
		if got := calls(t, folder); len(got) != 1 || !slices.Equal(got[0], want) {
			t.Errorf("%s: got\n%q\nwant\n%q", c.name, got, want)
		}
	}
}

func TestStartWritesAFileForSystemd219(t *testing.T) {
	folder := fake(t, rhel7)
	s := spec()
	if err := Start(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(systemdRun, s.Name))
	want := `[Unit]
Description=Backup of "c" at 50%%
After=` + services + `

[Service]
Type=simple
KillMode=mixed
TimeoutStopSec=90
UMask=0077
StandardOutput=journal
StandardError=journal
LimitCORE=0
NoNewPrivileges=yes
Environment=HOME=/root
CPUShares=512
BlockIOWeight=250
MemoryLimit=1073741824
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
ExecStart=/usr/bin/env "--" "/var/lib/overcloud.backup/jobs/50%% a/overcloud_backup" "/run/overcloud.backup/a/arguments" "--job" "/var/lib/overcloud.backup/jobs/50%% a/state.json"
ExecStopPost=/usr/bin/env "--" "/var/lib/overcloud.backup/jobs/50%% a/overcloud_backup" "/run/overcloud.backup/a/arguments" "--undo" "/var/lib/overcloud.backup/jobs/50%% a/state.json"
`
	if err != nil || string(got) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	if err := Start(t.Context(), s); !errors.Is(err, ErrExists) {
		t.Errorf("a second start: %v", err)
	}
	answers(t, folder, "reset-failed", "", "", "0")
	for range 2 {
		if err := Forget(t.Context(), s.Name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(systemdRun, s.Name)); err == nil {
		t.Error("the file is still there")
	}
	verbs := ""
	for _, c := range calls(t, folder) {
		verbs += c[0] + " "
	}
	if verbs != "daemon-reload start reset-failed daemon-reload reset-failed " {
		t.Errorf("called %s", verbs)
	}
}

func TestAFailedStartLeavesNoFile(t *testing.T) {
	folder := fake(t, rhel7)
	answers(t, folder, "start", "", "Job for x.service failed.", "1")
	err := Start(t.Context(), spec())
	if err == nil || !strings.Contains(err.Error(),
		"start overcloud-backup-a.service: systemctl: exit status 1: Job for") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(systemdRun); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestAnExistingUnitIsReported(t *testing.T) {
	for _, got := range []string{
		"Failed to start transient service unit: Unit overcloud-backup-a.service already exists.",
		"Failed to start transient service unit: Unit overcloud-backup-a.service was already loaded or has a fragment" +
			" file.",
	} {
		folder := fake(t, debian)
		answers(t, folder, "systemd-run", "", got, "1")
		if err := Start(t.Context(), spec()); !errors.Is(err, ErrExists) {
			t.Errorf("got %v", err)
		}
	}
	folder := fake(t, debian)
	answers(t, folder, "systemd-run", "", "Failed to start transient service unit: Connection timed out", "1")
	exit, ok := errors.AsType[*process.ExitError](Start(t.Context(), spec()))
	if !ok || !strings.Contains(exit.Stderr, "Connection timed out") {
		t.Errorf("another failure: %v", exit)
	}
}

func TestInvalidUnitsAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Spec){
		"a name that is an option":                      func(s *Spec) { s.Name = "--x.service" },
		"a name with a slash":                           func(s *Spec) { s.Name = "../x.service" },
		"another kind of unit":                          func(s *Spec) { s.Name = "x.target" },
		"a line in the description":                     func(s *Spec) { s.Description = "x\nExecStartPre=/bin/false" },
		"a description that continues on the next line": func(s *Spec) { s.Description = `x\` },
		"no time to stop":                               func(s *Spec) { s.StopTimeout = 0 },
		"no command":                                    func(s *Spec) { s.Exec = nil },
		"no stop command":                               func(s *Spec) { s.StopPost = nil },
		"a command from PATH":                           func(s *Spec) { s.Exec = []string{"true"} },
		"a path that env takes for a variable":          func(s *Spec) { s.Exec = []string{"/a=b/true"} },
		"a quote":                                       func(s *Spec) { s.StopPost[1] = `a"b` },
		"a dollar":                                      func(s *Spec) { s.Exec[1] = "/$HOME" },
		"a backslash":                                   func(s *Spec) { s.Exec[1] = `\x41` },
		"a new line":                                    func(s *Spec) { s.Exec[1] = "a\nb" },
		"a new line at the end":                         func(s *Spec) { s.Exec[1] = "a\n" },
		"a semicolon":                                   func(s *Spec) { s.StopPost[1] = ";" },
		"an empty word":                                 func(s *Spec) { s.Exec[1] = "" },
		"too much CPU":                                  func(s *Spec) { s.Limits.CPUWeight = 10001 },
		"a negative I/O weight":                         func(s *Spec) { s.Limits.IOWeight = -1 },
		"a nice level out of range":                     func(s *Spec) { s.Limits.Nice = 20 },
		"an I/O level out of range":                     func(s *Spec) { s.Limits.IOLevel = 8 },
		"an unknown I/O class":                          func(s *Spec) { s.Limits.IOClass = "bestest" },
		"a negative amount of memory":                   func(s *Spec) { s.Limits.MemoryHigh = -1 },
	} {
		folder := fake(t, debian)
		s := spec()
		spoil(&s)
		if err := Start(t.Context(), s); err == nil || len(calls(t, folder)) != 0 {
			t.Errorf("%s: %v, %q", name, err, calls(t, folder))
		}
	}
}

func TestLimitsThatAreNotGivenAreLeft(t *testing.T) {
	fake(t, debian)
	if got := (Limits{}).properties(252); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	if got := (Limits{IOClass: "idle", IOLevel: 7}).properties(252); !slices.Equal(got,
		[]string{"IOSchedulingClass=idle"}) {
		t.Errorf("got %q", got)
	}
	got := Limits{CPUWeight: 1, IOWeight: 10000, IOClass: "realtime"}.properties(219)
	want := []string{"CPUShares=10", "BlockIOWeight=1000", "IOSchedulingClass=realtime", "IOSchedulingPriority=0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestShow(t *testing.T) {
	folder := fake(t, debian)
	for _, c := range []struct {
		says    string
		want    State
		running bool
	}{
		{"Result=success\nMainPID=22878\nLoadState=loaded\nActiveState=active\nSubState=running\n",
			State{"loaded", "active", "running", "success", 22878}, true},
		{"Result=signal\nMainPID=0\nLoadState=loaded\nActiveState=deactivating\nSubState=stop-post\n",
			State{"loaded", "deactivating", "stop-post", "signal", 0}, true},
		{"Result=exit-code\nMainPID=0\nLoadState=loaded\nActiveState=failed\nSubState=failed\n",
			State{"loaded", "failed", "failed", "exit-code", 0}, false},
		// systemd 219 about a missing unit
		{"LoadState=not-found\nActiveState=inactive\nSubState=dead\n", State{"not-found", "inactive", "dead", "", 0},
			false},
	} {
		answers(t, folder, "show", c.says, "", "0")
		got, err := Show(t.Context(), "x.service")
		if err != nil || got != c.want || got.Running() != c.running {
			t.Errorf("%q: %+v, %v", c.says, got, err)
		}
	}
	for _, says := range []string{"", "LoadState=loaded\n", "ActiveState=active\n",
		"LoadState=loaded\nActiveState=active\nMainPID=x\n"} {
		answers(t, folder, "show", says, "", "0")
		if got, err := Show(t.Context(), "x.service"); err == nil || got != (State{}) {
			t.Errorf("%q: %+v, %v", says, got, err)
		}
	}
	answers(t, folder, "show", "", "Failed to connect to bus: Connection refused", "1")
	if _, err := Show(t.Context(), "x.service"); err == nil || !strings.Contains(err.Error(), "show x.service") {
		t.Errorf("no bus: %v", err)
	}
	if c := calls(t, folder)[0]; c[len(c)-1] != "x.service" || c[len(c)-2] != "--" {
		t.Errorf("called %q", c)
	}
}

func TestStopAndForgetTakeAMissingUnit(t *testing.T) {
	folder := fake(t, debian)
	answers(t, folder, "stop", "", "Failed to stop x.service: Unit x.service not loaded.", "5")
	answers(t, folder, "reset-failed", "", "Failed to reset failed state of unit x.service: Unit x.service not loaded.",
		"1")
	if err := errors.Join(Stop(t.Context(), "x.service"), Forget(t.Context(), "x.service")); err != nil {
		t.Error(err)
	}
	answers(t, folder, "stop", "", "Failed to stop x.service: Connection timed out", "1")
	answers(t, folder, "reset-failed", "", "Access denied", "4")
	if Stop(t.Context(), "x.service") == nil || Forget(t.Context(), "x.service") == nil {
		t.Error("a failure was taken for a missing unit")
	}
	answers(t, folder, "reset-failed", "", "", "0")
	if err := Forget(t.Context(), "../x.service"); err == nil {
		t.Error("a path was taken for a name")
	}
	if got := calls(t, folder)[0]; !slices.Equal(got, []string{"stop", "stop", "--", "x.service"}) {
		t.Errorf("called %q", got)
	}
}

// With it no program of the unit could change its domain, and podman would start nothing.
func TestNoNewPrivilegesIsLeftToHostsWithoutSELinux(t *testing.T) {
	folder := fake(t, rhel8)
	swap(t, &selinux, filepath.Join(folder, "systemctl"))
	if err := Start(t.Context(), spec()); err != nil {
		t.Fatal(err)
	}
	got := calls(t, folder)[0]
	if slices.Contains(got, "--property=NoNewPrivileges=yes") || !slices.Contains(got, "--property=LimitCORE=0") {
		t.Errorf("got %q", got)
	}
}
