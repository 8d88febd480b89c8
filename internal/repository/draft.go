// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"
)

const (
	// ManifestName is the file that makes a folder a set.
	ManifestName = "manifest.json"
	timeFormat   = "20060102T150405Z"
)

// Draft is a set that is being written. It must end with Commit or Abort.
type Draft struct {
	store Store
	name  string // <cluster>/<set>
	sink  Sink
}

// Create begins a set. Its name contains the time in UTC, to the second, or the next free second.
func (r *Repository) Create(cluster, method, controller string, now time.Time) (*Draft, error) {
	for what, name := range map[string]string{"cluster name": cluster, "method": method,
		"controller name": controller} {
		if err := CheckName(what, name); err != nil {
			return nil, err
		}
	}
	d := &Draft{store: r.store}
	var err error
	for range 100 {
		d.name = path.Join(cluster, now.UTC().Format(timeFormat)+"_"+method+"_"+controller)
		d.sink, err = r.store.Create(d.name, func() error { return r.announce(d.name) })
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		now = now.Add(time.Second)
	}
	if err != nil {
		return nil, fmt.Errorf("make a set in %s: %w", r.store.Location(""), err)
	}
	return d, nil
}

func (r *Repository) announce(name string) error {
	if r.Announce == nil {
		return nil
	}
	return r.Announce(path.Dir(name), r.store.Working(name), path.Base(name))
}

// Name returns <cluster>/<time>_<method>_<controller>. The manifest contains it, too, which reveals a manifest that was
// moved to another set.
func (d *Draft) Name() string { return d.name }

// Path returns where the set will be after Commit.
func (d *Draft) Path() string { return d.store.Location(d.name) }

// Folder returns where the files of the set are until then.
func (d *Draft) Folder() string {
	return d.store.Location(path.Join(path.Dir(d.name), d.store.Working(d.name)))
}

// New creates a file of the set. The caller syncs and closes it.
func (d *Draft) New(name string) (Writer, error) { return d.sink.Create(name) }

// Add writes a small file, uncompressed.
func (d *Draft) Add(name, content string, data []byte) (File, error) {
	sum := sha256.Sum256(data)
	f := File{
		Name: name, Content: content, Compression: "none", Bytes: int64(len(data)), RawBytes: int64(len(data)),
		SHA256: hex.EncodeToString(sum[:]),
	}
	file, err := d.New(name)
	if err != nil {
		return f, err
	}
	_, err = file.Write(data)
	return f, errors.Join(err, file.Sync(), file.Close())
}

// Commit writes the manifest and gives the set its name; only then it exists. If it fails, call Abort.
func (d *Draft) Commit(m *Manifest) error {
	m.Format, m.Set = Format, d.Name()
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if len(data) >= maxManifest {
		return fmt.Errorf("manifest: it would have %d bytes, and is read up to %d only", len(data), maxManifest)
	}
	if err := d.sink.Commit(append(bytes.TrimSpace(data), '\n')); err != nil {
		return fmt.Errorf("finish the set %s: %w", d.Path(), err)
	}
	return nil
}

// Restart removes all files of the set, so that it can be written again.
func (d *Draft) Restart() error {
	if err := d.sink.Reset(); err != nil {
		return fmt.Errorf("empty %s: %w", d.Folder(), err)
	}
	return nil
}

// Abort removes the complete set. The error says what is left.
func (d *Draft) Abort() error { return d.sink.Abort() }
