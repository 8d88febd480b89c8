// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// references resolves what a CIB defines elsewhere: the templates of primitives, and the sets and pairs that an id-ref
// stands for. The results are those of Pacemaker 1.1 to 3.0.
type references struct {
	byID     map[reference]*etree.Element
	defaults *etree.Element // rsc_defaults; nil if there are none
	left     int            // pairs that may still be read: references may multiply them
}

type reference struct{ tag, id string }

// maxPairs is more than any cluster's resources have with all their references.
const maxPairs = 1 << 20

var errManyPairs = errors.New("its references come to more than 1048576 name-value pairs")

// referTo collects what can be referred to in a CIB.
func referTo(root *etree.Element) *references {
	r := &references{byID: map[reference]*etree.Element{}, left: maxPairs}
	r.collect(root)
	return r
}

func (r *references) collect(e *etree.Element) {
	if id := e.SelectAttrValue("id", ""); id != "" {
		at := reference{e.Tag, id}
		if r.byID[at] == nil {
			r.byID[at] = e
		}
	}
	if e.Tag == "rsc_defaults" && r.defaults == nil {
		r.defaults = e
	}
	for _, child := range e.ChildElements() {
		r.collect(child)
	}
}

// follow returns the element that e stands for: e itself, or that of the same kind which its id-ref names; nil if there
// is none.
func (r *references) follow(e *etree.Element) *etree.Element {
	id := e.SelectAttrValue("id-ref", "")
	if id == "" {
		return e
	}
	return r.byID[reference{e.Tag, id}]
}

// definition returns the elements that define a primitive, its own first: it and its template. A missing template is an
// error.
//
//	<template id="t" class="ocf" provider="heartbeat" type="galera">...</template>
//	<primitive id="galera" template="t"/>
func (r *references) definition(e *etree.Element) ([]*etree.Element, error) {
	name := e.SelectAttrValue("template", "")
	if name == "" || e.Tag != "primitive" {
		return []*etree.Element{e}, nil
	}
	template := r.byID[reference{"template", name}]
	if template == nil {
		return nil, fmt.Errorf("there is no template %q", excerpt.Of(name))
	}
	return []*etree.Element{e, template}, nil
}

// agent returns class:provider:type of a primitive, class:type if there is no provider; empty if it is not known.
func (r *references) agent(e *etree.Element) string {
	all, err := r.definition(e)
	if err != nil {
		return ""
	}
	return agentOf(all[len(all)-1])
}

// values are the resolved sets of name-value pairs.
type values struct {
	is map[string]string
	// ruled are values that would take precedence while a rule is true. Rules are not evaluated here.
	ruled map[string][]string
	err   error
}

// certain returns the value of a name, "" if it is not set. It is an error if that depends on a rule.
func (v values) certain(name string) (string, error) {
	for _, other := range v.ruled[name] {
		if other != v.is[name] {
			return "", fmt.Errorf("%s depends on a rule, which is not evaluated here", excerpt.Of(name))
		}
	}
	return v.is[name], nil
}

// any reports whether a name has, or has while a rule is true, a value like this.
func (v values) any(name string, like func(string) bool) bool {
	text, set := v.is[name]
	return set && like(text) || slices.ContainsFunc(v.ruled[name], like)
}

// settings returns the values of one kind for a resource: its own, otherwise those of its template, otherwise those of
// the collectives around it (outermost first), otherwise the cluster's defaults.
func (r *references) settings(e *etree.Element, outer []*etree.Element, kind string) values {
	v := values{is: map[string]string{}, ruled: map[string][]string{}}
	r.add(&v, e, kind, "")
	for _, around := range slices.Backward(outer) {
		r.add(&v, around, kind, "")
	}
	if r.defaults != nil {
		r.add(&v, r.defaults, kind, "")
	}
	return v
}

// own returns the values of one kind at an element itself, or at its template. The set called first takes precedence
// over all others.
func (r *references) own(e *etree.Element, kind, first string) values {
	v := values{is: map[string]string{}, ruled: map[string][]string{}}
	r.add(&v, e, kind, first)
	return v
}

// add adds the values of e's sets that were not set already.
func (r *references) add(v *values, e *etree.Element, kind, first string) {
	sets, err := r.sets(e, kind, first)
	if v.err == nil {
		v.err = err
	}
	for _, set := range sets {
		ruled := set.SelectElement("rule") != nil
		for _, pair := range set.SelectElements("nvpair") {
			if r.left--; r.left < 0 {
				v.err = errManyPairs
				return
			}
			name, value, found := r.pair(pair)
			switch {
			case !found:
			case ruled:
				if _, has := v.is[name]; !has {
					v.ruled[name] = append(v.ruled[name], value)
				}
			case value == "#default":
				delete(v.is, name) // so does Pacemaker, whatever other sets say
			default:
				if _, has := v.is[name]; !has {
					v.is[name] = value
				}
			}
		}
	}
}

// pair returns a name and its value; an id-ref has the value of another pair, and may have a name of its own.
func (r *references) pair(e *etree.Element) (name, value string, found bool) {
	of := r.follow(e)
	if of == nil {
		return "", "", false
	}
	name = cmp.Or(e.SelectAttrValue("name", ""), of.SelectAttrValue("name", ""))
	attr := of.SelectAttr("value")
	if name == "" || attr == nil {
		return "", "", false
	}
	return name, attr.Value, true
}

// sets returns the sets of one kind at an element and its template, in their order of precedence: the one called first,
// then by their score, and of two with the same score the later one. A primitive's own follow its template's.
func (r *references) sets(e *etree.Element, kind, first string) ([]*etree.Element, error) {
	definition, err := r.definition(e)
	var sets []*etree.Element
	for _, part := range slices.Backward(definition) {
		for _, child := range part.SelectElements(kind) {
			set := r.follow(child)
			if set == nil {
				err = fmt.Errorf("its %s refers to %q, which does not exist", kind,
					excerpt.Of(child.SelectAttrValue("id-ref", "")))
				continue
			}
			sets = append(sets, set)
		}
	}
	slices.Reverse(sets)
	slices.SortStableFunc(sets, func(a, b *etree.Element) int {
		isFirst := func(e *etree.Element) bool {
			return first != "" && strings.EqualFold(e.SelectAttrValue("id", ""), first)
		}
		switch {
		case isFirst(a) != isFirst(b) && isFirst(a):
			return -1
		case isFirst(a) != isFirst(b):
			return 1
		}
		return cmp.Compare(score(b.SelectAttrValue("score", "")), score(a.SelectAttrValue("score", "")))
	})
	if r.left -= len(sets); r.left < 0 {
		return nil, errManyPairs
	}
	return sets, err
}

// score returns a set's score: a number, INFINITY, -INFINITY; 0 if it has none.
func score(text string) int {
	switch strings.ToUpper(text) {
	case "INFINITY", "+INFINITY":
		return xmldoc.Infinity
	case "-INFINITY":
		return -xmldoc.Infinity
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return min(max(n, -xmldoc.Infinity), xmldoc.Infinity)
}

// operations returns those of a primitive with a name: its own, otherwise its template's.
func (r *references) operations(e *etree.Element, name string) []*etree.Element {
	definition, _ := r.definition(e)
	for _, part := range definition {
		var found []*etree.Element
		for _, list := range part.SelectElements("operations") {
			if list = r.follow(list); list == nil {
				continue
			}
			for _, op := range list.SelectElements("op") {
				if op.SelectAttrValue("name", "") == name {
					found = append(found, op)
				}
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}
