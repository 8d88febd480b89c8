// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// exclusive checks the options that were set; defaults do not count.
func (c constraints) exclusive(prefix string, given map[string]any) (problems []string) {
	for _, group := range c.MutuallyExclusive {
		if have, _ := split(group, given); len(have) > 1 {
			problems = append(problems, prefix+strings.Join(have, ", ")+": only one of them may be set")
		}
	}
	return problems
}

// required checks the options with their defaults.
func (c constraints) required(prefix string, args map[string]any) (problems []string) {
	for _, group := range c.RequiredTogether {
		if have, missing := split(group, args); len(have) > 0 && len(missing) > 0 {
			problems = append(problems, needs(prefix, strings.Join(have, ", "), missing))
		}
	}
	for _, group := range c.RequiredOneOf {
		if have, _ := split(group, args); len(have) == 0 {
			problems = append(problems, prefix+strings.Join(group, ", ")+": one of them is required")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.RequiredBy)) {
		if _, missing := split(c.RequiredBy[name], args); args[name] != nil && len(missing) > 0 {
			problems = append(problems, needs(prefix, name, missing))
		}
	}
	for _, r := range c.RequiredIf {
		problems = append(problems, r.check(prefix, args)...)
	}
	return problems
}

func (r requiredIf) check(prefix string, args map[string]any) []string {
	have, missing := split(r.needed, args)
	if args[r.option] == nil || fmt.Sprint(args[r.option]) != fmt.Sprint(r.value) || len(missing) == 0 ||
		r.any && len(have) > 0 {
		return nil
	}
	when := fmt.Sprintf("%s=%v", r.option, r.value)
	if r.any {
		return []string{fmt.Sprintf("%s%s: requires one of %s", prefix, when, strings.Join(missing, ", "))}
	}
	return []string{needs(prefix, when, missing)}
}

func needs(prefix, what string, missing []string) string {
	return fmt.Sprintf("%s%s: also requires %s", prefix, what, strings.Join(missing, ", "))
}

func split(names []string, args map[string]any) (have, missing []string) {
	for _, n := range names {
		if args[n] != nil {
			have = append(have, n)
		} else {
			missing = append(missing, n)
		}
	}
	return have, missing
}
