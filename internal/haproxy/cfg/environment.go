// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"overcloud.backup/internal/excerpt"
)

// environment changes the variables as the configuration does. The outcome of an open .if is not known.
func (p *configParser) environment(words []string) {
	switch names := words[1:]; {
	case len(p.branches) > 0 && words[0] != "resetenv":
		for _, name := range names {
			delete(p.env, name)
		}
	case len(p.branches) > 0:
		clear(p.env)
	case words[0] == "unsetenv":
		for _, name := range names {
			delete(p.env, name)
		}
	case words[0] == "resetenv":
		maps.DeleteFunc(p.env, func(name, _ string) bool { return !slices.Contains(names, name) })
	case len(words) > 2:
		if _, set := p.env[words[1]]; !set || words[0] == "setenv" {
			p.env[words[1]] = words[2]
		}
	}
}

// expand puts the values of variables into an address, where HAProxy also accepts them without quotes.
func expand(word string, env map[string]string) (string, error) {
	var err error
	out := os.Expand(word, func(name string) string {
		value, ok := env[name]
		if !ok {
			err = fmt.Errorf("the value of $%s is known only to the process", excerpt.Of(name))
		}
		return value
	})
	return out, err
}
