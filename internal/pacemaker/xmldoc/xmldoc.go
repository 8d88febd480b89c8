// SPDX-License-Identifier: GPL-3.0-or-later

// Package xmldoc reads XML documents of limited size, and the attributes of their elements.
package xmldoc

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
	MaxDocument = 8 << 20
	MaxMarkup   = 256 << 10 // elements and attributes together: their number costs memory, not their length
	maxDepth    = 64
)

// Parse reads one complete XML document with one of the expected roots. etree by itself accepts empty input, text
// before the root and two roots without an error.
func Parse(b []byte, roots ...string) (*etree.Element, error) {
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
	if len(b) > MaxDocument {
		return fmt.Errorf("%d bytes, more than %d", len(b), MaxDocument)
	}
	if n := bytes.Count(b, []byte("<")) + bytes.Count(b, []byte("=")); n > MaxMarkup {
		return fmt.Errorf("%d elements and attributes, more than %d", n, MaxMarkup)
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

// Attributes reads the attributes of one element and keeps the first error, with its place.
type Attributes struct {
	Of  *etree.Element
	Err error
}

func (a *Attributes) fail(name, problem string) {
	if a.Err != nil {
		return
	}
	who := a.Of.SelectAttrValue("name", "")
	if who == "" {
		who = a.Of.SelectAttrValue("id", "")
	}
	a.Err = fmt.Errorf("<%s> %q: attribute %s %s", a.Of.Tag, excerpt.Of(who), name, problem)
}

// Text returns an attribute that must exist and not be empty.
func (a *Attributes) Text(name string) string {
	s := a.Of.SelectAttrValue(name, "")
	if s == "" {
		a.fail(name, "is missing")
	}
	return s
}

// Optional returns an attribute that not every version prints.
func (a *Attributes) Optional(name string) string { return a.Of.SelectAttrValue(name, "") }

// Flag returns an attribute that is true or false and must exist.
func (a *Attributes) Flag(name string) bool {
	if a.Of.SelectAttr(name) == nil {
		a.fail(name, "is missing")
		return false
	}
	return a.OptionalFlag(name, false)
}

// OptionalFlag returns an attribute that is true or false, or absent in some versions.
func (a *Attributes) OptionalFlag(name string, absent bool) bool {
	attr := a.Of.SelectAttr(name)
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

// Count returns a whole number, zero or more, or absent.
func (a *Attributes) Count(name string) int64 {
	s := a.Of.SelectAttrValue(name, "")
	if s == "" {
		return 0
	}
	if s == "INFINITY" {
		return Infinity
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		a.fail(name, fmt.Sprintf("is %q, expected a number", excerpt.Of(s)))
		return 0
	}
	return n
}

// Infinity is how Pacemaker writes INFINITY as a number.
const Infinity = 1000000
