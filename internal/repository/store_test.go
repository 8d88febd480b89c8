// SPDX-License-Identifier: GPL-3.0-or-later

package repository_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/storetest"
	"overcloud.backup/internal/zframe"
)

const uuid = "0bf81e81-e6a9-11f1-aab7-6f76032d5070"

// small writes a logical set of a few bytes, without a server.
func small(t *testing.T, r *repository.Repository, dump string) *repository.Draft {
	t.Helper()
	d, err := r.Create("solo", "logical", "a", time.Date(2026, 11, 22, 19, 15, 0, 0, time.UTC))
	must(t, err)
	w, err := d.New("backup.sql.zst")
	must(t, err)
	hash := sha256.New()
	stats, err := zframe.Copy(io.MultiWriter(w, hash), strings.NewReader(dump),
		zframe.Options{Level: 1, Workers: 2, Blocks: 3})
	must(t, errors.Join(err, w.Sync(), w.Close()))
	data := repository.File{
		Name: "backup.sql.zst", Content: repository.ContentDump, Bytes: stats.Bytes, RawBytes: stats.Raw,
		Compression: "zstd",
		SHA256:      hex.EncodeToString(hash.Sum(nil)), Frames: stats.Frames, FrameBytes: zframe.Size,
	}
	users, err := d.Add("users.sql", repository.ContentUsers, []byte("CREATE ROLE r;\n"))
	must(t, err)
	must(t, d.Commit(&repository.Manifest{
		Cluster: repository.Cluster{Name: "solo", UUID: uuid}, Controller: "a", Method: "logical", StartedAt: 1,
		EndedAt:  2,
		Position: repository.Position{UUID: uuid, Seqno: 3, SeqnoEnd: 4}, Files: repository.Files{data, users},
		Warnings: []string{},
	}))
	return d
}

const dump = "CREATE DATABASE `nova`;\n-- Dump completed\n"

func TestASetInABucketIsWrittenListedAndReadBack(t *testing.T) {
	m := storetest.NewMemory()
	r := repository.New(m)
	d := small(t, r, dump)
	l, err := r.List("")
	if err != nil || len(l.Sets) != 1 || len(l.NoSets)+len(l.Damaged) > 0 || l.Sets[0].Path != "memory://"+d.Name() {
		t.Fatalf("%+v, %v", l, err)
	}
	s, err := r.Set("", repository.Newest)
	must(t, err)
	defer s.Close()
	var copied bytes.Buffer
	bad, err := s.ReadFile(t.Context(), s.Manifest.Data(), &copied, nil)
	if bad != nil || err != nil || copied.String() != dump {
		t.Errorf("%q, %v, %v", copied.String(), bad, err)
	}
	outcome := repository.Outcome{OK: true, At: 5, Problems: []repository.Problem{}, Warnings: []string{}}
	must(t, s.Write(repository.LevelRead, outcome))
	if e := s.Entry(); e.Verified != repository.LevelRead || e.VerifiedAt != 5 || len(e.Warnings) > 0 ||
		len(e.Verifications) != 1 || !e.Verifications[0].OK || e.Verifications[0].At != 5 || e.Compression != "zstd" ||
		e.ManifestSHA256 != s.Sum {
		t.Errorf("%+v", e)
	}
	if _, err := r.Create("solo", "logical", "b", time.Now()); err != nil {
		t.Fatal(err)
	}
	if left := r.Leftovers("solo"); len(left) != 1 || !strings.HasSuffix(left[0], "_logical_b") {
		t.Errorf("leftovers: %q", left)
	}
}

// A disk that cannot be read makes a set damaged. A network that fails, or an account without permission, proves
// nothing.
func TestAStoreThatFailsProvesNothing(t *testing.T) {
	for _, file := range []string{"backup.sql.zst", "users.sql"} {
		for err, damaged := range map[error]bool{
			syscall.EIO: true, syscall.EUCLEAN: true, syscall.EBADMSG: true, syscall.ESTALE: false,
			syscall.EACCES:                        false,
			errors.New("the connection is reset"): false,
		} {
			m := storetest.NewMemory()
			r := repository.New(m)
			small(t, r, dump)
			s, openErr := r.Set("", repository.Newest)
			must(t, openErr)
			m.Fail = func(call, name string) error {
				if call == "read" && strings.HasSuffix(name, "/"+file) {
					return fmt.Errorf("read %s: %w", name, err)
				}
				return nil
			}
			problems, got := s.Read(t.Context(), nil)
			if (len(problems) == 1) != damaged || (got == nil) != damaged || got != nil && !errors.Is(got, err) {
				t.Errorf("%s, %v: %v, %v", file, err, problems, got)
			}
		}
	}
}

