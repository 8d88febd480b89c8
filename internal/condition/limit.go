// SPDX-License-Identifier: GPL-3.0-or-later

package condition

import (
	"fmt"
	"math"
	"strconv"
)

// Limit is a bound that an operator can set. Its default, the check of a given value, the option of the module and its
// description come from here.
type Limit struct {
	// Name is that of the option.
	Name string
	// Meaning is the description of the option; Unit is that of its value.
	Meaning, Unit string
	Default       float64
	// Whole numbers have no fraction.
	Whole bool
	// Most is the largest value, 0 for none. All are at least 0; Positive ones are more.
	Most     float64
	Positive bool
}

// Limits are the values of limits by name. A missing one has its default.
type Limits map[string]float64

// Of returns the value of a limit.
func (l Limits) Of(limit Limit) float64 {
	if v, ok := l[limit.Name]; ok {
		return v
	}
	return limit.Default
}

// Whole is Of as a whole number. A value that is too large for one, which the machine would turn into a negative one,
// is the largest there is.
func (l Limits) Whole(limit Limit) int64 {
	if v := l.Of(limit); v < math.MaxInt64 {
		return int64(v)
	}
	return math.MaxInt64
}

func (l Limit) check(v float64) error {
	switch {
	case v < 0 || math.IsNaN(v):
		return fmt.Errorf("%s: %v is less than 0; give %s", l.Name, v, l.Range())
	case l.Positive && v == 0:
		return fmt.Errorf("%s: 0 would let nothing pass; give %s", l.Name, l.Range())
	case l.Most > 0 && v > l.Most:
		return fmt.Errorf("%s: %v is more than %s; give %s", l.Name, v, plain(l.Most), l.Range())
	case l.Whole && v != math.Trunc(v):
		return fmt.Errorf("%s: %v is not a whole number; give %s", l.Name, v, l.Range())
	}
	return nil
}

// Range says in words which values a limit accepts.
func (l Limit) Range() string {
	kind := "a number"
	if l.Whole {
		kind = "a whole number"
	}
	switch {
	case l.Most > 0:
		return fmt.Sprintf("%s from 0 to %s", kind, plain(l.Most))
	case l.Positive:
		return fmt.Sprintf("more than 0, as in %s", plain(l.Default))
	}
	return "0 or more"
}

// Written returns the default as an option has it.
func (l Limit) Written() string { return plain(l.Default) }

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
