// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"syscall"

	"overcloud.backup/internal/mariadb/catalog"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/zframe"
)

// Read reads every file of the set to its end: length, sha256, zstd frames and their content, the structure of the
// stream or the last line of the dump. The error says that it could not be read; problems are those of the set.
func (s *Set) Read(ctx context.Context, progress func(int64)) ([]Problem, error) {
	problems := append([]Problem{}, checkManifest(s.Manifest)...)
	if len(problems) > 0 {
		return problems, nil
	}
	for _, f := range s.Manifest.Files {
		p, err := s.ReadFile(ctx, f, nil, progress)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.path(f.Name), err)
		}
		if p != nil {
			problems = append(problems, *p)
		}
	}
	return problems, nil
}

// ReadFile reads one file back and checks its content. The unpacked content is also written to copy, if that is not
// nil; an error of copy is returned.
func (s *Set) ReadFile(
	ctx context.Context, f File, copy io.Writer, progress func(int64),
) (*Problem, error) {
	return s.readAs(ctx, f, contentOf(f, s.Manifest), copy, progress)
}

// ReadStream is ReadFile for the xbstream of a physical set. It also returns the lengths of the files in the stream.
func (s *Set) ReadStream(
	ctx context.Context, f File, copy io.Writer, progress func(int64),
) (map[string]int64, *Problem, error) {
	inside := newStream(s.Manifest)
	bad, err := s.readAs(ctx, f, inside, copy, progress)
	return inside.Lengths(), bad, err
}

// ReadDefinitions reads back the list of definitions of the set.
func (s *Set) ReadDefinitions(
	ctx context.Context, f File, progress func(int64),
) (catalog.Definitions, *Problem, error) {
	inside := &definitionList{want: s.Manifest.Schema.Fingerprint}
	bad, err := s.readAs(ctx, f, inside, nil, progress)
	return inside.definitions, bad, err
}

// readAs is ReadFile with a given check of the content.
func (s *Set) readAs(
	ctx context.Context, f File, inside content, copy io.Writer, progress func(int64),
) (*Problem, error) {
	file, p, err := s.open(f)
	if file == nil {
		return p, err
	}
	defer file.Close()
	r := &rereading{file: f, content: inside, copy: copy, hash: sha256.New()}
	// Never more than the manifest says, even if another process continues to write.
	src := io.TeeReader(&progressReader{ctx, io.LimitReader(file, f.Bytes), progress}, r.hash)
	if f.Compression == "zstd" {
		err = zframe.Unpack(ctx, src, f.FrameBytes, r.take)
	} else {
		err = r.plain(src)
	}
	if err == nil {
		err = r.end()
	}
	return r.judge(ctx, err)
}

// open opens a file of the set that is as long as the manifest says.
func (s *Set) open(f File) (io.ReadCloser, *Problem, error) {
	file, size, err := s.source.Open(f.Name, 0)
	var p Problem
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p = Damage(f.Name, "the file is missing")
		return nil, &p, nil
	case errors.Is(err, ErrIrregular):
		p = Damage(f.Name, "%v", err)
		return nil, &p, nil
	case err != nil:
		return nil, nil, err
	case size < f.Bytes:
		p = DamageAt(f.Name, size, "the file ends here; it should have %d bytes", f.Bytes)
	case size > f.Bytes:
		p = DamageAt(f.Name, f.Bytes, "the file should end here; it has %d bytes", size)
	default:
		return file, nil, nil
	}
	file.Close()
	return nil, &p, nil
}

// rereading is a file that is being read back.
type rereading struct {
	file    File
	content content
	copy    io.Writer
	hash    hash.Hash
	raw     int64
	frames  int
	at      int64 // of the frame that is checked
}

// copyError means that the copy could not be written: nothing is known about the set then.
type copyError struct{ error }

func (e copyError) Unwrap() error { return e.error }

