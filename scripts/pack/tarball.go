// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// entry is a file or folder of a tarball.
type entry struct {
	header  *tar.Header
	content []byte
}

// repack replaces the tarball of a collection with one whose bytes depend on its files alone: ansible-galaxy leaves the
// order of the names, the times and the users to the file system.
func repack(file string, at time.Time) error {
	packed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	entries, err := unpack(packed)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := sortManifest(entries); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	out, err := pack(entries, at)
	if err != nil {
		return err
	}
	return write(file, out)
}

func unpack(packed []byte) ([]entry, error) {
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var entries []entry
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{header, content})
	}
}

// sortManifest sorts the list of files, and corrects its sum in the manifest.
func sortManifest(entries []entry) error {
	list, err := find(entries, "FILES.json")
	if err != nil {
		return err
	}
	var files map[string]any
	if err := json.Unmarshal(list.content, &files); err != nil {
		return fmt.Errorf("FILES.json: %w", err)
	}
	names, ok := files["files"].([]any)
	if !ok {
		return errors.New("FILES.json: has no list of files")
	}
	slices.SortFunc(names, func(a, b any) int { return strings.Compare(nameOf(a), nameOf(b)) })
	if list.content, err = encode(files); err != nil {
		return err
	}
	manifest, err := find(entries, "MANIFEST.json")
	if err != nil {
		return err
	}
	var content map[string]any
	if err := json.Unmarshal(manifest.content, &content); err != nil {
		return fmt.Errorf("MANIFEST.json: %w", err)
	}
	about, ok := content["file_manifest_file"].(map[string]any)
	if !ok {
		return errors.New("MANIFEST.json: has no file_manifest_file")
	}
	about["chksum_sha256"] = sum(list.content)
	manifest.content, err = encode(content)
	return err
}

func find(entries []entry, name string) (*entry, error) {
	for i := range entries {
		if entries[i].header.Name == name {
			return &entries[i], nil
		}
	}
	return nil, fmt.Errorf("has no %s", name)
}

func nameOf(file any) string {
	fields, _ := file.(map[string]any)
	name, _ := fields["name"].(string)
	return name
}

func pack(entries []entry, at time.Time) ([]byte, error) {
	slices.SortFunc(entries, func(a, b entry) int {
		return strings.Compare(strings.TrimSuffix(a.header.Name, "/"), strings.TrimSuffix(b.header.Name, "/"))
	})
	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		header := tar.Header{Typeflag: e.header.Typeflag, Name: e.header.Name, Linkname: e.header.Linkname,
			Size: int64(len(e.content)), Mode: e.header.Mode, ModTime: at, Format: tar.FormatGNU}
		if err := archive.WriteHeader(&header); err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
		if _, err := archive.Write(e.content); err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// encode returns JSON with sorted keys and one value a line.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	to.SetIndent("", " ")
	err := to.Encode(value)
	return out.Bytes(), err
}

// writeSums writes the SHA-256 of each file beside it, as sha256sum prints it.
func writeSums(files []string) error {
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := write(file+".sha256", fmt.Appendf(nil, "%s  %s\n", sum(content), filepath.Base(file))); err != nil {
			return err
		}
	}
	return nil
}
