// SPDX-License-Identifier: GPL-3.0-or-later

package confine

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"overcloud.backup/internal/safefile"
)

// mountTable opens the table of this thread's current mounts.
func mountTable() (*os.File, error) {
	f, err := safefile.OpenAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/task/%d", unix.Gettid()),
		unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("look at our own mounts: %w", err)
	}
	return f, nil
}

// maxTable limits a table of mounts. That of a host with hundreds of containers has some 100 KiB.
const maxTable = 4 << 20

// mount is one of this thread's.
type mount struct {
	at     string
	noexec bool
}

// mounts returns those at a path and below it, each before what is mounted on it.
func (v *view) mounts(at string) (found []mount, err error) {
	f, err := safefile.OpenAt(int(v.table.Fd()), "mountinfo", unix.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("look at our own mounts: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTable+1))
	if err == nil && len(text) > maxTable {
		err = syscall.EFBIG
	}
	if err != nil {
		return nil, fmt.Errorf("look at our own mounts: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			continue
		}
		m := mount{mountPath.Replace(fields[4]), slices.Contains(strings.Split(fields[5], ","), "noexec")}
		if m.at == at || strings.HasPrefix(m.at, at+"/") {
			found = append(found, m)
		}
	}
	return found, nil
}

// protectAll sets the flags of a mount and of all below it.
func (v *view) protectAll(at string, flags uintptr) error {
	mounts, err := v.mounts(at)
	if err != nil {
		return err
	}
	if len(mounts) == 0 || mounts[0].at != at {
		return fmt.Errorf("%s is not where it was mounted", strings.TrimPrefix(at, root))
	}
	for _, m := range mounts {
		more := flags
		if m.noexec {
			more |= unix.MS_NOEXEC
		}
		if err := protect(m.at, more); err != nil {
			return err
		}
	}
	return nil
}

// mountPath reverts the escapes that the kernel writes for characters that separate the fields of a table of mounts.
var mountPath = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// protect sets the flags of one mount.
func protect(at string, flags uintptr) error {
	if err := unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|flags, ""); err != nil {
		return fmt.Errorf("protect %s from it: %w", strings.TrimPrefix(at, root), err)
	}
	return nil
}

// root is where the program's view is mounted first, only for its thread: a folder that every system and every
// container has, and that contains nothing to be shown.
const root = "/proc"

// view is what a confined program sees, while it is assembled below root.
type view struct {
	// table is this thread's folder of /proc, which is hidden once the view is in place.
	table   *os.File
	program string
	owner   Owner
	shown   []string
	data    []string // of these, where nothing can be executed
}
