// SPDX-License-Identifier: GPL-3.0-or-later

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/scratch"
)

// unpack lets a program unpack the stream in a file of the set into the datadir, reads the file back in the same pass,
// and checks that all of it arrived. A fault of the file takes precedence over the message of the program.
func (r *Copy) unpack(ctx context.Context, f repository.File, program string, args ...string) error {
	from, to, err := os.Pipe()
	if err != nil {
		return err
	}
	defer to.Close()
	o, last := r.scratch.Child(), &process.Tail{Max: 4 << 10}
	o.Stdin, o.Stdout, o.Stderr = from, io.Discard, last
	child, err := process.StartChild(ctx, o, program, args...)
	from.Close()
	if err != nil {
		return err
	}
	defer child.Kill()
	lengths, bad, err := r.set.ReadStream(ctx, f, to, r.read)
	to.Close()
	ended := child.Wait()
	lastLine := func() string { return excerpt.Of(excerpt.LastLine(last.String())) }
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case bad != nil:
		return damagedFile{unusable{*bad}}
	case err != nil && !errors.Is(err, syscall.EPIPE):
		return err
	case ended != nil:
		return refusedBy(f.Name, program, ended, "")
	case err != nil:
		return unusable{repository.Damage(f.Name, "%s stopped before the end of the stream, with exit status 0: %s",
			program, lastLine())}
	}
	got, err := lengthsIn(r.scratch.Path(scratch.DataName))
	if err != nil {
		return fmt.Errorf("check what was unpacked: %w", err)
	}
	if why := compareUnpacked(got, lengths); why != "" {
		return unusable{repository.Damage(f.Name, "%s ended with exit status 0, but %s; %s", program, why, lastLine())}
	}
	return nil
}

// compareUnpacked describes how files, given by their lengths, differ from those in a stream; empty if they do not.
// mbstream stops with exit status 0 at a file that it cannot create.
func compareUnpacked(got, want map[string]int64) string {
	var odd []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		n, there := got[name]
		switch {
		case !there:
			odd = append(odd, fmt.Sprintf("%s is missing", excerpt.Of(name)))
		case n != want[name]:
			odd = append(odd, fmt.Sprintf("%s has %d bytes, not %d", excerpt.Of(name), n, want[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, known := want[name]; !known {
			odd = append(odd, fmt.Sprintf("%s is not in the stream", excerpt.Of(name)))
		}
	}
	if len(odd) == 0 {
		return ""
	}
	if more := len(odd) - 3; more > 0 {
		odd = append(odd[:3], fmt.Sprintf("%d more differ", more))
	}
	return fmt.Sprintf("of %s in the stream %s", quantity.Count(int64(len(want)), "file"), strings.Join(odd, ", "))
}

// lengthsIn returns the lengths of all files below a folder, by their paths in it.
func lengthsIn(folder string) (map[string]int64, error) {
	lengths := map[string]int64{}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return lengths, fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			lengths[path] = info.Size()
		}
		return err
	})
}
