// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// documentation is the content of a module's page. Fields are yaml.Node if their order counts.
type documentation struct {
	Module       string
	Short        string `yaml:"short_description"`
	Since        string `yaml:"version_added"`
	Description  texts
	Options      yaml.Node
	Attributes   map[string]attribute
	Requirements texts
	Notes        texts
	SeeAlso      []struct{ Module string }
}

type attribute struct {
	Description texts
	Support     string
}

// Pages returns a Markdown page for every module, by its name, with the content that ansible-doc shows.
func Pages(descriptions fs.FS) (map[string][]byte, error) {
	files, err := fs.Glob(descriptions, "[a-z]*.yml")
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{}
	for _, file := range files {
		page, err := pageOf(descriptions, file)
		if err != nil {
			return nil, fmt.Errorf("modules/%s: %w", file, err)
		}
		pages[strings.TrimSuffix(file, ".yml")] = []byte(page)
	}
	return pages, nil
}

// WritePages writes the result of Pages into folder and removes pages there that have no description.
func WritePages(descriptions fs.FS, folder string) error {
	pages, err := Pages(descriptions)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if pages[strings.TrimSuffix(filepath.Base(path), ".md")] == nil {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	for name, content := range pages {
		if err := os.WriteFile(filepath.Join(folder, name+".md"), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func pageOf(descriptions fs.FS, file string) (string, error) {
	top, err := load(descriptions, file)
	if err != nil {
		return "", err
	}
	node := get(top, "DOCUMENTATION")
	if err := extend(node, descriptions); err != nil {
		return "", err
	}
	var d documentation
	if err := node.Decode(&d); err != nil {
		return "", err
	}
	options, optionNotes, err := rows(&d.Options, "", option)
	if err != nil {
		return "", err
	}
	returned := get(top, "RETURN")
	if returned == nil {
		return "", fmt.Errorf("RETURN: is missing")
	}
	values, valueNotes, err := rows(returned, "", value)
	if err != nil {
		return "", err
	}
	examples, err := part(get(top, "EXAMPLES"))
	if err != nil {
		return "", fmt.Errorf("EXAMPLES: %w", err)
	}
	return fmt.Sprintf("# %s\n\n<!-- Generated from modules/%s by \"make generate\": change that file. -->\n\n%s."+
		" Since %s.\n\n%s",
		d.Module, file, mark(d.Short), d.Since, list(d.Description)) +
		table("Options", "option | type | default | effect", options, optionNotes) +
		modes(d.Attributes) +
		titled("Requirements", list(d.Requirements)) +
		titled("Notes", list(d.Notes)) +
		titled("Examples", "```yaml\n"+examples+"```\n") +
		table("Return values", "value | type | returned | content", values, valueNotes) +
		titled("See also", others(d)), nil
}

// modes describes check mode and diff mode.
func modes(all map[string]attribute) string {
	var b strings.Builder
	for _, m := range []struct{ key, name string }{{"check_mode", "Check mode"}, {"diff_mode", "Diff mode"}} {
		a, ok := all[m.key]
		switch {
		case ok && a.Support == "none":
			fmt.Fprintf(&b, "- %s: none.\n", m.name)
		case ok:
			fmt.Fprintf(&b, "- %s: %s. %s\n", m.name, a.Support, mark(strings.Join(a.Description, " ")))
		}
	}
	return titled("Modes", b.String())
}

func others(d documentation) string {
	var b strings.Builder
	for _, o := range d.SeeAlso {
		b.WriteString("- " + mark("M("+o.Module+")") + "\n")
	}
	return b.String()
}
