// SPDX-License-Identifier: GPL-3.0-or-later

package unit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"overcloud.backup/internal/process"
)

// Before systemd 236 a unit with a stop command needs a file. It is in /run and disappears at a reboot, like units
// without a file.

func (s Spec) path() string { return filepath.Join(systemdRun, s.Name) }

// startFile writes the unit's file and starts it. The file stays until Forget.
func startFile(ctx context.Context, s Spec) error {
	err := writeNew(s.path(), s.file(minVersion))
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err != nil {
		return err
	}
	if _, err = process.Output(ctx, "systemctl", "daemon-reload"); err == nil {
		_, err = process.Output(ctx, "systemctl", "start", "--", s.Name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(s.path()))
	}
	return nil
}

func writeNew(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// file returns the unit as a file, in which % must be escaped, unlike in an argument.
func (s Spec) file(version int) string {
	percent := func(text string) string { return strings.ReplaceAll(text, "%", "%%") }
	var b strings.Builder
	fmt.Fprintf(&b, "[Unit]\nDescription=%s\nAfter=%s\n\n[Service]\n", percent(s.Description), services)
	for _, p := range s.properties(version) {
		fmt.Fprintln(&b, p)
	}
	fmt.Fprintf(&b, "ExecStart=%s\n", percent(quoted(wrapped(s.Exec))))
	fmt.Fprintf(&b, "ExecStopPost=%s\n", percent(quoted(wrapped(s.StopPost))))
	return b.String()
}

// forgetFile removes the file that startFile wrote, if any.
func forgetFile(ctx context.Context, name string) error {
	if !unitName.MatchString(name) {
		return fmt.Errorf("%q is not the name of a service", name)
	}
	err := os.Remove(filepath.Join(systemdRun, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = process.Output(ctx, "systemctl", "daemon-reload")
	}
	return err
}
