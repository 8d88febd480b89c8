// SPDX-License-Identifier: GPL-3.0-or-later

package pacemaker

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// Limits of a document. A crm_mon of 64 nodes and 1000 resources is 0.75 MB with 60000 attributes and is 5 deep.
const (
	maxDocument = 8 << 20
	maxMarkup   = 256 << 10 // elements and attributes together: what costs memory is their number, not their length
	maxDepth    = 64
)

// document reads one whole XML document with one of the roots that are expected. etree by itself takes empty input,
// text before the root and two roots without a word.
func document(b []byte, roots ...string) (*etree.Element, error) {
	if err := bounded(b); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: maxDepth}
	if err := doc.ReadFromBytes(b); err != nil {
		return nil, fmt.Errorf("not well-formed XML: %w", excerpt.Error(err))
	}
	root, err := onlyRoot(doc)
	if err != nil {
		return nil, err
	}
	for _, name := range roots {
		if root.FullTag() == name {
			return root, nil
		}
	}
	return nil, fmt.Errorf("the root is <%s>, expected <%s>", excerpt.Of(root.FullTag()), strings.Join(roots, "> or <"))
}

func bounded(b []byte) error {
	if len(bytes.TrimSpace(b)) == 0 {
		return errors.New("empty, expected XML")
	}
	if len(b) > maxDocument {
		return fmt.Errorf("%d bytes, more than %d", len(b), maxDocument)
	}
	if n := bytes.Count(b, []byte("<")) + bytes.Count(b, []byte("=")); n > maxMarkup {
		return fmt.Errorf("%d elements and attributes, more than %d", n, maxMarkup)
	}
	return nil
}

func onlyRoot(doc *etree.Document) (*etree.Element, error) {
	var root *etree.Element
	for _, token := range doc.Child {
		switch t := token.(type) {
		case *etree.Element:
			if root != nil {
				return nil, fmt.Errorf("two roots, <%s> and <%s>", excerpt.Of(root.FullTag()), excerpt.Of(t.FullTag()))
			}
			root = t
		case *etree.CharData:
			if text := strings.TrimSpace(t.Data); text != "" {
				return nil, fmt.Errorf("text outside of the root: %q", excerpt.Of(text))
			}
		case *etree.Directive:
			return nil, fmt.Errorf("a directive, <!%s>", excerpt.Of(t.Data))
		}
	}
	if root == nil {
		return nil, errors.New("no element")
	}
	return root, nil
}

// attributes reads the attributes of one element and keeps the first thing that is wrong, with its place.
type attributes struct {
	of  *etree.Element
	err error
}

func (a *attributes) fail(name, problem string) {
	if a.err != nil {
		return
	}
	who := a.of.SelectAttrValue("name", "")
	if who == "" {
		who = a.of.SelectAttrValue("id", "")
	}
	a.err = fmt.Errorf("<%s> %q: attribute %s %s", a.of.Tag, excerpt.Of(who), name, problem)
}

// text is an attribute that must be there and not be empty.
func (a *attributes) text(name string) string {
	s := a.of.SelectAttrValue(name, "")
	if s == "" {
		a.fail(name, "is missing")
	}
	return s
}

// optional is an attribute that not every version prints.
func (a *attributes) optional(name string) string { return a.of.SelectAttrValue(name, "") }

// flag is true or false and must be there.
func (a *attributes) flag(name string) bool {
	if a.of.SelectAttr(name) == nil {
		a.fail(name, "is missing")
		return false
	}
	return a.optionalFlag(name, false)
}

// optionalFlag is true or false, or absent in some versions.
func (a *attributes) optionalFlag(name string, absent bool) bool {
	attr := a.of.SelectAttr(name)
	switch {
	case attr == nil:
		return absent
	case attr.Value == "true":
		return true
	case attr.Value == "false":
		return false
	}
	a.fail(name, fmt.Sprintf("is %q, expected true or false", excerpt.Of(attr.Value)))
	return absent
}

// count is a whole number, zero or more, or absent.
func (a *attributes) count(name string) int64 {
	s := a.of.SelectAttrValue(name, "")
	if s == "" {
		return 0
	}
	if s == "INFINITY" {
		return infinity
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		a.fail(name, fmt.Sprintf("is %q, expected a number", excerpt.Of(s)))
		return 0
	}
	return n
}

// infinity is how Pacemaker writes INFINITY as a number.
const infinity = 1000000
