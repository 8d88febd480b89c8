// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"overcloud.backup/tests/lab/faults/cases"
	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// writeTable writes the page of this shape from the last result of every case. In the bundle shape, whose differences
// are few, it is of those that were run; the matrix of docs/faults.md then gets its column.
func writeTable(l lab.Lab) (bool, error) {
	var verdicts []harness.Verdict
	for _, f := range possible(l, cases.All()) {
		var v harness.Verdict
		raw, err := os.ReadFile(filepath.Join(results(l), f.Name+".json"))
		if l.Bundle() && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(raw, &v)
		}
		if err != nil {
			return false, fmt.Errorf("the table needs a result of every case: %w", err)
		}
		verdicts = append(verdicts, v)
	}
	docs := filepath.Join(l.Root(), "docs")
	if !l.Bundle() {
		bundle, err := os.ReadFile(filepath.Join(docs, "faults-bundle.md"))
		if err != nil {
			return false, err
		}
		return true, os.WriteFile(filepath.Join(docs, "faults.md"),
			[]byte(write(verdicts, outcomesOf(string(bundle), inBundles))), 0o644)
	}
	page := writeBundle(verdicts)
	if err := os.WriteFile(filepath.Join(docs, "faults-bundle.md"), []byte(page), 0o644); err != nil {
		return false, err
	}
	return true, refresh(filepath.Join(docs, "faults.md"), outcomesOf(page, inBundles))
}

// refresh gives the matrix of a page the outcomes in bundles.
func refresh(path string, bundles outcomes) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, old, after, err := cutMatrix(string(page))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(before+matrix(outcomesOf(old, onHosts), bundles)+after), 0o644)
}
