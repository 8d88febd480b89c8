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

// value returns the scalar of a key in the content of a data file, as text: 0123 stays 0123. References (%{...}) stay
// unchanged. A key that is null is found and has no value (nil). Errors give the line of a fault and quote nothing:
// hieradata is full of passwords.
func (s Source) value(content []byte, key string) (value *string, found bool, err error) {
	if s.JSON {
		return jsonValue(content, key)
	}
	return yamlValue(content, key)
}

// encrypted matches the text that hiera-eyaml puts in place of a value, or of a part of it. Without the name of a
// method it uses its default one.
var encrypted = regexp.MustCompile(`ENC\[(\w+,|[a-zA-Z0-9+/=\s]+\])|DEC(\(\d+\))?::\w+\[`)

// errEncrypted is a value that only Puppet's keys decrypt. Its text names no value.
var errEncrypted = errors.New("it is encrypted with eyaml; set the login options (login_user, login_password)")

func yamlValue(content []byte, key string) (*string, bool, error) {
	var all map[string]yaml.Node
	if err := yaml.Unmarshal(content, &all); err != nil {
		return nil, false, fmt.Errorf("not YAML: %w", withoutValues(err))
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

// withoutValues keeps the line at which the parser stopped and drops the text that it quotes.
func withoutValues(err error) error {
	if line := lineNumber.FindString(err.Error()); line != "" {
		return errors.New("wrong at " + line)
	}
	return errNoMapping
}

var lineNumber = regexp.MustCompile(`line \d+`)

// jsonValue reads JSON as JSON. It is not a subset of YAML: \/, \ud83d\ude00, a raw DEL, duplicate keys and keys of
// more than 1024 characters are valid only in JSON, and director's templates write JSON.
func jsonValue(content []byte, key string) (*string, bool, error) {
	if !utf8.Valid(content) {
		return nil, false, errors.New("not JSON: not UTF-8")
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, false, fmt.Errorf("not JSON: %w", placeOf(err, content))
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

// placeOf returns the position at which a document stops being JSON. Director's have one line, which alone says little.
func placeOf(err error, content []byte) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return errNoMapping
	}
	before := content[:syntax.Offset]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Errorf("wrong at line %d, byte %d", line, len(before)-bytes.LastIndexByte(before, '\n')-1)
}
