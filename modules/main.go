// SPDX-License-Identifier: GPL-3.0-or-later

// Command overcloud_backup is every module of the collection in one binary. See ansible.Program.Main for its
// command line.
package main

import (
	"embed"
	"os"

	"overcloud.backup/internal/ansible"
)

// version is the collection's, as in galaxy.yml.
const version = "1.0.0"

// fragments are the descriptions of options that several modules share.
//
//go:embed _*.yml
var fragments embed.FS

var modules = map[string]ansible.Module{}

// register makes a module known. Each NAME.go calls it once, from init.
func register(name string, m ansible.Module) { modules[name] = m }

func program() ansible.Program {
	return ansible.Program{Version: version, Modules: modules, Fragments: fragments}
}

func main() {
	os.Exit(program().Main(os.Args[1:], os.Stdin, os.Stdout))
}
