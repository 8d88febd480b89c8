// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// maxLinks is how many links the kernel follows.
const maxLinks = 40

// inside is a path below a root directory, as a process with that root sees it: absolute links begin there and nothing
// leads out. The kernel would follow them from this host's root; RESOLVE_IN_ROOT came with 5.6 only. What is returned
// is held, and only that (O_PATH): nothing can take its place, and no pipe waits for its writer.
func inside(root *os.File, path string) (*os.File, error) {
	w := walk{open: []int{int(root.Fd())}, ahead: strings.Split(path, "/")}
	defer func() { w.back(1) }()
	for len(w.ahead) > 0 {
		next := w.ahead[0]
		w.ahead = w.ahead[1:]
		var err error
		switch next {
		case "", ".":
		case "..":
			w.back(max(len(w.open)-1, 1))
		default:
			err = w.step(next)
		}
		if err != nil {
			return nil, err
		}
	}
	fd, err := unix.FcntlInt(uintptr(w.at()), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// walk is a path under way.
type walk struct {
	open  []int    // the root, and each folder down to where we are, so that ".." needs no look at what may have moved
	ahead []string // what is still to be gone
	links int
}

func (w *walk) at() int { return w.open[len(w.open)-1] }

// back goes up to a depth; 1 is the root, which is the caller's to close.
func (w *walk) back(depth int) {
	for _, fd := range w.open[depth:] {
		unix.Close(fd)
	}
	w.open = w.open[:depth]
}

func (w *walk) step(name string) error {
	fd, err := unix.Openat(w.at(), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		unix.Close(fd)
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFLNK {
		w.open = append(w.open, fd)
		return nil
	}
	defer unix.Close(fd)
	b := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", b)
	if err != nil {
		return err
	}
	if w.links++; w.links > maxLinks {
		return fmt.Errorf("%s: %w", name, unix.ELOOP)
	}
	link := string(b[:n])
	if strings.HasPrefix(link, "/") {
		w.back(1)
	}
	w.ahead = append(strings.Split(link, "/"), w.ahead...)
	return nil
}