func (r *rereading) take(f zframe.Frame, raw []byte) error {
	r.at, r.frames, r.raw = f.Offset, r.frames+1, r.raw+int64(len(raw))
	if _, err := r.content.Write(raw); err != nil {
		return &zframe.FrameError{Offset: f.Offset, Err: err}
	}
	if r.raw != min(int64(r.frames)*r.file.FrameBytes, r.file.RawBytes) {
		return &zframe.FrameError{Offset: f.Offset,
			Err: fmt.Errorf("frame %d contains %d bytes, which is not its expected content", r.frames, len(raw))}
	}
	return r.write(raw)
}

func (r *rereading) write(raw []byte) error {
	if r.copy == nil {
		return nil
	}
	if _, err := r.copy.Write(raw); err != nil {
		return copyError{err}
	}
	return nil
}

func (r *rereading) plain(src io.Reader) error {
	buffer := make([]byte, 1<<20)
	for {
		n, err := src.Read(buffer)
		r.raw += int64(n)
		if _, bad := r.content.Write(buffer[:n]); bad != nil {
			return &zframe.FrameError{Offset: 0, Err: bad}
		}
		if bad := r.write(buffer[:n]); bad != nil {
			return bad
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// end checks what only shows after everything has been read.
func (r *rereading) end() error {
	if r.raw != r.file.RawBytes || r.frames != r.file.Frames {
		return &zframe.FrameError{Offset: r.file.Bytes,
			Err: fmt.Errorf("it contains %d bytes in %s, and the manifest says %d in %d", r.raw,
				quantity.Count(int64(r.frames), "frame"),
				r.file.RawBytes, r.file.Frames)}
	}
	if err := r.content.finish(); err != nil {
		return &zframe.FrameError{Offset: r.at, Err: err}
	}
	return nil
}

// ofMedium reports whether an error means that the medium has lost data: it cannot be read, or a file system with
// checksums (XFS, Btrfs, ext4) finds them wrong.
func ofMedium(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EUCLEAN) || errors.Is(err, syscall.EBADMSG)
}

// judge distinguishes a damaged file from one that could not be read.
func (r *rereading) judge(ctx context.Context, err error) (*Problem, error) {
	var bad *zframe.FrameError
	switch sum := hex.EncodeToString(r.hash.Sum(nil)); {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &bad):
		p := DamageAt(r.file.Name, bad.Offset, "%v", bad.Err)
		return &p, nil
	case ofMedium(err):
		p := Damage(r.file.Name, "%v", err)
		return &p, nil
	case err != nil:
		return nil, err
	case sum != r.file.SHA256:
		p := Damage(r.file.Name, "sha256 is %s, and the manifest says %s; the damage is somewhere in its %d bytes", sum,
			r.file.SHA256, r.file.Bytes)
		return &p, nil
	}
	return nil, nil
}

// progressReader counts what is read, and ends with the context.
type progressReader struct {
	ctx      context.Context
	from     io.Reader
	progress func(int64)
}

func (t *progressReader) Read(p []byte) (int, error) {
	if t.ctx.Err() != nil {
		return 0, context.Cause(t.ctx)
	}
	n, err := t.from.Read(p)
	if t.progress != nil {
		t.progress(int64(n))
	}
	return n, err
}

// Content reads back a small file of the set by its content, such as cib; fs.ErrNotExist if the set has none.
func (s *Set) Content(ctx context.Context, content string) ([]byte, error) {
	for _, f := range s.Manifest.Files {
		if f.Content != content || f.RawBytes > maxSmall {
			continue
		}
		var text bytes.Buffer
		bad, err := s.ReadFile(ctx, f, &text, func(int64) {})
		if bad != nil {
			return nil, &Unusable{s.Path(), *bad}
		}
		return text.Bytes(), err
	}
	return nil, fmt.Errorf("%s holds no %s: %w", s.Path(), content, fs.ErrNotExist)
}

// Check reports contradictions of the manifest. Nothing may be restored from a set that has any.
func (s *Set) Check() []Problem { return checkManifest(s.Manifest) }
