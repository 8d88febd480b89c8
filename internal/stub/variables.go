// SPDX-License-Identifier: GPL-3.0-or-later

package stub

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const variablesHead = `# Variables

<!-- Generated from roles/*/meta/argument_specs.yml by "make generate": change those files. -->

Every variable of the roles and playbooks. With director's inventory none has to be set. A variable that a role leaves
undefined has the default of the module it is passed to. If the default is empty, the effect describes it.

## Everywhere

| variable | type | default | effect |
|---|---|---|---|
| ` + "`galera_hosts`" + ` | str | the first of the groups ` + "`mysql`, `Database`, `Controller`, `controller`" + ` | Group, host pattern or list of names of all hosts that run the database. |
| ` + "`haproxy_hosts`" + ` | str | the first of the groups ` + "`haproxy`, `Controller`, `controller`" + ` | Group, host pattern or list of names of all hosts that run HAProxy. |
| ` + "`overcloud_backup_cache_dir`" + ` | path | ` + "`/var/lib/overcloud.backup/bin`" + ` for root, else ` + "`~/.cache/overcloud.backup/bin`" + ` | Directory on the host for the collection's binary. |
| ` + "`overcloud_backup_binary`" + ` | path | | A binary that was installed on the host by other means. Nothing is uploaded then. |

Set ` + "`galera_hosts` and `haproxy_hosts` with `-e`" + ` or as variables of all hosts of the inventory. ` + "`controller_backup_hosts`" + `
takes precedence over both, except for a restore: that uses only the hosts of the database, and ` + "`controller_backup_hosts`" + `
may also name those of HAProxy.

The two paths are absolute, without links. The cache directory must be on a file system that allows execution. It and
every directory above must belong to root or the user, and nobody else may be able to write there. Root runs an
installed binary only if the file and all directories above belong to root and nobody else can write to them.

## Login to the database

These variables apply to all roles, and to every task of the collection's modules that leaves the options out, as
variables of the play or of the host that the task is delegated to. If undefined: option files, then hiera, then root
over the unix socket. Some options belong together: user and password; socket, host and port; the certificates. A task
that sets one of a group takes none of that group from the variables.

| variable | type | effect |
|---|---|---|
| ` + "`overcloud_backup_login_user`" + ` | str | User to log in to the database as. |
| ` + "`overcloud_backup_login_password`" + ` | str | Password of that user. |
| ` + "`overcloud_backup_login_unix_socket`" + ` | path | Socket of the server. |
| ` + "`overcloud_backup_login_host`" + ` | str | Host of the server, for TCP. |
| ` + "`overcloud_backup_login_port`" + ` | int | Port of the server, for TCP. |
| ` + "`overcloud_backup_login_config_file`" + ` | path | Option file with the account, in place of the usual ones. |
| ` + "`overcloud_backup_login_ca_cert`" + ` | path | Certificate authority that must have signed the server's certificate. |
| ` + "`overcloud_backup_login_client_cert`" + ` | path | Certificate of the client. Requires its key. |
| ` + "`overcloud_backup_login_client_key`" + ` | path | Private key of the client. |
| ` + "`overcloud_backup_login_check_hostname`" + ` | bool | Whether the server's certificate must contain the host name. Requires the authority. |

Users whose sessions do not count as clients are set separately, with ` + "`controller_backup_ignore_users`" + `.

## Results for the surrounding plays

| variable | on | content |
|---|---|---|
| ` + "`controller_backup_decision`" + ` | the host that decided: localhost with the playbooks | the result of ` + "`idle_controller`" + `, of the last attempt |
| ` + "`controller_backup_result`" + ` | the same | in ` + "`results`" + ` the result of ` + "`galera_backup`" + ` for each controller that was tried, in ` + "`item`" + ` its name |
| ` + "`controller_verify_result`" + ` | the same | the result of ` + "`backup_verify`" + `, of the last set |
| ` + "`controller_restore_view`" + ` | each controller | its answer to ` + "`state: planned`" + ` of ` + "`galera_restore`" + ` |
| ` + "`controller_restore_plan`" + ` | the host that decided | the result of ` + "`restore_plan`" + ` |
| ` + "`controller_restore_result`" + ` | the same | the result of ` + "`galera_restore`" + `'s last step, in ` + "`results`" + ` for each of its controllers |

A set was created if an entry of ` + "`controller_backup_result.results`" + ` has ` + "`backup`" + `.
`

// moduleOf is the module to which a role hands the variables that it leaves undefined.
var moduleOf = map[string]string{
	"controller_backup":  "galera_backup",
	"controller_restore": "galera_restore",
	"controller_verify":  "backup_verify",
}

