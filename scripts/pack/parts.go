// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"debug/buildinfo"
	_ "embed" // Go's licence
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// licences names, for each module that is linked into the binaries, its licence as SPDX says it. A module that is not
// listed fails the build: read its licence, then add it.
var licences = map[string]string{
	"std":                            "BSD-3-Clause",
	"filippo.io/edwards25519":        "BSD-3-Clause",
	"github.com/beevik/etree":        "BSD-2-Clause",
	"github.com/go-sql-driver/mysql": "MPL-2.0",
	"github.com/klauspost/compress":  "Apache-2.0 AND BSD-3-Clause AND MIT",
	"golang.org/x/sys":               "BSD-3-Clause",
	"gopkg.in/yaml.v3":               "Apache-2.0 AND MIT",
}

// phrases are what the text of each licence says. A module that changed its licence fails the build.
var phrases = map[string]string{
	"Apache-2.0":   "http://www.apache.org/licenses/",
	"BSD-2-Clause": "Redistributions of source code must retain the above copyright notice",
	"BSD-3-Clause": "Neither the name of",
	"MIT":          "Permission is hereby granted, free of charge",
	"MPL-2.0":      "Mozilla Public License Version 2.0",
}

// goLicence is that of Go and its standard library. Distributions of Go put the file in different places, and some
// leave it out.
//
//go:embed go-licence.txt
var goLicence string

// part is a module that is linked into the binaries; std is Go's standard library and runtime.
type part struct {
	Path, Version string
	Licence       string   // an SPDX expression
	Texts         []string // of the licence and notices, without repetition
	Needs         []string // paths of the modules that its linked packages import
	Direct        bool     // the collection's own packages import it
}

// binariesOf returns the paths of the collection's binaries.
func binariesOf(folder string) ([]string, error) {
	binaries, err := filepath.Glob(filepath.Join(folder, "overcloud_backup_linux_*"))
	if err == nil && len(binaries) == 0 {
		err = fmt.Errorf("there is no binary in %s; run scripts/build", folder)
	}
	return binaries, err
}

// partsOf returns what the binaries in a folder consist of, sorted by path. All of them must consist of the same.
func partsOf(folder string) ([]part, error) {
	binaries, err := binariesOf(folder)
	if err != nil {
		return nil, err
	}
	var parts []part
	for i, binary := range binaries {
		found, err := linked(binary)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", binary, err)
		}
		if i > 0 && !slices.EqualFunc(parts, found, sameModule) {
			return nil, fmt.Errorf("%s and %s consist of different modules; run scripts/build", binaries[0], binary)
		}
		parts = found
	}
	packages, err := packages()
	if err != nil {
		return nil, err
	}
	for i := range parts {
		if err := parts[i].describe(packages); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func sameModule(a, b part) bool { return a.Path == b.Path && a.Version == b.Version }

// linked returns the modules that a binary says it was built from.
func linked(binary string) ([]part, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	parts := []part{{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced by %s: a release has no replaced modules", m.Path, m.Replace.Path)
		}
		parts = append(parts, part{Path: m.Path, Version: m.Version})
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.Path, b.Path) })
	return parts, nil
}

// pkg is a package that is linked into a binary. module is "std" for Go's own, and root its folder.
type pkg struct {
	path, folder, module, version, root string
	imports                             []string
}

// packages returns the linked packages of all platforms, by their import paths.
func packages() (map[string]pkg, error) {
	all := map[string]pkg{}
	for _, arch := range []string{"amd64", "arm64"} {
		list := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}\t{{.Dir}}\t{{with .Module}}{{.Path}}"+
			"\t{{.Version}}\t{{.Dir}}{{else}}std\t\t{{end}}\t{{join .Imports \" \"}}", "./modules")
		list.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
		list.Stderr = os.Stderr
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		for line := range strings.Lines(string(out)) {
			f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(f) != 6 {
				return nil, fmt.Errorf("go list: %q is not a line with six fields", line)
			}
			all[f[0]] = pkg{f[0], f[1], f[2], f[3], f[4], strings.Fields(f[5])}
		}
	}
	return all, nil
}

// describe adds the licence, its texts, and what the module needs.
func (p *part) describe(packages map[string]pkg) error {
	if p.Licence = licences[p.Path]; p.Licence == "" {
		return fmt.Errorf("the licence of %s is not known; add it to licences in scripts/pack/parts.go", p.Path)
	}
	for _, of := range packages {
		p.Direct = p.Direct || of.module == self && slices.ContainsFunc(of.imports, func(to string) bool {
			return packages[to].module == p.Path
		})
	}
	if p.Path == "std" {
		p.Texts = []string{goLicence}
		return p.check()
	}
	for _, path := range sortedKeys(packages) {
		of := packages[path]
		if of.module != p.Path {
			continue
		}
		if of.version != p.Version {
			return fmt.Errorf("the binaries have %s %s, the source %s; run scripts/build", p.Path, p.Version,
				of.version)
		}
		for _, imported := range of.imports {
			if to := packages[imported].module; to != p.Path && !slices.Contains(p.Needs, to) {
				p.Needs = append(p.Needs, to)
			}
		}
		if err := p.gather(of); err != nil {
			return err
		}
	}
	slices.Sort(p.Needs)
	return p.check()
}

// gather adds the texts that a package and the folders above it have, up to the module's.
func (p *part) gather(of pkg) error {
	for folder := of.folder; ; folder = filepath.Dir(folder) {
		names, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			if !isNotice(name.Name()) || name.IsDir() {
				continue
			}
			content, err := os.ReadFile(filepath.Join(folder, name.Name()))
			if err != nil {
				return err
			}
			if text := string(content); !slices.Contains(p.Texts, text) {
				p.Texts = append(p.Texts, text)
			}
		}
		if folder == of.root || len(folder) <= len(of.root) {
			return nil
		}
	}
}

func isNotice(name string) bool {
	upper := strings.ToUpper(name)
	return slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"}, func(s string) bool {
		return strings.HasPrefix(upper, s)
	}) && filepath.Ext(name) != ".go"
}

// check compares the texts with what the licence is said to be.
func (p *part) check() error {
	all := unwrapped(strings.Join(p.Texts, " "))
	for licence := range strings.SplitSeq(p.Licence, " AND ") {
		phrase := phrases[licence]
		if phrase == "" {
			return fmt.Errorf("%s: nobody has said what the text of %s looks like", p.Path, licence)
		}
		if !strings.Contains(all, phrase) {
			return fmt.Errorf("%s: its files do not contain %s; read them, and correct licences in"+
				" scripts/pack/parts.go", p.Path, licence)
		}
	}
	return nil
}

// unwrapped returns a text as one line.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }
