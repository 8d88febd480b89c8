// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// checkCommand refuses what some systemd would read in another way.
func checkCommand(command []string) error {
	if len(command) == 0 || !filepath.IsAbs(command[0]) {
		return fmt.Errorf("the command %q does not begin with an absolute path", command)
	}
	if strings.Contains(command[0], "=") {
		return fmt.Errorf("the path %q has an equals sign", command[0])
	}
	for _, word := range command {
		if !utf8.ValidString(word) || strings.ContainsFunc(word, control) {
			return fmt.Errorf("the command %q has a control character or is not UTF-8", command)
		}
		if word == "" || word[0] == '$' {
			// systemd 219 takes away a word that begins with $$.
			return errors.New("a command with an empty word, or with one that begins with a dollar sign, cannot be a unit's")
		}
	}
	return nil
}

func control(r rune) bool { return unicode.IsControl(r) }

// wrapped is a command as systemd starts it.
func wrapped(command []string) []string { return append([]string{env, "--"}, command...) }

// literal keeps systemd from replacing $NAME, which it does in a command's words wherever they come from.
func literal(word string) string { return strings.ReplaceAll(word, "$", "$$") }

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// quoted is a command in one line, as systemd splits it again.
func quoted(command []string) string {
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = literal(word)
		if i > 0 {
			words[i] = `"` + quoter.Replace(words[i]) + `"`
		}
	}
	return strings.Join(words, " ")
}

// services are those that a backup needs: it ends, and undoes what it did, before they do when the host shuts down.
const services = "remote-fs.target network.target haproxy.service mariadb.service docker.service podman.service pacemaker.service"

// properties are those that are written alike in an argument and in a file.
func (s Spec) properties(version int) []string {
	stop := strconv.FormatInt(int64((s.StopTimeout+time.Second-1)/time.Second), 10)
	p := []string{
		"Type=simple",
		// The main process alone gets SIGTERM; what it leaves is killed before StopPost runs.
		"KillMode=mixed",
		"TimeoutStopSec=" + stop,
		"UMask=0077",
		"StandardOutput=journal",
		"StandardError=journal",
	}
	return append(p, s.Limits.properties(version)...)
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
	for _, word := range wrapped(s.Exec) {
		args = append(args, literal(word))
	}
	return args
}
