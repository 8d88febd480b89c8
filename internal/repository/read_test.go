// SPDX-License-Identifier: GPL-3.0-or-later

package repository_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/internal/zframe"
	"overcloud.backup/tests/sets"
)

func TestWholeSetsReadBackWell(t *testing.T) {
	sets.Shared(t)
	for _, method := range []string{"physical", "logical"} {
		destination, path := sets.Copy(t, method)
		s := sets.Open(t, destination, path)
		var read int64
		problems, err := s.Read(context.Background(), func(n int64) { read += n })
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", method, problems, err)
		}
		if f := s.Manifest.Data(); read != s.Bytes() || f.Frames < 2 {
			t.Errorf("%s: %d of %d bytes were read, %d frames", method, read, s.Bytes(), f.Frames)
		}
	}
}

// reread opens a set and returns its problems.
func reread(t *testing.T, destination, path string) []repository.Problem {
	t.Helper()
	problems, err := sets.Open(t, destination, path).Read(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// wantProblem expects exactly one problem, in a file, with an offset (none if offset is -1) and a reason.
func wantProblem(t *testing.T, problems []repository.Problem, file string, offset int64, why string) {
	t.Helper()
	if len(problems) != 1 || problems[0].File != file || !strings.Contains(problems[0].Reason, why) {
		t.Fatalf("want one problem of %s, %q; got %v", file, why, problems)
	}
	if got := problems[0].Offset; (got == nil) != (offset < 0) || got != nil && *got != offset {
		t.Errorf("offset %v, want %d: %s", got, offset, problems[0])
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	for _, c := range []struct{ method, file string }{{"physical", sets.PhysicalFile}, {"logical", sets.LogicalFile},
		{"logical", "users.sql"}} {
		destination, path := sets.Copy(t, c.method)
		name := filepath.Join(path, c.file)
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		starts := frameStarts(t, whole, c.file)
		for _, at := range []int{0, 4, 5, len(whole) / 3, len(whole) / 2, len(whole) - 1} {
			flipped := append([]byte{}, whole...)
			flipped[at] ^= 0x10
			if err := os.WriteFile(name, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			problems := reread(t, destination, path)
			if len(problems) != 1 || problems[0].File != c.file {
				t.Fatalf("%s, bit of byte %d: %v", c.file, at, problems)
			}
			// zstd ignores some bits, such as bit 4 of byte 4: there only the checksum of the file shows the damage.
			if want := startBefore(starts, at); want >= 0 && !sameData(whole, flipped) &&
				(problems[0].Offset == nil || *problems[0].Offset != want) {
				t.Errorf("%s, bit of byte %d: %s; want offset %d", c.file, at, problems[0], want)
			}
		}
	}
}

// sameData reports whether two files are the same to zstd.
func sameData(a, b []byte) bool {
	d, err := zstd.NewReader(nil)
	if err != nil {
		return false
	}
	defer d.Close()
	one, errA := d.DecodeAll(a, nil)
	other, errB := d.DecodeAll(b, nil)
	return errA == nil && errB == nil && bytes.Equal(one, other)
}

// frameStarts returns the offsets of the frames of a file, and none if it is not compressed.
func frameStarts(t *testing.T, whole []byte, file string) (starts []int64) {
	t.Helper()
	if !strings.HasSuffix(file, ".zst") {
		return nil
	}
	err := zframe.Unpack(t.Context(), bytes.NewReader(whole), zframe.Size, func(f zframe.Frame, _ []byte) error {
		starts = append(starts, f.Offset)
		return nil
	})
	must(t, err)
	return starts
}

func startBefore(starts []int64, at int) int64 {
	last := int64(-1)
	for _, s := range starts {
		if s <= int64(at) {
			last = s
		}
	}
	return last
}

func TestCutFilesAreNamedWithTheirEnd(t *testing.T) {
	for _, c := range []struct{ method, file string }{{"physical", sets.PhysicalFile}, {"logical", sets.LogicalFile},
		{"logical", "users.sql"}} {
		for _, end := range []int64{0, 1, sets.Size(t, sets.Made(t, c.method), c.file) - 1} {
			destination, path := sets.Copy(t, c.method)
			if err := os.Truncate(filepath.Join(path, c.file), end); err != nil {
				t.Fatal(err)
			}
			wantProblem(t, reread(t, destination, path), c.file, end, "the file ends here")
		}
	}
}

func TestMissingSwappedAndReplacedFilesAreNamed(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	users, dump := filepath.Join(path, "users.sql"), filepath.Join(path, sets.LogicalFile)
	must(t, os.Rename(users, users+".away"))
	wantProblem(t, reread(t, destination, path), "users.sql", -1, "missing")

	must(t, os.Symlink(users+".away", users))
	wantProblem(t, reread(t, destination, path), "users.sql", -1, "not a regular file")

	must(t, os.Rename(dump, users))
	must(t, os.Rename(users+".away", dump))
	problems := reread(t, destination, path)
	if len(problems) != 2 || problems[0].File == problems[1].File {
		t.Errorf("swapped: %v", problems)
	}

	destination, path = sets.Copy(t, "physical")
	must(t, os.WriteFile(filepath.Join(path, sets.PhysicalFile), append(sets.Read(t, path, sets.PhysicalFile), 0),
		0o600))
	wantProblem(t, reread(t, destination, path), sets.PhysicalFile, sets.Size(t, path, sets.PhysicalFile)-1,
		"should end here")
}

func TestTheManifestOfAnotherSetIsRefused(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	_, other := sets.Copy(t, "logical")
	must(t, os.Rename(filepath.Join(other, repository.ManifestName), filepath.Join(path, repository.ManifestName)))
	r, err := stores.Open(destination)
	must(t, err)
	defer r.Close()
	for _, name := range []string{repository.Newest, path, "solo/" + filepath.Base(path)} {
		var broken *repository.BrokenManifest
		if _, err := r.Set("", name); !errors.As(err, &broken) ||
			!strings.Contains(err.Error(), "it belongs to the set") {
			t.Errorf("%s: %v", name, err)
		}
	}
	l, err := r.List("")
	if err != nil || len(l.Damaged) != 1 || l.Damaged[0].Path != path || len(l.Sets) != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}

// A set whose manifest was adapted to truncated files must be refused because of their content.
func TestCutsThatKeepAllChecksumsAreFound(t *testing.T) {
	for _, c := range []struct {
		name, method, why string
		cut               func(*testing.T, string) // the raw content, in a file
	}{
		{"between two xbstream chunks", "physical", "without an end", cutAtChunk},
		{"the last file of the stream", "physical", "the manifest says", cutLastFile},
		{"in the middle of a dump", "logical", "does not end with", cutHalf},
	} {
		t.Run(c.name, func(t *testing.T) {
			destination, path := sets.Copy(t, c.method)
			file := sets.Open(t, destination, path).Manifest.Data()
			sets.Recompress(t, path, file, func(raw string) { c.cut(t, raw) })
			problems := reread(t, destination, path)
			if len(problems) != 1 || problems[0].File != file.Name || problems[0].Offset == nil ||
				!strings.Contains(problems[0].Reason, c.why) {
				t.Errorf("%v", problems)
			}
		})
	}
}

func TestFramesOfAnotherLengthAreRefused(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	whole := sets.Read(t, path, sets.PhysicalFile)
	starts := frameStarts(t, whole, sets.PhysicalFile)
	// The first two frames are swapped: each frame is whole, and so is the file.
	swapped := append(append(append([]byte{}, whole[starts[1]:starts[2]]...), whole[:starts[1]]...),
		whole[starts[2]:]...)
	must(t, os.WriteFile(filepath.Join(path, sets.PhysicalFile), swapped, 0o600))
	wantProblem(t, reread(t, destination, path), sets.PhysicalFile, 0, "xbstream")
}

func TestManifestsThatContradictThemselvesAreRefused(t *testing.T) {
	for _, c := range []struct {
		why    string
		change func(*repository.Manifest)
	}{
		{"frames", func(m *repository.Manifest) { m.Files[0].Frames++ }},
		{"frames", func(m *repository.Manifest) { m.Files[0].FrameBytes = 1 << 40 }},
		{"compression", func(m *repository.Manifest) { m.Files[0].Compression = "gzip" }},
		{"raw_bytes", func(m *repository.Manifest) { m.Files[0].Compression = "none" }},
		{"sha256", func(m *repository.Manifest) { m.Files[0].SHA256 = strings.Repeat("x", 64) }},
		{"files", func(m *repository.Manifest) { m.Files = append(m.Files, m.Files[0]) }},
		{"files", func(m *repository.Manifest) { m.Files[0].Content = "log" }},
		{"xbstream", func(m *repository.Manifest) { m.Stream = nil }},
		{"position", func(m *repository.Manifest) { m.Position.UUID = "" }},
		{"method", func(m *repository.Manifest) { m.Method = "other" }},
		{"times", func(m *repository.Manifest) { m.EndedAt = 0 }},
	} {
		destination, path := sets.Copy(t, "physical")
		sets.EditManifest(t, path, c.change)
		problems := reread(t, destination, path)
		if len(problems) == 0 || problems[0].File != repository.ManifestName ||
			!strings.Contains(repository.Join(problems), c.why) {
			t.Errorf("%s: %v", c.why, problems)
		}
	}
}

func TestAPositionThatIsNotTheStreamsIsFound(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	sets.EditManifest(t, path, func(m *repository.Manifest) { m.Position.Seqno++; m.Position.SeqnoEnd++ })
	problems := reread(t, destination, path)
	if len(problems) != 1 || !strings.Contains(problems[0].Reason, "is at the position") {
		t.Errorf("%v", problems)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	ctx, cancel := context.WithCancelCause(context.Background())
	s, why := sets.Open(t, destination, path), errors.New("enough")
	_, err := s.Read(ctx, func(int64) { cancel(why) })
	if !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
}
