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

// plainArgument matches a text that every systemd reads in the same way: as an argument of systemd-run, in the file
// that it writes, and from that file after a daemon-reload. A dollar sign, for one, does not survive the last in
// systemd 252.
var plainArgument = regexp.MustCompile(`^[A-Za-z0-9_./:,+@%-][A-Za-z0-9_./:,+@%= -]*$`)

func checkCommand(command []string) error {
	if len(command) == 0 || !filepath.IsAbs(command[0]) || strings.Contains(command[0], "=") {
		return fmt.Errorf("the command %q does not begin with an absolute path without an equals sign", command)
	}
	for _, w := range command {
		if !plainArgument.MatchString(w) {
			return fmt.Errorf("the argument %q of a command has characters that do not reach a unit's program "+
				"unchanged", w)
		}
	}
	return nil
}

// wrapped returns a command as systemd starts it.
func wrapped(command []string) []string { return append([]string{env, "--"}, command...) }

// quoted returns a command as one line that systemd splits again.
func quoted(command []string) string {
	return command[0] + ` "` + strings.Join(command[1:], `" "`) + `"`
}

// services are the units that a backup needs: on shutdown, the backup ends and undoes its changes before they stop.
const services = "remote-fs.target network.target haproxy.service mariadb.service docker.service podman.service " +
	"pacemaker.service"

// properties are those that have the same form in an argument and in a file.
func (s Spec) properties(version int) []string {
	stop := strconv.FormatInt(int64((s.StopTimeout+time.Second-1)/time.Second), 10)
	p := []string{
		"Type=simple",
		// Only the main process gets SIGTERM, and ends the processes that it started. The rest may live on while
		// StopPost runs (https://github.com/systemd/systemd/issues/14566): KillRest ends it.
		"KillMode=mixed",
		"TimeoutStopSec=" + stop,
		"UMask=0077",
		"StandardOutput=journal",
		"StandardError=journal",
	}
	p = append(p, confinement()...)
	if home := os.Getenv("HOME"); plainArgument.MatchString(home) && !strings.Contains(home, " ") {
		// systemd does not set HOME for root.
		p = append(p, "Environment=HOME="+home)
	}
	return append(p, s.Limits.properties(version)...)
}

// selinux exists if SELinux is on.
var selinux = "/sys/fs/selinux/enforce"

// confinement are the properties that restrict a unit. A core dump would contain passwords and rows; the collection's
// binary also prevents core dumps of the programs that take dumps.
//
// If SELinux is on, a program with NoNewPrivileges cannot change its domain: the unit would stay in init_t, which
// may not run programs under /var/lib, and podman would start no container
// (https://github.com/systemd/systemd/issues/3845, https://github.com/fedora-selinux/selinux-policy/pull/3331). All
// systemd settings based on namespaces or system call filters (ProtectSystem, PrivateTmp, RestrictNamespaces) break
// sockets in /tmp, destinations that are mounted later, nsenter or podman.
func confinement() []string {
	p := []string{"LimitCORE=0"}
	if _, err := os.Stat(selinux); err != nil {
		p = append(p, "NoNewPrivileges=yes")
	}
	return p
}

// transient is the first version in which a unit without a file supports ExecStopPost, TimeoutStopSec and
// --collect: https://github.com/systemd/systemd/pull/7444
const transient = 236

// arguments returns the arguments of systemd-run.
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
