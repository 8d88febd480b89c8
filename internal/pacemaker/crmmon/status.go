// SPDX-License-Identifier: GPL-3.0-or-later

// Package crmmon reads the XML that crm_mon prints: nodes, resources, failures, bans and fencing, of Pacemaker 1.1 to
// 3.0.
package crmmon

import (
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/xmldoc"
)

// NotConnectedError is a document in which crm_mon itself says that it saw no cluster.
type NotConnectedError struct{ Reason string }

// Error has the reason that crm_mon gave.
func (e *NotConnectedError) Error() string { return "crm_mon has no status: " + e.Reason }

// Parse reads the XML of `crm_mon --output-as=xml` (root pacemaker-result, 2.0.3 and later) or of `crm_mon --as-xml`
// (root crm_mon, 1.1 to 2.1). It accepts only a complete document: the right root, status 0, no errors, a summary and
// at least one node; crm_mon without a CIB exits 0 and prints none of these. Errors: *NotConnectedError, or one that
// names the element and the attribute that is wrong.
func Parse(b []byte) (*Status, error) {
	root, err := xmldoc.Parse(b, "pacemaker-result", "crm_mon")
	if err != nil {
		return nil, err
	}
	if err := accepted(root); err != nil {
		return nil, err
	}
	s := &Status{Options: map[string]string{}}
	for _, section := range []func(*etree.Element) error{
		s.readSummary, s.readNodes, s.readNodeAttributes, s.readResources, s.readFailures, s.readFailCounts, s.readBans,
		s.readFencing,
	} {
		if err := section(root); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// accepted checks the verdict of crm_mon on itself:
//
//	<status code="0" message="OK"><errors><error>Could not connect to the CIB: ...</error></errors></status>
func accepted(root *etree.Element) error {
	if reasons := Complaints(root); reasons != "" {
		return &NotConnectedError{Reason: reasons}
	}
	if root.SelectElement("crm-mon-disconnected") != nil {
		return &NotConnectedError{Reason: "disconnected"}
	}
	verdicts := root.SelectElements("status")
	if len(verdicts) == 0 && root.Tag == "pacemaker-result" {
		return errors.New("no <status>: the document is cut off or not crm_mon's")
	}
	for _, v := range verdicts {
		if code := v.SelectAttrValue("code", ""); code != "0" {
			return &NotConnectedError{Reason: fmt.Sprintf("status %q, %s", excerpt.Of(code),
				excerpt.Of(v.SelectAttrValue("message", "")))}
		}
	}
	return nil
}

// Complaints returns the texts of <errors>, in one line; "errors without text" if it has none.
func Complaints(root *etree.Element) string {
	var texts []string
	for _, status := range root.SelectElements("status") {
		for _, list := range status.SelectElements("errors") {
			texts = append(texts, "")
			for _, e := range list.SelectElements("error") {
				texts = append(texts, excerpt.Of(strings.TrimPrefix(e.Text(), "error: ")))
			}
		}
	}
	if len(texts) == 0 {
		return ""
	}
	joined := strings.Trim(strings.Join(texts, "; "), "; ")
	if joined == "" {
		return "errors without text"
	}
	return excerpt.UpTo(300, joined)
}

func (s *Status) readSummary(root *etree.Element) error {
	summary := root.SelectElement("summary")
	if summary == nil {
		return errors.New("no <summary>: this is not a complete cluster status")
	}
	if options := summary.SelectElement("cluster_options"); options != nil {
		for _, a := range options.Attr {
			s.Options[a.Key] = a.Value
		}
	}
	dc := summary.SelectElement("current_dc")
	if dc == nil {
		return errors.New("<summary> has no <current_dc>")
	}
	if root.Tag == "crm_mon" {
		s.Version = root.SelectAttrValue("version", "")
	}
	a := xmldoc.Attributes{Of: dc}
	if a.Flag("present") {
		s.DC, s.Quorum = a.Text("name"), a.Flag("with_quorum")
		if v := a.Optional("version"); v != "" {
			s.Version = v
		}
	}
	return a.Err
}

func (s *Status) readNodes(root *etree.Element) error {
	for _, e := range children(root, "nodes", "node") {
		n, err := parseNode(e)
		if err != nil {
			return err
		}
		s.Nodes = append(s.Nodes, n)
	}
	if len(s.Nodes) == 0 {
		return errors.New("no <node>: this is not a complete cluster status")
	}
	return nil
}

// parseNode reads one line of <nodes>; maintenance came with 1.1.8, health and feature_set with 2.1.
func parseNode(e *etree.Element) (Node, error) {
	a := xmldoc.Attributes{Of: e}
	n := Node{
		Name: a.Text("name"), ID: a.Optional("id"),
		Online: a.Flag("online"), Standby: a.Flag("standby"), StandbyFail: a.OptionalFlag("standby_onfail", false),
		Maintenance: a.OptionalFlag("maintenance", false), Pending: a.Flag("pending"), Unclean: a.Flag("unclean"),
		Shutdown: a.Flag("shutdown"), ExpectedUp: a.OptionalFlag("expected_up", false), IsDC: a.Flag("is_dc"),
		Health: a.Optional("health"), FeatureSet: a.Optional("feature_set"), Running: int(a.Count("resources_running")),
		Attributes: map[string]string{}, CorosyncVote: -1,
	}
	// id_as_resource is the resource whose container or machine the node lives in; container_id came with 3.0.
	for _, name := range []string{"id_as_resource", "container_id"} {
		if id := a.Optional(name); id != "" {
			n.ContainerID = id
		}
	}
	n.Type = nodeType(a.Optional("type"), n.ContainerID)
	return n, a.Err
}

func nodeType(printed, container string) NodeType {
	switch {
	case printed == "member":
		return NodeMember
	case printed == "remote" && container != "":
		return NodeGuest
	case printed == "remote":
		return NodeRemote
	}
	return NodeUnknown
}

func (s *Status) readNodeAttributes(root *etree.Element) error {
	for _, e := range children(root, "node_attributes", "node") {
		a := xmldoc.Attributes{Of: e}
		n := s.Node(a.Text("name"))
		if a.Err != nil {
			return a.Err
		}
		if n == nil {
			continue // a former node: its attributes outlive it
		}
		for _, pair := range e.SelectElements("attribute") {
			p := xmldoc.Attributes{Of: pair}
			name := p.Text("name")
			n.Attributes[name] = cib.ShownValue(name, p.Optional("value"))
			if p.Err != nil {
				return p.Err
			}
		}
	}
	return nil
}
