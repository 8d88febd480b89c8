// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// examples has a play for each role. They are not in argument_specs.yml, because ansible-lint for Ansible 2.14 refuses
// the key.
//
//go:embed examples/*.yml
var examples embed.FS

// entryPoint is one of argument_specs, without its options.
type entryPoint struct {
	Short       string `yaml:"short_description"`
	Description texts
}

// Readmes returns the README.md of every role, by the role's name. roles and descriptions are those of Variables.
func Readmes(roles, descriptions fs.FS) (map[string][]byte, error) {
	files, err := fs.Glob(roles, "*/meta/argument_specs.yml")
	if err != nil {
		return nil, err
	}
	pages := map[string][]byte{}
	for _, file := range files {
		page, err := readmeOf(roles, descriptions, file)
		if err != nil {
			return nil, fmt.Errorf("roles/%s: %w", file, err)
		}
		pages[path.Dir(path.Dir(file))] = []byte(page)
	}
	return pages, nil
}

// WriteReadmes writes the result of Readmes into the folder of the roles.
func WriteReadmes(roles, descriptions fs.FS, folder string) error {
	pages, err := Readmes(roles, descriptions)
	if err != nil {
		return err
	}
	for role, content := range pages {
		if err := os.WriteFile(filepath.Join(folder, role, "README.md"), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func readmeOf(roles, descriptions fs.FS, file string) (string, error) {
	role := path.Dir(path.Dir(file))
	var spec struct {
		Specs yaml.Node `yaml:"argument_specs"`
	}
	if err := read(roles, file, &spec); err != nil {
		return "", err
	}
	main, points, err := entryPoints(&spec.Specs)
	if err != nil {
		return "", err
	}
	example, err := examples.ReadFile("examples/" + role + ".yml")
	if err != nil {
		return "", fmt.Errorf("the role has no example in internal/stub: %w", err)
	}
	variables, err := rowsOf(roles, descriptions, file)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("# overcloud.backup.%s\n\n<!-- Generated from meta/argument_specs.yml by \"make generate\":"+
		" change that file. -->\n\n%s.\n\n%s", role, mark(main.Short), list(main.Description)) +
		titled("Example", "```yaml\n"+string(example)+"```\n") +
		titled("Entry points", "The collection's playbooks run the parts of the role one by one, with `tasks_from`."+
			"\n\n"+points) +
		titled("Variables", "With director's inventory none has to be set. The variables for the hosts, the binary and"+
			" the login to the database\napply to all roles: [variables](../../docs/variables.md).\n\n"+variablesTable+
			variables) +
		titled("Requirements", "Ansible on the control node; the hosts need no Python. The collection's"+
			" page [support](../../docs/support.md) lists\nthe versions that the tests run.\n") +
		titled("Licence", "GPL-3.0-or-later\n"), nil
}

// entryPoints returns the main entry point, and an item of a list for each.
func entryPoints(specs *yaml.Node) (main entryPoint, points string, err error) {
	for i := 0; i+1 < len(specs.Content); i += 2 {
		name := specs.Content[i].Value
		var e entryPoint
		if err := specs.Content[i+1].Decode(&e); err != nil {
			return main, "", fmt.Errorf("%s: %w", name, err)
		}
		for k := range e.Description {
			e.Description[k] = ofModule.ReplaceAllString(e.Description[k], "[$1](../../docs/modules/$1.md)")
		}
		if e.Short == "" || len(e.Description) == 0 {
			return main, "", fmt.Errorf("%s: short_description or description is missing", name)
		}
		purpose := cell(append(texts{e.Short + "."}, e.Description...))
		if name == "main" {
			main, purpose = e, mark(e.Short)+": all of the role."
		}
		points += fmt.Sprintf("- `%s`: %s\n", name, purpose)
	}
	if main.Short == "" {
		return main, "", fmt.Errorf("there is no entry point main")
	}
	return main, points, nil
}
