// SPDX-License-Identifier: GPL-3.0-or-later

package zframe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// The last frame of a stream has the rest. An encoder omits the size if it is below 256 bytes.
func TestASmallLastFrameIsRead(t *testing.T) {
	for _, rest := range []int{0, 1, 2, 255, 256, 257, 1023, 1024, 1025} {
		raw := bytes.Repeat([]byte{'x'}, Size+rest)
		file, stats := packed(t, raw, 1)
		got, frames, err := unpacked(bytes.NewReader(file), Size)
		if err != nil || !bytes.Equal(got, raw) || frames != stats.Frames {
			t.Errorf("%d bytes in the last frame: %d bytes in %d frames, %v", rest, len(got), frames, err)
		}
	}
}

// unpacked returns the content of all frames.
func unpacked(src io.Reader, limit int64) (raw []byte, frames int, err error) {
	err = Unpack(context.Background(), src, limit, func(_ Frame, content []byte) error {
		raw, frames = append(raw, content...), frames+1
		return nil
	})
	return raw, frames, err
}

func packed(t testing.TB, raw []byte, level int) ([]byte, Stats) {
	t.Helper()
	var out bytes.Buffer
	stats, err := Copy(&out, bytes.NewReader(raw), Options{Level: level, Workers: 2, Blocks: 3})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), stats
}

func TestFramesAreReadInOrder(t *testing.T) {
	raw := bytes.Repeat([]byte("0123456789abcdef"), 5*Size/32) // two frames and a half
	file, stats := packed(t, raw, 1)
	got, frames, err := unpacked(bytes.NewReader(file), Size)
	if err != nil || !bytes.Equal(got, raw) || frames != 3 || stats.Frames != 3 || stats.Bytes != int64(len(file)) {
		t.Errorf("%d bytes in %d frames, %+v, %v", len(got), frames, stats, err)
	}
}

func TestErrorsOfAFrameHaveItsOffset(t *testing.T) {
	raw := make([]byte, 3*Size)
	for i, r := 0, rand.New(rand.NewPCG(1, 2)); i < len(raw); i += 8 {
		binary.LittleEndian.PutUint64(raw[i:], r.Uint64()) // does not compress, so each bit of the file matters
	}
	file, _ := packed(t, raw, 1)
	var starts []int64
	err := Unpack(t.Context(), bytes.NewReader(file), Size, func(f Frame, _ []byte) error {
		starts = append(starts, f.Offset)
		return nil
	})
	if err != nil || len(starts) != 3 {
		t.Fatalf("%v, %v", starts, err)
	}
	second := int(starts[1])
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 'x'}
	for what, c := range map[string]struct {
		file   []byte
		offset int64
		why    string
	}{
		"cut inside":      {file[:second+20], starts[1], "the file ends inside a zstd frame"},
		"cut in a header": {file[:second+3], starts[1], "no zstd frame begins here"},
		"no frame": {append(bytes.Clone(file[:second]), "no frame at all, but text"...), starts[1],
			"no zstd frame begins here"},
		"another kind": {append(bytes.Clone(file[:second]), skippable...), starts[1],
			"of a kind that no backup has"},
		"too large":        {encoder.EncodeAll(make([]byte, Size+1), nil), 0, "at most 8388608 are allowed in one"},
		"a flipped bit":    {flipped(file, second+len(file[second:])/3), starts[1], ""},
		"bytes at the end": {append(bytes.Clone(file), 0), int64(len(file)), "no zstd frame begins here"},
	} {
		_, _, err := unpacked(bytes.NewReader(c.file), Size)
		var bad *FrameError
		if !errors.As(err, &bad) || bad.Offset < c.offset || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v, want it at %d", what, err, c.offset)
		}
	}
}

func flipped(file []byte, at int) []byte {
	file = bytes.Clone(file)
	file[at] ^= 0x10
	return file
}

// brokenAfter is a reader that fails after so many bytes.
type brokenAfter struct {
	io.Reader
	err error
}

func (b brokenAfter) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

// A network failure must not make a file look damaged.
func TestASourceThatFailsIsNoDamage(t *testing.T) {
	raw := bytes.Repeat([]byte("0123456789abcdef"), 3*Size/16)
	file, _ := packed(t, raw, 1)
	gone := errors.New("the store is gone")
	for _, n := range []int{0, 3, 100, len(file) / 2, len(file)} {
		_, _, err := unpacked(brokenAfter{bytes.NewReader(file[:n]), gone}, Size)
		if !errors.Is(err, gone) || errors.As(err, new(*FrameError)) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestUnpackingEnds(t *testing.T) {
	raw := bytes.Repeat([]byte("0123456789abcdef"), 12*Size/16)
	file, _ := packed(t, raw, 1)
	enough := errors.New("enough")
	for what, end := range map[string]func(cancel func(error)) error{
		"take fails":  func(func(error)) error { return enough },
		"the context": func(cancel func(error)) error { cancel(enough); return nil },
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		frames := 0
		err := Unpack(ctx, bytes.NewReader(file), Size, func(Frame, []byte) error { frames++; return end(cancel) })
		if !errors.Is(err, enough) || frames != 1 {
			t.Errorf("%s: %d frames, %v", what, frames, err)
		}
		cancel(nil)
	}
}

// Any data that was written is read back, also if it repeats.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte(""), uint16(0), uint8(1))
	f.Add([]byte("INSERT INTO t VALUES (1);\n"), uint16(1), uint8(3))
	f.Add([]byte{0}, uint16(65535), uint8(9))
	f.Add(bytes.Repeat([]byte("0123456789"), 30), uint16(60000), uint8(1)) // more than one frame
	f.Fuzz(func(t *testing.T, piece []byte, times uint16, level uint8) {
		piece = piece[:min(len(piece), 400)]
		raw := bytes.Repeat(piece, int(times))
		file, stats := packed(t, raw, 1+int(level%19))
		got, frames, err := unpacked(bytes.NewReader(file), Size)
		want := (len(raw) + Size - 1) / Size
		if err != nil || !bytes.Equal(got, raw) || frames != want || stats.Frames != want ||
			stats.Raw != int64(len(raw)) {
			t.Errorf("%d bytes came back as %d in %d frames, %+v, %v", len(raw), len(got), frames, stats, err)
		}
	})
}

// For any file, the result is what zstd reads, or an error with its offset.
func FuzzUnpack(f *testing.F) {
	file, _ := packed(f, []byte("-- Dump completed\n"), 1)
	f.Add(file)
	f.Add(append(bytes.Clone(file), file...))
	f.Add(file[:len(file)-2])
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<20))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, _, err := unpacked(bytes.NewReader(file), 1<<16)
		var bad *FrameError
		switch {
		case err == nil:
			if want, err := decoder.DecodeAll(file, nil); err != nil || !bytes.Equal(got, want) {
				t.Errorf("zstd reads %d bytes, and not %d, %v", len(want), len(got), err)
			}
		case !errors.As(err, &bad):
			t.Errorf("no place: %v", err)
		case bad.Offset < 0 || bad.Offset > int64(len(file)):
			t.Errorf("offset %d of %d: %v", bad.Offset, len(file), err)
		}
	})
}
