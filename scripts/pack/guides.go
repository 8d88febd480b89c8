// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
)

// Sites of collections, such as docs.ansible.com, take guides as reStructuredText alone. The guides are Markdown, which
// people read in the repository, so the other form is made for each release and is nowhere in the source.

// writeGuides writes the pages in folder/docs, and README.md, into folder/docs/docsite/rst.
func writeGuides(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "docs", "*.md"))
	if err != nil {
		return err
	}
	target := filepath.Join(folder, "docs", "docsite", "rst")
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	for _, file := range append(files, filepath.Join(folder, "README.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		page := guide{path: filepath.ToSlash(name)}
		if err := write(filepath.Join(target, page.name()+".rst"), []byte(page.convert(string(text)))); err != nil {
			return err
		}
	}
	return nil
}
