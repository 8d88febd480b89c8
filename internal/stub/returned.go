// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const returnedHead = `# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Generated from the RETURN of modules/*.yml by "make generate": change those files.
"""Private: what each module returns. A text is a type, a dict the shape of each key, a list that of its elements."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

RETURNED = {
`

// returnedTypes are the types that the control node checks.
var returnedTypes = []string{"bool", "dict", "float", "int", "list", "str"}

// Returned returns a Python file with the keys and types that modules document. The control node checks the answer of a
// host against it.
func Returned(descriptions fs.FS) ([]byte, error) {
	files, err := fs.Glob(descriptions, "[a-z]*.yml")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(returnedHead)
	for _, file := range files {
		top, err := load(descriptions, file)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "    '%s': {\n", strings.TrimSuffix(file, ".yml"))
		if err := keys(&b, get(top, "RETURN"), "        "); err != nil {
			return nil, fmt.Errorf("modules/%s: RETURN: %w", file, err)
		}
		b.WriteString("    },\n")
	}
	b.WriteString("}\n")
	return []byte(b.String()), nil
}

// WriteReturned writes the result of Returned to a file.
func WriteReturned(descriptions fs.FS, path string) error {
	content, err := Returned(descriptions)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// keys writes one line for every value and, below it, what it contains.
func keys(b *strings.Builder, values *yaml.Node, indent string) error {
	for values != nil && values.Kind == yaml.AliasNode {
		values = values.Alias
	}
	for i := 0; values != nil && i+1 < len(values.Content); i += 2 {
		name := values.Content[i].Value
		var f field
		if err := values.Content[i+1].Decode(&f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if strings.ContainsAny(name, `'\`) || !slices.Contains(returnedTypes, f.Type) {
			return fmt.Errorf("%s: the type %q is not one of %s", name, f.Type, strings.Join(returnedTypes, ", "))
		}
		fmt.Fprintf(b, "%s'%s': ", indent, name)
		if err := shape(b, f, indent); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.WriteString(",\n")
	}
	return nil
}

// shape writes the type of one value, or what it contains.
func shape(b *strings.Builder, f field, indent string) error {
	open, end, kind := "", "", f.Type
	if f.Type == "list" && f.Elements != "" {
		open, end, kind = "[", "]", f.Elements
	}
	if f.Contains.Kind == 0 {
		fmt.Fprintf(b, "%s'%s'%s", open, kind, end)
		return nil
	}
	if kind != "dict" {
		return fmt.Errorf("a %s contains nothing", kind)
	}
	b.WriteString(open + "{\n")
	err := keys(b, &f.Contains, indent+"    ")
	b.WriteString(indent + "}" + end)
	return err
}
