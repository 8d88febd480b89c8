// SPDX-License-Identifier: GPL-3.0-or-later

package xbstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unpacked returns the files that mbstream -x creates from a stream, with their lengths.
func unpacked(t *testing.T, stream []byte) map[string]int64 {
	t.Helper()
	if _, err := exec.LookPath("mbstream"); err != nil {
		t.Skipf("no judge: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	c := exec.CommandContext(ctx, "mbstream", "-x", "-C", dir)
	c.Stdin = bytes.NewReader(stream)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, out)
	}
	files := map[string]int64{}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		files[strings.TrimPrefix(path, dir+"/")] = info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// mbstream stops at a name that it cannot create, and exits with 0: the rest is missing. Such a stream is refused.
func TestNamesThatMbstreamDoesNotUnpackAreRefused(t *testing.T) {
	last := join(put("last", "x", 0), ends("last"))
	file := func(path string) []byte { return join(put(path, "x", 0), ends(path)) }
	one := func(path string) []byte { return join(file(path), last) }
	for name, c := range map[string]struct {
		stream []byte
		want   string
	}{
		"a name with a dot before it":   {one(".a"), `mbstream does not unpack a file called ".a"`},
		"a relative path":               {one("./a"), `mbstream does not unpack a file called "./a"`},
		"a folder with a dot before it": {one(".d/a"), `mbstream does not unpack a file called ".d/a"`},
		"two folders deep":              {one("d/e/a"), `mbstream does not unpack a file called "d/e/a"`},
		"only a folder":                 {one("d/"), `mbstream does not unpack a file called "d/"`},
		"a folder's own name":           {one("d/."), `mbstream does not unpack a file called "d/."`},
		"a name too long for a disk":    {one(strings.Repeat("n", 256)), "mbstream does not unpack a file called"},
		"a file, and a folder of that name": {join(file("d"), one("d/a")),
			`file "d/a": is in a folder "d", which is a file`},
		"a folder, and a file of that name": {join(file("d/a"), one("d")), `file "d": is a folder of other files`},
		"a new name in no folder":           {join(one("a"), renames("a", "d/b")), `is renamed to "d/b"`},
		"a new name that is a folder":       {join(one("a"), file("d/b"), renames("a", "d")), `is renamed to "d"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := check(c.stream)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if files := unpacked(t, c.stream); files["last"] == 1 && !strings.HasPrefix(name, "a new name") {
				t.Errorf("mbstream unpacks it: %v", files)
			}
		})
	}
}

// The content of an accepted stream is what mbstream creates from it, file for file and byte for byte.
func TestLengthsAreThoseThatMbstreamMakes(t *testing.T) {
	type lengths = map[string]int64
	longest := strings.Repeat("n", maxName)
	for name, c := range map[string]struct {
		stream []byte
		want   lengths
	}{
		"nothing": {nil, lengths{}},
		"files and folders": {
			join(put("a", "hello", 0), put("d/.b", "x", 0), ends("d/.b"), ends("a")),
			lengths{"a": 5, "d/.b": 1},
		},
		"an empty file":    {ends("a"), lengths{"a": 0}},
		"a seek back":      {join(put("a", "hello", 0), seeks("a", 1), put("a", "E", 1), ends("a")), lengths{"a": 5}},
		"a hole":           {join(seeks("a", 100), put("a", "E", 100), ends("a")), lengths{"a": 101}},
		"a seek beyond it": {join(put("a", "hi", 0), seeks("a", 100), put("a", "", 100), ends("a")), lengths{"a": 2}},
		"written again": {
			join(put("a", "hello", 0), ends("a"), putFlagged(flagRewrite, "a", "x", 0), ends("a")),
			lengths{"a": 1},
		},
		"a new name": {
			join(put("a", "hi", 0), ends("a"), put("b", "x", 0), ends("b"), renames("a", "b")),
			lengths{"b": 2},
		},
		"a new name in a folder": {
			join(ends("d/x"), put("a", "hi", 0), ends("a"), renames("a", "d/b")),
			lengths{"d/x": 0, "d/b": 2},
		},
		"removed": {join(put("a", "hi", 0), ends("a"), head(0, remove, "a"), ends("b")),
			lengths{"b": 0}},
		"a folder in a file's place": {join(ends("d"), head(0, remove, "d"), ends("d/a")), lengths{"d/a": 0}},
		"the longest name":           {ends(longest), lengths{longest: 0}},
		"of mariadb-backup":          {recorded(t), nil},
	} {
		t.Run(name, func(t *testing.T) {
			checker, _, err := check(c.stream)
			if got := checker.Lengths(); err != nil || c.want != nil && !maps.Equal(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
			if files := unpacked(t, c.stream); !maps.Equal(files, checker.Lengths()) {
				t.Errorf("mbstream makes %v of it, we expect %v", files, checker.Lengths())
			}
		})
	}
}

// For any sequence of chunks, mbstream creates from an accepted stream the files that Lengths returns.
func TestRandomStreamsAreUnpackedAsTheyAreRead(t *testing.T) {
	random := rand.New(rand.NewPCG(14, 4))
	names := []string{"a", "b", "d", "d/a", "d/b", "e/a", ".x", "d/e/f", "f", "e"}
	accepted := 0
	for n := range 400 {
		stream := scramble(random, names)
		checker, _, err := check(stream)
		if err != nil {
			continue
		}
		accepted++
		if files := unpacked(t, stream); !maps.Equal(files, checker.Lengths()) {
			t.Fatalf("stream %d: mbstream makes %v of it, we expect %v\n%q", n, files, checker.Lengths(), stream)
		}
	}
	if accepted < 50 {
		t.Errorf("only %d of 400 were accepted", accepted)
	}
}

// scramble returns a stream of a few files, complete except for conflicts between their names.
func scramble(random *rand.Rand, names []string) []byte {
	var stream []byte
	name := func() string { return names[random.IntN(len(names))] }
	for range 1 + random.IntN(5) {
		path := name()
		add := func(chunks ...[]byte) { stream = join(append([][]byte{stream}, chunks...)...) }
		switch text := fmt.Sprint(random.IntN(100000)); random.IntN(6) {
		case 0:
			add(ends(path))
		case 1:
			add(put(path, text, 0), ends(path), renames(path, name()))
		case 2:
			add(put(path, text, 0), ends(path), head(0, remove, path))
		case 3:
			add(put(path, text, 0), seeks(path, 3), put(path, "abc", 3), ends(path))
		case 4:
			add(putFlagged(flagRewrite, path, text, 0), ends(path))
		default:
			add(put(path, text, 0), ends(path))
		}
	}
	return stream
}
