// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"errors"
	"fmt"
	"strings"

	"overcloud.backup/internal/ansible/value"
)

// coerce turns a JSON value into the option's type as AnsibleModule would, and checks its choices and suboptions.
// name is the option's name in messages. Values come from a decoder with UseNumber.
func (o option) coerce(name string, v any) (any, []string) {
	out, err := value.Convert(o.Type, v, o.Choices)
	if err != nil {
		return nil, []string{o.problem(name, v, err)}
	}
	if items, ok := out.([]any); ok && o.Type == "list" {
		return o.coerceItems(name, items)
	}
	if m, ok := out.(map[string]any); ok && o.Suboptions != nil {
		return checkArgs(name+".", o.Suboptions, constraints{}, m)
	}
	if err := o.Choices.check(out); err != nil {
		return nil, []string{o.problem(name, out, err)}
	}
	return out, nil
}

// problem describes what is wrong with the value, without the value of a secret option.
func (o option) problem(name string, v any, err error) string {
	shown := "(hidden)"
	if !o.NoLog {
		shown = value.Show(v)
	}
	return fmt.Sprintf("%s: %s %s", name, shown, err)
}

func (o option) coerceItems(name string, items []any) (any, []string) {
	if o.Elements == "" {
		return items, nil
	}
	element := option{Type: o.Elements, Choices: o.Choices, Suboptions: o.Suboptions, NoLog: o.NoLog}
	out := make([]any, 0, len(items))
	var problems []string
	for i, item := range items {
		v, p := element.coerce(fmt.Sprintf("%s[%d]", name, i), item)
		out, problems = append(out, v), append(problems, p...)
	}
	return out, problems
}

func (c choices) check(v any) error {
	if len(c) == 0 {
		return nil
	}
	names := make([]string, len(c))
	for i, choice := range c {
		names[i] = fmt.Sprint(choice)
		if names[i] == fmt.Sprint(v) {
			return nil
		}
	}
	return errors.New("is not one of: " + strings.Join(names, ", "))
}
