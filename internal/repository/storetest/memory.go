// SPDX-License-Identifier: GPL-3.0-or-later

package storetest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"overcloud.backup/internal/repository"
)

// Memory is a store in memory that behaves like a bucket: it has objects and no folders, nothing can be renamed, and a
// set without a manifest is an unfinished one. Tests of code that uses a store let it fail where they choose.
type Memory struct {
	// Fail is called before each call, "create", "write", "sync", "commit", "open", "read", "list" or "discard", with
	// the name that it is about. Its error is the call's. May be nil.
	Fail func(call, name string) error

	mutex   sync.Mutex
	objects map[string][]byte // by <cluster>/<set>/<file>; a name that ends with a slash is a set that was begun
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{objects: map[string][]byte{}} }

func (m *Memory) fails(call, name string) error {
	if m.Fail == nil {
		return nil
	}
	return m.Fail(call, name)
}

// Location returns a URL that nothing answers to.
func (m *Memory) Location(name string) string {
	return strings.TrimSuffix("memory:/"+path.Join("/", name), "/")
}

// Working returns the set's own name: objects are not renamed.
func (m *Memory) Working(set string) string { return path.Base(set) }

// Close does nothing.
func (m *Memory) Close() error { return nil }

// Objects returns the names of all objects, sorted.
func (m *Memory) Objects() []string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return slices.Sorted(maps.Keys(m.objects))
}

func check(set string) error {
	cluster, name, _ := strings.Cut(set, "/")
	if err := repository.CheckName("cluster name", cluster); err != nil {
		return err
	}
	return repository.CheckSetName(name)
}

// List lists clusters or sets.
func (m *Memory) List(cluster string) (items []repository.Item, err error) {
	if err := m.fails("list", cluster); err != nil {
		return nil, err
	}
	if cluster != "" {
		if err := repository.CheckName("cluster name", cluster); err != nil {
			return nil, err
		}
		cluster += "/"
	}
	names := map[string]bool{}
	for _, object := range m.Objects() {
		if rest, inside := strings.CutPrefix(object, cluster); inside {
			name, _, _ := strings.Cut(rest, "/")
			names[name] = true
		}
	}
	if len(names) == 0 && cluster != "" {
		return nil, fs.ErrNotExist
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		items = append(items, repository.Item{Name: name, Unfinished: cluster != "" && !m.finished(cluster+name)})
	}
	return items, nil
}

func (m *Memory) finished(set string) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	_, is := m.objects[set+"/"+repository.ManifestName]
	return is
}

// Open opens a set.
func (m *Memory) Open(set string) (repository.Source, error) {
	if err := check(set); err != nil {
		return nil, err
	}
	if err := m.fails("open", set); err != nil {
		return nil, err
	}
	if !slices.Contains(m.Objects(), set+"/") {
		return nil, fs.ErrNotExist
	}
	return &memorySet{m, set}, nil
}

// Create begins a set.
func (m *Memory) Create(set string, announce func() error) (repository.Sink, error) {
	if err := check(set); err != nil {
		return nil, err
	}
	if err := m.fails("create", set); err != nil {
		return nil, err
	}
	if slices.Contains(m.Objects(), set+"/") {
		return nil, fs.ErrExist
	}
	if err := announce(); err != nil {
		return nil, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if _, taken := m.objects[set+"/"]; taken {
		return nil, fs.ErrExist
	}
	m.objects[set+"/"] = nil
	return &memorySink{memorySet{m, set}}, nil
}

// Discard removes an unfinished set.
func (m *Memory) Discard(cluster, working string) (removed bool, err error) {
	set := cluster + "/" + working
	if err := check(set); err != nil {
		return false, err
	}
	if err := m.fails("discard", set); err != nil {
		return false, err
	}
	if m.finished(set) {
		return false, nil
	}
	return m.remove(set+"/", ""), nil
}

// remove removes the objects that begin with a prefix, except one.
func (m *Memory) remove(prefix, but string) (removed bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for name := range m.objects {
		if strings.HasPrefix(name, prefix) && name != but {
			delete(m.objects, name)
			removed = true
		}
	}
	return removed
}

// memorySet is a set that is read.
type memorySet struct {
	*Memory
	set string
}

func (s *memorySet) object(file string) (string, error) {
	if file == "" || file == "." || file == ".." || strings.Contains(file, "/") {
		return "", fmt.Errorf("%q: %w", file, fs.ErrInvalid)
	}
	return s.set + "/" + file, nil
}

func (s *memorySet) Open(file string, offset int64) (io.ReadCloser, int64, error) {
	name, err := s.object(file)
	if err == nil {
		err = s.fails("open", name)
	}
	if err != nil {
		return nil, 0, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	content, is := s.objects[name]
	if !is {
		return nil, 0, fs.ErrNotExist
	}
	from := bytes.NewReader(content[min(offset, int64(len(content))):])
	return io.NopCloser(&memoryReader{s, name, from}), int64(len(content)), nil
}

// memoryReader is a download.
type memoryReader struct {
	*memorySet
	name string
	from io.Reader
}

func (r *memoryReader) Read(p []byte) (int, error) {
	if err := r.fails("read", r.name); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

func (s *memorySet) Replace(file string, content []byte) error {
	name, err := s.object(file)
	if err == nil {
		err = s.fails("write", name)
	}
	if err != nil {
		return err
	}
	s.put(name, content)
	return nil
}

func (s *memorySet) put(name string, content []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.objects[name] = bytes.Clone(content)
}

// memorySink is a set that is written.
type memorySink struct{ memorySet }

func (s *memorySink) Create(file string) (repository.Writer, error) {
	name, err := s.object(file)
	if err == nil {
		err = s.fails("create", name)
	}
	if err != nil {
		return nil, err
	}
	if slices.Contains(s.Objects(), name) {
		return nil, fs.ErrExist
	}
	s.put(name, nil)
	return &memoryFile{memorySet: s.memorySet, name: name}, nil
}

func (s *memorySink) Reset() error {
	s.remove(s.set+"/", s.set+"/")
	return nil
}

func (s *memorySink) Commit(manifest []byte) error {
	if err := s.fails("commit", s.set); err != nil {
		return err
	}
	s.put(s.set+"/"+repository.ManifestName, manifest)
	return nil
}

func (s *memorySink) Abort() error {
	s.remove(s.set+"/", "")
	return nil
}

// memoryFile is an upload that becomes an object when it is synced.
type memoryFile struct {
	memorySet
	name string
	bytes.Buffer
}

func (f *memoryFile) Name() string { return f.Location(f.name) }

func (f *memoryFile) Write(p []byte) (int, error) {
	if err := f.fails("write", f.name); err != nil {
		return 0, err
	}
	return f.Buffer.Write(p)
}

func (f *memoryFile) Sync() error {
	if err := f.fails("sync", f.name); err != nil {
		return err
	}
	f.put(f.name, f.Bytes())
	return nil
}

func (f *memoryFile) Size() (int64, error) { return int64(f.Len()), nil }

func (f *memoryFile) Close() error { return nil }