// Variables returns the page with the variables of every role. roles holds NAME/meta/argument_specs.yml and
// NAME/defaults/main.yml; what these two say of a default must not differ. descriptions are those of the modules.
func Variables(roles, descriptions fs.FS) ([]byte, error) {
	files, err := fs.Glob(roles, "*/meta/argument_specs.yml")
	if err != nil {
		return nil, err
	}
	page := variablesHead
	for _, file := range files {
		table, err := variablesOf(roles, descriptions, file)
		if err != nil {
			return nil, fmt.Errorf("roles/%s: %w", file, err)
		}
		page += table
	}
	return []byte(page), nil
}

func variablesOf(roles, descriptions fs.FS, file string) (string, error) {
	role := path.Dir(path.Dir(file))
	var spec struct {
		Specs yaml.Node `yaml:"argument_specs"`
	}
	var defaults map[string]yaml.Node
	if err := read(roles, file, &spec); err != nil {
		return "", err
	}
	if err := read(roles, role+"/defaults/main.yml", &defaults); err != nil {
		return "", err
	}
	module, err := moduleOptions(descriptions, moduleOf[role])
	if err != nil {
		return "", err
	}
	out := fmt.Sprintf("\n## Role %s\n\n| variable | type | default | effect |\n|---|---|---|---|\n", role)
	names, options := union(&spec.Specs)
	for i, name := range names {
		row, err := variable(name, options[i], defaults, get(module, strings.TrimPrefix(name, role+"_")))
		if err != nil {
			return "", err
		}
		out += row
		delete(defaults, name)
	}
	for name := range defaults {
		return "", fmt.Errorf("%s has a default and no description", name)
	}
	return out, nil
}

// union is the options of all entry points of a role, each once.
func union(specs *yaml.Node) (names []string, options []*yaml.Node) {
	for i := 1; i < len(specs.Content); i += 2 {
		entry := get(specs.Content[i], "options")
		if entry != nil && entry.Alias != nil {
			entry = entry.Alias
		}
		for k := 0; entry != nil && k < len(entry.Content); k += 2 {
			if name := entry.Content[k].Value; !slices.Contains(names, name) {
				names, options = append(names, name), append(options, entry.Content[k+1])
			}
		}
	}
	return names, options
}

func read(from fs.FS, file string, into any) error {
	content, err := fs.ReadFile(from, file)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(content, into)
}

// moduleOptions are the options of a module, with those of its fragments; nil for no module.
func moduleOptions(descriptions fs.FS, name string) (*yaml.Node, error) {
	if name == "" {
		return nil, nil
	}
	top, err := load(descriptions, name+".yml")
	if err != nil {
		return nil, err
	}
	doc := get(top, "DOCUMENTATION")
	return get(doc, "options"), extend(doc, descriptions)
}

// variable is one row. module is the module's option of this name, if it has one.
func variable(name string, option *yaml.Node, defaults map[string]yaml.Node, module *yaml.Node) (string, error) {
	var o struct {
		Description yaml.Node
		Type        string
		Elements    string
		Choices     []string
		Default     yaml.Node
	}
	if err := option.Decode(&o); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	effect := strings.Join(strings.Fields(o.Description.Value), " ")
	if effect == "" {
		return "", fmt.Errorf("%s: its description must be one text", name)
	}
	value, real := inline(o.Default), inline(defaults[name])
	// A default that is made of other variables is told in the description.
	if value != real && !strings.Contains(real, "{{") {
		return "", fmt.Errorf("%s: its default is %s here, and %s in defaults/main.yml", name, value, real)
	}
	if own := get(module, "default"); value == "" && real == "" && own != nil {
		value = inline(*own)
	}
	kind := o.Type
	if o.Elements != "" {
		kind += " of " + o.Elements
	}
	if len(o.Choices) > 0 {
		effect += " One of `" + strings.Join(o.Choices, "`, `") + "`."
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, kind, code(value), cell(effect)), nil
}

// inline is a value as it stands in a line of YAML, and nothing for no value or null.
func inline(n yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		items := make([]string, len(n.Content))
		for i, item := range n.Content {
			items[i] = item.Value
		}
		return "[" + strings.Join(items, ", ") + "]"
	case yaml.MappingNode:
		items := make([]string, 0, len(n.Content)/2)
		for i := 1; i < len(n.Content); i += 2 {
			items = append(items, n.Content[i-1].Value+": "+n.Content[i].Value)
		}
		return "{" + strings.Join(items, ", ") + "}"
	case yaml.ScalarNode:
		if n.Tag == "!!str" && n.Value == "" {
			return `""`
		}
		return n.Value
	}
	return ""
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

var markup = regexp.MustCompile(`\b[CVO]\(([^)]*)\)`)

// cell is a description as the cell of a table.
func cell(s string) string { return strings.ReplaceAll(markup.ReplaceAllString(s, "`$1`"), "|", `\|`) }
