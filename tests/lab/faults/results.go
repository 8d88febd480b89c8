// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	"overcloud.backup/tests/lab/faults/harness"
	"overcloud.backup/tests/lab/faults/lab"
)

// Results are kept by case, so that a run of one case after a change does not need all the others again.
func results(l lab.Lab) string { return filepath.Join(l.Root(), "tests/output", page(l)) }

// page is the name of the table of this shape of the lab.
func page(l lab.Lab) string {
	if l.Bundle() {
		return "faults-bundle"
	}
	return "faults"
}

func save(l lab.Lab, v harness.Verdict) error {
	v.Clients.Seconds = nil
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(results(l), 0o755); err != nil {
		return err
	}
	_ = os.WriteFile(filepath.Join(results(l), v.Name+".log"), []byte(v.Output), 0o600)
	return os.WriteFile(filepath.Join(results(l), v.Name+".json"), raw, 0o600)
}
