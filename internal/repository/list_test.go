// SPDX-License-Identifier: GPL-3.0-or-later

package repository_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/stores"
	"overcloud.backup/internal/zframe"
	"overcloud.backup/tests/sets"
)

func TestAFileThatIsNoneIsNotWaitedFor(t *testing.T) {
	for name, place := range map[string]func(string) error{
		"a pipe":      func(at string) error { return syscall.Mkfifo(at, 0o600) },
		"a link":      func(at string) error { return os.Symlink("/etc/passwd", at) },
		"a device":    func(at string) error { return syscall.Mknod(at, syscall.S_IFCHR|0o600, 1<<8|5) },
		"a folder":    func(at string) error { return os.Mkdir(at, 0o700) },
		"a socket":    func(at string) error { return syscall.Mknod(at, syscall.S_IFSOCK|0o600, 0) },
		"a long file": func(at string) error { return os.WriteFile(at, make([]byte, 1<<20), 0o600) },
	} {
		for _, file := range []string{"users.sql", repository.ManifestName, repository.RecordName} {
			destination, path := sets.Copy(t, "logical")
			at := filepath.Join(path, file)
			if file == repository.RecordName {
				must(t, os.WriteFile(at, nil, 0o600))
			}
			must(t, os.Remove(at))
			must(t, place(at))
			done := make(chan error, 1)
			go func() {
				r, err := stores.Open(destination)
				if err != nil {
					done <- err
					return
				}
				defer r.Close()
				s, err := r.Set("", path)
				if err == nil && file == repository.RecordName {
					_, err = s.Record()
				} else if err == nil {
					var problems []repository.Problem
					if problems, err = s.Read(context.Background(), nil); len(problems) > 0 {
						err = fmt.Errorf("%v", problems)
					}
				}
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil {
					t.Errorf("%s as %s is taken for good", name, file)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s as %s is waited for", name, file)
			}
		}
	}
}

func TestLargerFramesThanTheWritersAreRefused(t *testing.T) {
	destination, path := sets.Copy(t, "logical")
	sets.EditManifest(t, path, func(m *repository.Manifest) {
		m.Files[0].FrameBytes,
			m.Files[0].Frames = 16*sets.Mebibyte, 1
	})
	s := sets.Open(t, destination, path)
	if problems, err := s.Read(t.Context(), nil); err != nil || len(problems) != 1 ||
		!strings.Contains(problems[0].Reason, "1 frame of 16777216 bytes") {
		t.Errorf("%v, %v", problems, err)
	}
	encoder, err := zstd.NewWriter(nil)
	must(t, err)
	large := encoder.EncodeAll(make([]byte, 9*sets.Mebibyte), nil)
	err = zframe.Unpack(t.Context(), bytes.NewReader(large), zframe.Size,
		func(zframe.Frame, []byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "at most 8388608 are allowed in one") {
		t.Error(err)
	}
}

func TestFoldersThatAreNoSetsAreNamed(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	cluster := filepath.Dir(path)
	must(t, os.MkdirAll(filepath.Join(cluster, "20991231T000000Z_physical_x"), 0o700))
	must(t, os.MkdirAll(filepath.Join(cluster, ".partial-20991231T000000Z_physical_y"), 0o700))
	must(t, os.MkdirAll(filepath.Join(destination, "lost+found"), 0o700))
	must(t, os.WriteFile(filepath.Join(cluster, "a file"), nil, 0o600))
	r, err := stores.Open(destination)
	must(t, err)
	defer r.Close()
	l, err := r.List("solo")
	if err != nil || len(l.Sets) != 1 || len(l.NoSets) != 2 {
		t.Fatalf("%+v, %v", l, err)
	}
	for _, c := range []struct{ cluster, name, why string }{
		{"", "20991231T000000Z_physical_x", "give <cluster>/<set>"},
		{"solo", "20991231T000000Z_physical_x", "there is no set"},
		{"", "solo/../..", "give <cluster>"}, {"", "/etc/passwd", "give <cluster>"},
		{"..", repository.Newest, "cannot name"}, {"other", repository.Newest, "list"},
	} {
		if _, err := r.Set(c.cluster, c.name); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	s, err := r.Set("", repository.Newest)
	if err != nil || s.Path() != path {
		t.Errorf("newest: %v", err)
	}
}

func TestADirectoryThatOthersCanWriteToIsRefused(t *testing.T) {
	destination, _ := sets.Copy(t, "logical")
	must(t, os.Chmod(destination, 0o777))
	if _, err := stores.Open(destination); err == nil {
		t.Error("it is accepted")
	}
	if _, err := stores.Open("/var/tmp/there/is/nothing"); err == nil {
		t.Error("a missing one is accepted")
	}
}

// A stream with a name at which mbstream stops is damaged, even if it is only read back.
func TestAStreamThatMbstreamDoesNotUnpackIsDamaged(t *testing.T) {
	destination, path := sets.Copy(t, "physical")
	sets.Recompress(t, path, sets.Open(t, destination, path).Manifest.Data(), func(raw string) {
		content, err := os.ReadFile(raw)
		must(t, err)
		first := binary.LittleEndian.AppendUint32([]byte("XBSTCK01\x00E"), uint32(len("nova/a/b.frm")))
		must(t, os.WriteFile(raw, append(append(first, "nova/a/b.frm"...), content...), 0o600))
	})
	sets.EditManifest(t, path, func(m *repository.Manifest) { m.Stream.Files++; m.Stream.Chunks++ })
	problems, err := sets.Open(t, destination, path).Read(context.Background(), nil)
	if want := "mbstream does not unpack a file called"; err != nil ||
		!strings.Contains(repository.Join(problems), want) {
		t.Errorf("%v, %v", problems, err)
	}
}
