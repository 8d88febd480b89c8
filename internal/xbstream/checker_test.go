// SPDX-License-Identifier: GPL-3.0-or-later

package xbstream

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"overcloud.backup/tests/messages"
)

func head(flags, kind byte, path string) []byte {
	b := append([]byte(magic), flags, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(path)))
	return append(b, path...)
}

func put(path, data string, offset uint64) []byte { return putFlagged(0, path, data, offset) }

func putFlagged(flags byte, path, data string, offset uint64) []byte {
	b := head(flags, payload, path)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint64(b, offset)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(data)))
	return append(b, data...)
}

func ends(path string) []byte { return head(0, end, path) }

func seeks(path string, offset uint64) []byte {
	return binary.LittleEndian.AppendUint64(head(0, seek, path), offset)
}

func renames(path, to string) []byte {
	b := binary.LittleEndian.AppendUint32(head(0, rename, path), uint32(len(to)))
	return append(b, to...)
}

func join(chunks ...[]byte) []byte { return bytes.Join(chunks, nil) }

func check(stream []byte, keep ...string) (*Checker, Summary, error) {
	c := NewChecker(keep...)
	_, err := c.Write(stream)
	s, finished := c.Finish()
	if err == nil {
		err = finished
	}
	return c, s, err
}

func TestCompleteStreams(t *testing.T) {
	for name, tt := range map[string]struct {
		stream []byte
		want   Summary
	}{
		"nothing at all":           {nil, Summary{}},
		"one file":                 {join(put("a", "hello", 0), ends("a")), Summary{Files: 1, Chunks: 2, Bytes: 5}},
		"an empty file has an end": {ends("mysql/slow_log.CSV"), Summary{Files: 1, Chunks: 1}},
		"an empty payload":         {join(put("a", "", 0), ends("a")), Summary{Files: 1, Chunks: 2}},
		"interleaved files": {join(put("a", "12", 0), put("b", "x", 0), put("a", "34", 2), ends("b"),
			ends("a")), Summary{Files: 2, Chunks: 5, Bytes: 5}},
		"seek back and overwrite": {join(put("a", "hello", 0), seeks("a", 1), put("a", "E", 1), ends("a")),
			Summary{Files: 1, Chunks: 4, Bytes: 6}},
		"renamed after its end": {join(put("a", "x", 0), ends("a"), renames("a", "b"), put("a", "y", 0),
			ends("a")), Summary{Files: 2, Chunks: 5, Bytes: 2}},
		"removed after its end": {join(put("a", "x", 0), ends("a"), head(0, remove, "a")),
			Summary{Files: 0, Chunks: 3, Bytes: 1}},
		"started over with the rewrite flag": {join(put("a", "x", 0), ends("a"), putFlagged(flagRewrite, "a", "y", 0),
			ends("a")), Summary{Files: 1, Chunks: 4, Bytes: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.want.Stream = int64(len(tt.stream))
			if _, got, err := check(tt.stream); err != nil || got != tt.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestWrongStreamsAreNamedWithOffsetAndFile(t *testing.T) {
	damaged := put("d/t.ibd", "hello", 0)
	damaged[len(damaged)-1] ^= 1
	huge := binary.LittleEndian.AppendUint64(head(0, payload, "a"), 1<<40)
	far := binary.LittleEndian.AppendUint64(head(0, seek, "a"), 1<<63)
	for name, tt := range map[string]struct {
		stream []byte
		want   string
	}{
		"not xbstream":           {[]byte("-- MariaDB dump 10.19"), "offset 0: no chunk begins here"},
		"garbage between chunks": {join(ends("a"), []byte("garbage garbage")), "offset 15: no chunk begins here"},
		"a flipped bit":          {join(ends("x"), damaged), `offset 15, file "d/t.ibd": checksum`},
		"a gap": {join(put("a", "12", 0), put("a", "56", 4)),
			`file "a": bytes for offset 4 of the file come at offset 2`},
		"a file twice": {join(put("a", "x", 0), ends("a"), put("a", "x", 0)),
			`file "a": has ended before`},
		"an end twice":             {join(ends("a"), ends("a")), `file "a": has ended before`},
		"a rename of an open file": {join(put("a", "x", 0), renames("a", "b")), "before it has ended"},
		"a rename onto an open one": {join(ends("a"), put("b", "x", 0), renames("a", "b")),
			`renamed to "b", which has not ended`},
		"removing a file that does not exist": {head(0, remove, "a"), "before it has ended"},
		"an unknown type":                     {head(1, 'X', "a"), `unknown chunk type 'X'`},
		"an empty path":                       {head(0, end, ""), "a path of 0 bytes"},
		"a path too long":                     {head(0, end, strings.Repeat("p", 512)), "a path of 512 bytes"},
		"an absolute path":                    {ends("/etc/passwd"), `unsafe path "/etc/passwd"`},
		"a path that leads upwards":           {ends("d/../../x"), `unsafe path "d/../../x"`},
		"a rename that leads upwards":         {join(ends("a"), renames("a", "../b")), `unsafe path "../b"`},
		"a NUL in a path":                     {ends("a\x00b"), "unsafe path"},
		"a chunk of a terabyte":               {append(huge, make([]byte, 12)...), "is too large"},
		"an offset out of range":              {far, "is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := check(tt.stream)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Every proper prefix is refused, except those without an open file; the caller's list of required files catches these.
func TestCutStreams(t *testing.T) {
	stream := join(put("a", "hello", 0), put("b", "x", 0), ends("a"), put("b", "y", 1), ends("b"))
	for n := 1; n < len(stream); n++ {
		if c, _, err := check(stream[:n]); err == nil || c.Ended("b") {
			t.Errorf("cut after %d of %d bytes: no error", n, len(stream))
		}
	}
	_, _, err := check(stream[:len(stream)-len(ends("b"))])
	if want := "cut at offset 127: 1 file without an end: b"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("cut between chunks: got %v, want %q", err, want)
	}
}

func TestKeptFiles(t *testing.T) {
	stream := join(put("info", "uuid", 0), put("big", strings.Repeat("x", 100), 0), put("info", ":1", 4), ends("info"),
		ends("big"))
	c, _, err := check(stream, "info", "never")
	if err != nil || string(c.Kept("info")) != "uuid:1" || c.Kept("big") != nil || c.Kept("never") != nil {
		t.Errorf("kept %q, %q, %q, %v", c.Kept("info"), c.Kept("big"), c.Kept("never"), err)
	}
}

// recorded returns a stream of mariadb-backup 10.11.19 from a Galera node with one small schema: testdata/README.
func recorded(t testing.TB) []byte {
	f, err := os.Open("testdata/mariadb-backup-10.11.19.xbstream.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRecordedStream(t *testing.T) {
	stream := recorded(t)
	c := NewChecker("xtrabackup_galera_info")
	if _, err := io.Copy(c, iotest.HalfReader(bytes.NewReader(stream))); err != nil {
		t.Fatal(err)
	}
	s, err := c.Finish()
	if err != nil || s.Stream != int64(len(stream)) || s.Files != 21 {
		t.Fatalf("%+v, %v", s, err)
	}
	for _, path := range []string{"ibdata1", "ib_logfile0", "xtrabackup_checkpoints", "xtrabackup_info"} {
		if !c.Ended(path) {
			t.Errorf("%s has not ended", path)
		}
	}
	if _, seqno, ok := bytes.Cut(c.Kept("xtrabackup_galera_info"), []byte(":")); !ok || len(seqno) == 0 {
		t.Errorf("xtrabackup_galera_info: %q", c.Kept("xtrabackup_galera_info"))
	}
}

func TestErrorsRepeatLittle(t *testing.T) {
	for _, name := range []string{strings.Repeat("x", 500), strings.Repeat("\xff", 500), "a\x1b[2J\nb",
		strings.Repeat("\U000e0001", 120), "../\x1b" + strings.Repeat("é", 200)} {
		other := name[:len(name)-1] + "y"
		for what, stream := range map[string][]byte{
			"no end":     join(put(name, "hello", 0), put(other, "", 0), put("b", "x", 0), put("c", "x", 0)),
			"two ends":   join(put(name, "x", 0), ends(name), ends(name)),
			"renamed":    join(put(name, "x", 0), renames(name, other)),
			"onto":       join(put(other, "x", 0), put(name, "x", 0), ends(name), renames(name, other)),
			"a bad type": head(0, 'X', name),
			"not magic":  []byte(name + name),
		} {
			_, _, err := check(stream)
			if err == nil {
				t.Errorf("%s is taken", what)
			}
			messages.Check(t, err)
		}
	}
}

func FuzzChecker(f *testing.F) {
	f.Add(join(put("a", "hello", 0), put("b", "x", 0), ends("a"), ends("b")), 3)
	f.Add(join(put("a", "hello", 0), seeks("a", 1), ends("a"), renames("a", "b"), head(0, remove, "b")), 1)
	f.Add(head(1, 'X', "a"), 7)
	f.Fuzz(func(t *testing.T, stream []byte, step int) {
		_, whole, err := check(stream)
		c := NewChecker()
		_, pieces := io.Copy(c, iotest.OneByteReader(bytes.NewReader(stream)))
		if pieces == nil {
			_, pieces = c.Finish()
		}
		messages.Check(t, err)
		if (err == nil) != (pieces == nil) || err != nil && err.Error() != pieces.Error() {
			t.Fatalf("at once: %v; byte by byte: %v", err, pieces)
		}
		if err != nil {
			return
		}
		if whole.Stream != int64(len(stream)) || whole.Bytes > whole.Stream {
			t.Fatalf("%+v of %d bytes", whole, len(stream))
		}
		if step > 0 && step < len(stream) {
			_, cut, err := check(stream[:len(stream)-step])
			if err == nil && cut.Chunks >= whole.Chunks {
				t.Fatalf("cut by %d bytes, yet %d of %d chunks", step, cut.Chunks, whole.Chunks)
			}
		}
	})
}

func TestAStreamWithoutAnEndOfFilesIsRefused(t *testing.T) {
	c := NewChecker()
	var err error
	chunk := append([]byte("XBSTCK01\x00E\x08\x00\x00\x00"), "00000000"...)
	for n := 0; n < 2*maxFiles && err == nil; n++ {
		copy(chunk[14:], fmt.Sprintf("%08x", n))
		_, err = c.Write(chunk)
	}
	if err == nil || !strings.Contains(err.Error(), "more than 1048576 files") {
		t.Error(err)
	}
}