// Whichever call of the store fails during a write, there is no set, and leftovers count as unfinished.
func TestASetWhoseStoreFailsIsNone(t *testing.T) {
	for _, call := range []string{"create", "write", "sync", "commit"} {
		m := storetest.NewMemory()
		r := repository.New(m)
		full := errors.New("no space is left")
		d, err := r.Create("solo", "logical", "a", time.Now())
		must(t, err)
		m.Fail = func(c, _ string) error {
			if c == call {
				return full
			}
			return nil
		}
		f, err := d.Add("users.sql", repository.ContentUsers, []byte("x"))
		if err == nil {
			err = d.Commit(&repository.Manifest{Files: repository.Files{f}})
		}
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", call, err)
		}
		if l, err := r.List(""); err != nil || len(l.Sets)+len(l.Damaged) > 0 || len(l.NoSets) != 1 {
			t.Errorf("%s: %+v, %v", call, l, err)
		}
		must(t, d.Abort())
		if left := m.Objects(); len(left) > 0 {
			t.Errorf("%s: %q is left", call, left)
		}
	}
}

func TestAManifestThatCannotBeReadIsNoDamage(t *testing.T) {
	for err, damaged := range map[error]bool{syscall.EIO: true, syscall.EUCLEAN: true, repository.ErrIrregular: true,
		syscall.EACCES:    false,
		syscall.ETIMEDOUT: false} {
		m := storetest.NewMemory()
		r := repository.New(m)
		small(t, r, dump)
		m.Fail = func(call, name string) error {
			if call == "open" && strings.HasSuffix(name, "/"+repository.ManifestName) {
				return err
			}
			return nil
		}
		l, got := r.List("")
		if (len(l.Damaged) == 1) != damaged || (got == nil) != damaged || got != nil && !errors.Is(got, err) {
			t.Errorf("%v: %+v, %v", err, l, got)
		}
		if _, got := r.Set("", repository.Newest); errors.As(got, new(*repository.BrokenManifest)) != damaged ||
			got == nil {
			t.Errorf("%v, opened: %v", err, got)
		}
	}
}

func TestAListThatFailsIsAnError(t *testing.T) {
	for _, call := range []string{"list", "open"} {
		m := storetest.NewMemory()
		r := repository.New(m)
		small(t, r, dump)
		gone := errors.New("the connection is reset")
		m.Fail = func(c, name string) error {
			if c == call && !strings.HasSuffix(name, ".json") {
				return gone
			}
			return nil
		}
		if l, err := r.List(""); !errors.Is(err, gone) {
			t.Errorf("%s: %+v, %v", call, l, err)
		}
		if _, err := r.Set("", repository.Newest); !errors.Is(err, gone) {
			t.Errorf("%s, the newest: %v", call, err)
		}
	}
}

// A set, or a cluster, that cannot be read is named, and hides none of the others; the newest set is not known then.
func TestAListThatFailsHasTheOthers(t *testing.T) {
	for _, hidden := range []string{"open solo/20261122T191500Z_logical_a", "list solo"} {
		m := storetest.NewMemory()
		r := repository.New(m)
		small(t, r, dump)
		other, err := r.Create("other", "logical", "b", time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		must(t, err)
		f, err := other.Add("backup.sql", repository.ContentDump, []byte(dump))
		must(t, err)
		must(t, other.Commit(&repository.Manifest{Files: repository.Files{f}}))
		m.Fail = func(call, name string) error {
			if call+" "+name == hidden {
				return syscall.ESTALE
			}
			return nil
		}
		l, err := r.List("")
		if !errors.Is(err, syscall.ESTALE) || len(l.Sets) != 1 || l.Sets[0].Set != other.Name() ||
			len(l.Unreadable) != 1 || !strings.Contains(l.Unreadable[0].Path, strings.Fields(hidden)[1]) {
			t.Errorf("%s: %+v, %v", hidden, l, err)
		}
		if s, err := r.Set("", repository.Newest); err == nil {
			t.Errorf("%s: %s is the newest", hidden, s.Name)
		}
	}
}
