// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// word is what every systemd reads in one way: as an argument of systemd-run, in the file that it writes of it, and when
// it reads that file again at a daemon-reload. A dollar sign, for one, does not survive the last in systemd 252.
var word = regexp.MustCompile(`^[A-Za-z0-9_./:,+@%-][A-Za-z0-9_./:,+@%= -]*$`)

func checkCommand(command []string) error {
	if len(command) == 0 || !filepath.IsAbs(command[0]) || strings.Contains(command[0], "=") {
		return fmt.Errorf("the command %q does not begin with an absolute path without an equals sign", command)
	}
	for _, w := range command {
		if !word.MatchString(w) {
			return fmt.Errorf("the word %q of a command has characters that do not reach a unit's program unchanged", w)
		}
	}
	return nil
}

// wrapped is a command as systemd starts it.
func wrapped(command []string) []string { return append([]string{env, "--"}, command...) }

// quoted is a command in one line, as systemd splits it again.
func quoted(command []string) string {
	return command[0] + ` "` + strings.Join(command[1:], `" "`) + `"`
}

// services are those that a backup needs: it ends, and undoes what it did, before they do when the host shuts down.
const services = "remote-fs.target network.target haproxy.service mariadb.service docker.service podman.service pacemaker.service"

// properties are those that are written alike in an argument and in a file.
func (s Spec) properties(version int) []string {
	stop := strconv.FormatInt(int64((s.StopTimeout+time.Second-1)/time.Second), 10)
	p := []string{
		"Type=simple",
		// The main process alone gets SIGTERM, and ends what it started. What it leaves may live on while StopPost
		// runs (https://github.com/systemd/systemd/issues/14566): KillRest is for that.
		"KillMode=mixed",
		"TimeoutStopSec=" + stop,
		"UMask=0077",
		"StandardOutput=journal",
		"StandardError=journal",
	}
	p = append(p, guarded()...)
	if home := os.Getenv("HOME"); word.MatchString(home) && !strings.Contains(home, " ") {
		// systemd does not set it for root.
		p = append(p, "Environment=HOME="+home)
	}
	return append(p, s.Limits.properties(version)...)
}

// selinux is there where SELinux is on.
var selinux = "/sys/fs/selinux/enforce"

// guarded are the properties that keep what a unit holds, and what it may do, to itself. A core dump would hold
// passwords and rows; the collection's binary keeps one away from programs that take dumps, too.
//
// Where SELinux is on, a program with NoNewPrivileges goes into no other domain: the unit would stay in init_t, which
// may not run what lies under /var/lib, and podman would start no container
// (https://github.com/systemd/systemd/issues/3845, https://github.com/fedora-selinux/selinux-policy/pull/3331). All
// that systemd makes of namespaces or system call filters (ProtectSystem, PrivateTmp, RestrictNamespaces) is in the
// way of sockets in /tmp, of destinations that are mounted meanwhile, of nsenter and podman.
func guarded() []string {
	p := []string{"LimitCORE=0"}
	if _, err := os.Stat(selinux); err != nil {
		p = append(p, "NoNewPrivileges=yes")
	}
	return p
}

// transient is the first version in which a unit without a file can have ExecStopPost and TimeoutStopSec, and
// --collect: https://github.com/systemd/systemd/pull/7444
const transient = 236

// arguments are those of systemd-run.
func (s Spec) arguments(version int) []string {
	args := []string{
		"--quiet", "--no-ask-password", "--collect", "--unit=" + s.Name, "--description=" + s.Description,
		"--property=After=" + services,
	}
	for _, p := range s.properties(version) {
		args = append(args, "--property="+p)
	}
	args = append(args, "--property=ExecStopPost="+quoted(wrapped(s.StopPost)), "--")
	return append(args, wrapped(s.Exec)...)
}
