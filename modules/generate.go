// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"os"

	"overcloud.backup/internal/stub"
)

// generate writes the Python files and the pages of the modules, the table of their return values, the page of
// variables and the README of each role. It runs at the top of a checkout.
func generate() {
	err := stub.WriteRegions(".")
	if err == nil {
		err = stub.Write(os.DirFS("modules"), "plugins/modules")
	}
	if err == nil {
		err = stub.WritePages(os.DirFS("modules"), "docs/modules")
	}
	if err == nil {
		err = stub.WriteReturned(os.DirFS("modules"), "plugins/plugin_utils/_returned.py")
	}
	if err == nil {
		err = writeVariables("docs/variables.md")
	}
	if err == nil {
		err = stub.WriteReadmes(os.DirFS("roles"), os.DirFS("modules"), "roles")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func writeVariables(path string) error {
	page, err := stub.Variables(os.DirFS("roles"), os.DirFS("modules"))
	if err != nil {
		return err
	}
	return os.WriteFile(path, page, 0o644)
}
