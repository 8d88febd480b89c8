// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const noticesHead = `Third-party licences

The binaries in plugins/plugin_utils/_bin contain the modules below. Their licences require the texts that follow each
name. Everything else in this collection is under GPL-3.0-or-later; see LICENSE.

The source of a module is at https://pkg.go.dev/MODULE@VERSION; "go mod download MODULE@VERSION" fetches it.
`

// apacheTerms are in the text of the Apache License, which its section 4 requires with each copy. Some modules only
// refer to it.
const apacheTerms = "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"

// notices returns the licences of all parts as one text.
func notices(parts []part) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(noticesHead)
	for _, p := range parts {
		fmt.Fprintf(&out, "\n%s\n%s %s\n%s\n%[1]s\n", strings.Repeat("=", 80), p.title(), p.Version, p.Licence)
		for _, text := range p.Texts {
			fmt.Fprintf(&out, "\n%s\n", strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"))
		}
	}
	apache := slices.ContainsFunc(parts, func(p part) bool { return strings.Contains(p.Licence, "Apache-2.0") })
	if apache && !strings.Contains(unwrapped(out.String()), apacheTerms) {
		return nil, errors.New("no module has the text of the Apache License; add it to what scripts/pack writes")
	}
	return out.Bytes(), nil
}

func (p part) title() string {
	if p.Path == "std" {
		return "Go, its standard library and runtime,"
	}
	return p.Path
}

// The document of CycloneDX 1.6, as far as it is used here.
type (
	bom struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Authors   []person  `json:"authors"`
		Component component `json:"component"`
	}
	person struct {
		Name string `json:"name"`
	}
	component struct {
		Type       string      `json:"type"`
		Ref        string      `json:"bom-ref"`
		Name       string      `json:"name"`
		Version    string      `json:"version,omitempty"`
		Hashes     []hash      `json:"hashes,omitempty"`
		Licences   []any       `json:"licenses,omitempty"`
		PURL       string      `json:"purl,omitempty"`
		Components []component `json:"components,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	dependency struct {
		Ref  string   `json:"ref"`
		Onto []string `json:"dependsOn,omitempty"`
	}
)

// sbom returns the bill of materials of the collection: its binaries, and the modules that they consist of.
func sbom(version string, at time.Time, parts []part, binaries []string) ([]byte, error) {
	root := component{Type: "application", Ref: self, Name: self, Version: version,
		Licences: licence("GPL-3.0-or-later"),
		PURL:     "pkg:generic/overcloud.backup@" + strings.ReplaceAll(version, "+", "%2B")}
	for _, binary := range binaries {
		content, err := os.ReadFile(binary)
		if err != nil {
			return nil, err
		}
		root.Components = append(root.Components, component{Type: "file", Ref: filepath.Base(binary),
			Name: filepath.Base(binary), Hashes: []hash{{"SHA-256", sum(content)}}})
	}
	document := bom{Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6",
		Version: 1,
		Metadata: metadata{Timestamp: at.Format(time.RFC3339), Authors: []person{{"The overcloud.backup authors"}},
			Component: root}}
	all := dependency{Ref: root.Ref}
	for _, p := range parts {
		document.Components = append(document.Components, component{Type: "library", Ref: p.Path, Name: p.Path,
			Version: p.Version, Licences: licence(p.Licence), PURL: "pkg:golang/" + p.Path + "@" + p.Version})
		document.Dependencies = append(document.Dependencies, dependency{p.Path, p.Needs})
		if p.Direct {
			all.Onto = append(all.Onto, p.Path)
		}
	}
	document.Dependencies = append(document.Dependencies, all)
	text, err := json.MarshalIndent(document, "", "  ")
	return append(text, '\n'), err
}

// licence returns an SPDX expression as CycloneDX has it: an identifier, or more than that.
func licence(expression string) []any {
	if strings.Contains(expression, " ") {
		return []any{map[string]string{"expression": expression}}
	}
	return []any{map[string]any{"license": map[string]string{"id": expression}}}
}
