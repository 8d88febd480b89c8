// SPDX-License-Identifier: GPL-3.0-or-later

// Package unit runs a program as a systemd unit, so that it outlives the process that started it, and runs another
// program after its end, for whatever reason it ended. It needs systemd 219 (RHEL 7) or later.
package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
)

// Available returns the version of the systemd that runs this host.
func Available(ctx context.Context) (version int, err error) {
	if info, err := os.Lstat(systemdRun); err != nil || !info.IsDir() {
		return 0, fmt.Errorf("%w runs this host (%s is missing): a backup runs as a systemd unit, which undoes its"+
			" changes "+
			"even if it is killed; start it on the controller itself, not in a container", ErrNoSystemd, systemdRun)
	}
	out, err := process.Output(ctx, "systemctl", "--version")
	if err != nil {
		return 0, fmt.Errorf("read the version of systemd: %w", err)
	}
	if version, err = parseVersion(string(out)); err != nil {
		return 0, err
	}
	if version < minVersion {
		return 0, fmt.Errorf("%w of version %d or later runs this host; its version is %d", ErrNoSystemd, minVersion,
			version)
	}
	return version, nil
}

var versionLine = regexp.MustCompile(`^systemd v?(\d{1,6})\b`)

// parseVersion reads the first line, such as: systemd 239 (239-82.el8_10.5)
func parseVersion(text string) (int, error) {
	match := versionLine.FindStringSubmatch(text)
	if match == nil {
		line, _, _ := strings.Cut(text, "\n")
		return 0, fmt.Errorf("read the version of systemd: systemctl --version reports %q", excerpt.Of(line))
	}
	return strconv.Atoi(match[1])
}

// Start starts a unit and returns when its program runs. Its output goes to the systemd journal.
func Start(ctx context.Context, s Spec) error {
	version, err := Available(ctx)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("unit %s: %w", s.Name, err)
	}
	if version < transient {
		err = startFile(ctx, s)
	} else {
		_, err = process.Output(ctx, "systemd-run", s.arguments(version)...)
	}
	if isExists(err) {
		return fmt.Errorf("start %s: %w", s.Name, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", s.Name, err)
	}
	return nil
}

// isExists recognizes systemd-run's error for a name in use: "Unit X was already loaded or has a fragment file.", and
// before 240 "Unit X already exists."
func isExists(err error) bool {
	return mentionsAny(err, "already loaded or has a fragment file", "already exists")
}

// Stop ends a unit: its main process gets SIGTERM, remaining processes get SIGKILL after the stop timeout, then the
// stop command runs. It returns after all that; a missing unit is not an error.
func Stop(ctx context.Context, name string) error {
	_, err := process.Output(ctx, "systemctl", "stop", "--", name)
	if err != nil && !isAbsent(err) {
		return fmt.Errorf("stop %s: %w", name, err)
	}
	return nil
}

// Forget makes systemd forget the failure and the remains of a unit; a missing unit is not an error.
func Forget(ctx context.Context, name string) error {
	_, err := process.Output(ctx, "systemctl", "reset-failed", "--", name)
	if err != nil && !isAbsent(err) {
		return fmt.Errorf("forget %s: %w", name, err)
	}
	if err := forgetFile(ctx, name); err != nil {
		return fmt.Errorf("forget %s: %w", name, err)
	}
	return nil
}

// isAbsent recognizes: Failed to stop X.service: Unit X.service not loaded.
func isAbsent(err error) bool { return mentionsAny(err, "not loaded", "not found") }

func mentionsAny(err error, texts ...string) bool {
	exit, ok := errors.AsType[*process.ExitError](err)
	for _, text := range texts {
		if ok && strings.Contains(exit.Stderr, text) {
			return true
		}
	}
	return false
}

func (s Spec) check() error {
	if len(s.Name) > 255 || !unitName.MatchString(s.Name) {
		return fmt.Errorf("%q is not the name of a service", s.Name)
	}
	if strings.ContainsFunc(s.Description, unicode.IsControl) || strings.HasSuffix(s.Description, `\`) {
		return errors.New("the description has a control character or ends with a backslash")
	}
	if s.StopTimeout < time.Second {
		return fmt.Errorf("a stop timeout of %s is too short", s.StopTimeout)
	}
	if err := errors.Join(checkCommand(s.Exec), checkCommand(s.StopPost)); err != nil {
		return err
	}
	return s.Limits.Check()
}
