// SPDX-License-Identifier: GPL-3.0-or-later

// Command overcloud_backup is every module of the collection in one binary. See ansible.Program.Main for its
// command line.
package main

import (
	"embed"
	"os"

	"overcloud.backup/internal/ansible"
	"overcloud.backup/internal/process"
)

// version is the collection's, as in galaxy.yml. scripts/build replaces it by what scripts/version prints.
var version = "1.0.0-dev"

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
	if len(os.Args) == 2 && os.Args[1] == "--generate" {
		generate()
		return
	}
	// A limit that the kernel refuses does not stop the work.
	_ = process.NoCore()
	leaveCache()
	os.Exit(program().Main(os.Args[1:], os.Stdin, os.Stdout))
}

// leaveCache returns to the folder that the control node's shell began in, to which relative paths of options belong.
// That shell starts the binary from within the cache, so that nobody can exchange a folder above it in the meantime.
func leaveCache() {
	began, ok := os.LookupEnv("OVERCLOUD_BACKUP_PWD")
	if !ok {
		return
	}
	os.Unsetenv("OVERCLOUD_BACKUP_PWD")
	if os.Chdir(began) != nil {
		_ = os.Chdir("/") // nothing has to work in the cache
	}
}
