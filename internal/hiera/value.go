// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/excerpt"
)

var errNoMapping = errors.New("not a mapping of keys")

// value is the scalar of a key in the content of a data file, as text: 0123 stays 0123. References (%{...}) stay what
// they are. A key that is null is found and has none (nil). Errors say where the file is wrong and quote nothing of it:
// hieradata is full of passwords.
func (s Source) value(content []byte, key string) (value *string, found bool, err error) {
	if s.JSON {
		return jsonValue(content, key)
	}
	return yamlValue(content, key)
}

// encrypted is what hiera-eyaml puts in the place of a value, or of a part of it. It takes one without the name of its
// method, too, for its default one.
var encrypted = regexp.MustCompile(`ENC\[(\w+,|[a-zA-Z0-9+/=\s]+\])|DEC(\(\d+\))?::\w+\[`)

// errEncrypted is a value that only Puppet's keys open. Its text names no value.
var errEncrypted = errors.New("it is encrypted with eyaml: set the login options (login_user, login_password)")

func yamlValue(content []byte, key string) (*string, bool, error) {
	var all map[string]yaml.Node
	if err := yaml.Unmarshal(content, &all); err != nil {
		return nil, false, fmt.Errorf("no YAML: %w", withoutValues(err))
	}
	node, found := all[key]
	if !found {
		return nil, false, nil
	}
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		node = *node.Alias
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return nil, true, nil
	}
	if node.Kind != yaml.ScalarNode || node.Tag == "!!binary" {
		return nil, false, fmt.Errorf("%s is not a single value", excerpt.Of(key))
	}
	return &node.Value, true, nil
}

// withoutValues keeps where the parser stopped and drops what it quotes.
func withoutValues(err error) error {
	if line := lineNumber.FindString(err.Error()); line != "" {
		return errors.New("wrong at " + line)
	}
	return errNoMapping
}

var lineNumber = regexp.MustCompile(`line \d+`)

// jsonValue reads JSON as such. It is no subset of YAML: \/, \ud83d\ude00, a raw DEL, a key that stands twice and one of
// more than 1024 characters are all fine in JSON alone, and director's templates write JSON.
func jsonValue(content []byte, key string) (*string, bool, error) {
	if !utf8.Valid(content) {
		return nil, false, errors.New("no JSON: not UTF-8")
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, false, fmt.Errorf("no JSON: %w", placeOf(err, content))
	}
	raw, found := all[key]
	text := string(raw)
	switch {
	case !found:
		return nil, false, nil
	case text == "null":
		return nil, true, nil
	case raw[0] == '{' || raw[0] == '[':
		return nil, false, fmt.Errorf("%s is not a single value", excerpt.Of(key))
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, false, err
		}
	}
	return &text, true, nil
}

// placeOf is where a document stops being JSON. Director's are a single line, so that the line alone says little.
func placeOf(err error, content []byte) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return errNoMapping
	}
	before := content[:syntax.Offset]
	return fmt.Errorf("wrong at line %d, byte %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n')-1)
}
