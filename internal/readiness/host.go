// SPDX-License-Identifier: GPL-3.0-or-later

package readiness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/excerpt"
)

// selinux returns the mode: enforcing, permissive or disabled. The kernel has a file for it unless it is off.
func selinux() (string, error) {
	content, err := os.ReadFile("/sys/fs/selinux/enforce")
	return selinuxMode(string(content), err)
}

func selinuxMode(content string, err error) (string, error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "disabled", nil
	case err != nil:
		return "", fmt.Errorf("read the mode of SELinux: %w", err)
	case strings.TrimSpace(content) == "1":
		return "enforcing", nil
	case strings.TrimSpace(content) == "0":
		return "permissive", nil
	}
	return "", fmt.Errorf("read the mode of SELinux: the kernel reports %q", excerpt.Of(content))
}

// kernel returns its release, empty if that cannot be read.
func kernel() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(release))
}

// nearest returns a path, or the nearest folder above it that exists.
func nearest(path string) (at string, info fs.FileInfo, err error) {
	for at = path; ; at = filepath.Dir(at) {
		info, err = os.Lstat(at)
		if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return at, info, err
		}
	}
}

// writable is the mode of access(2).
const writable = 2

// describe says what the destination is, or why nothing can be written there. datadir is the device of the datadir.
func describe(destination string, datadir uint64) (string, error) {
	at, info, err := nearest(destination)
	if err != nil {
		return "", err
	}
	seen := fmt.Sprintf("%s (mode %04o)", destination, info.Mode().Perm())
	if at != destination {
		seen = fmt.Sprintf("%s, which the first backup creates in %s", destination, at)
	}
	mount, err := mountOf(destination)
	if err != nil {
		return "", err
	}
	seen += fmt.Sprintf(": %s of %s, mounted at %s", mount.Type, mount.Source, mount.Point)
	if datadir != 0 && info.Sys().(*syscall.Stat_t).Dev == datadir {
		seen += ", the datadir's own file system"
	}
	if err := syscall.Access(at, writable); err != nil {
		return "", fmt.Errorf("%s cannot be written to: %w (%s, mounted at %s)", at, err, mount.Type, mount.Point)
	}
	return seen, nil
}

// mountOf returns the mount of a path. It asks only the kernel's table, which no file system can keep waiting.
func mountOf(path string) (doctor.Mount, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return doctor.Mount{}, fmt.Errorf("read the mounts: %w", err)
	}
	return parseMounts(string(table), path)
}

// parseMounts finds the mount of a path: the last of those with the longest path above it.
//
//	40 28 0:45 / /var/backups rw,relatime shared:1 - nfs4 nas:/export rw,vers=4.2
func parseMounts(table, path string) (found doctor.Mount, err error) {
	for line := range strings.Lines(table) {
		before, after, cut := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !cut || len(fields) < 5 || len(rest) < 2 {
			continue
		}
		point := unescape.Replace(fields[4])
		if !below(path, point) || len(point) < len(found.Point) {
			continue
		}
		found = doctor.Mount{Point: excerpt.Of(point), Type: excerpt.Of(rest[0]),
			Source: excerpt.Of(unescape.Replace(rest[1]))}
	}
	if found.Point == "" {
		return found, fmt.Errorf("read the mounts: none is that of %s", path)
	}
	return found, nil
}

// unescape reads the kernel's form of characters that would end a field.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

func below(path, point string) bool {
	return point == "/" || path == point || strings.HasPrefix(path, point+"/")
}
