// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"cmp"
	"fmt"
	"slices"

	"overcloud.backup/internal/condition"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/logins"
	"overcloud.backup/internal/reading"
	"overcloud.backup/internal/topology"
)

// Input is what is judged: what was read of every host, and the decision made from it.
type Input struct {
	Hosts     []topology.Host
	Documents []Document
	Decision  decision.Decision
	// Now is the time of the judgement, in seconds since the epoch.
	Now float64
	// Strict makes warnings fail.
	Strict bool
}

// Report is the outcome of all checks.
type Report struct {
	// Status is the worst of all rows. Healthy says that nothing failed or is unknown, and under Strict that nothing
	// warns.
	Status  Status `json:"status"`
	Healthy bool   `json:"healthy"`
	Rows    []Row  `json:"rows"`
	// Message sums up, and names what failed. Text is the table for people, in plain ASCII.
	Message string `json:"message"`
	Text    string `json:"text"`
}

// Judge makes the rows of all hosts and clusters.
func Judge(in Input) Report {
	subjects := in.subjects()
	rows := []Row{}
	skews := skewsOf(subjects)
	for _, s := range subjects {
		rows = append(rows, s.rows(skews)...)
	}
	for i := range in.Decision.Clusters {
		c := &in.Decision.Clusters[i]
		rows = append(rows, in.clusterRows(c, among(subjects, c))...)
	}
	if len(in.Decision.Clusters) == 0 {
		rows = append(rows, named(Candidate).row("", Fail, in.Decision.Message).whole())
	}
	rows = append(rows, controlNode(skews)...)
	return sum(rows, in.Strict)
}

func (in Input) subjects() (list []subject) {
	for _, h := range in.Hosts {
		s := subject{host: h, document: Document{Host: h.Name}}
		for _, d := range in.Documents {
			if d.Host == h.Name {
				s.document = d
			}
		}
		for i, c := range in.Decision.Clusters {
			for k := range c.Controllers {
				if c.Controllers[k].Name == h.Name {
					s.of, s.cluster = &in.Decision.Clusters[i].Controllers[k], &in.Decision.Clusters[i]
				}
			}
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b subject) int { return cmp.Compare(a.host.Name, b.host.Name) })
	return list
}

// rows are those of one host.
func (s subject) rows(skews map[string]float64) []Row {
	if why := s.silent(); why != "" {
		return []Row{named(Answer).row(s.host.Name, Unknown, why)}
	}
	rows := []Row{s.answer()}
	for _, c := range checks {
		if s.witness() && !c.witness {
			continue
		}
		switch {
		case c.onHost():
			if s.document.Facts != nil {
				rows = append(rows, c.judge(s.host.Name, s.document.Facts))
			}
		case c.Name == Clock:
			rows = append(rows, clock(s.host.Name, skews))
		case c.Name == Galera:
			rows = append(rows, database(s.host))
		case c.Name == Pacemaker:
			rows = append(rows, manager(s.host, s.witness()))
		case c.Name == HAProxy:
			rows = append(rows, proxy(s.host))
		case c.Name == Logins:
			rows = append(rows, shortConnections(s.host)...)
		case c.Name == Health:
			rows = append(rows, s.health()...)
		}
	}
	return rows
}

func (s subject) answer() Row {
	c := named(Answer)
	switch {
	case s.document.Refused != "":
		return c.row(s.host.Name, Unknown, "what doctor_facts returned cannot be used: "+s.document.Refused)
	case s.document.Facts == nil:
		return c.row(s.host.Name, Unknown, "doctor_facts returned nothing")
	case len(s.host.Errors) > 0:
		e := s.host.Errors[0]
		return c.row(s.host.Name, Unknown, fmt.Sprintf("what %s_facts returned cannot be used: %s", e.Source,
			e.Message))
	}
	return c.row(s.host.Name, OK, "kernel "+cmp.Or(s.document.Facts.Kernel, "unknown"))
}

// source makes the row of a source of facts: absent, silent, or answering with or without errors.
func source(check, host string, head *reading.Header, answers bool, seen string) Row {
	c := named(check)
	if head == nil {
		return c.row(host, Unknown, "it was not read")
	}
	texts := []string{}
	for _, e := range head.Errors {
		text := e.Source + ": " + e.Message
		if e.Hint != "" {
			text += " (" + e.Hint + ")"
		}
		texts = append(texts, text)
	}
	switch {
	case !answers && len(texts) == 0:
		return c.row(host, Fail, "it does not answer")
	case !answers:
		return c.row(host, Fail, texts...)
	case len(texts) > 0:
		return c.row(host, Warn, append([]string{seen}, texts...)...)
	}
	return c.row(host, OK, seen)
}

func database(h topology.Host) Row {
	g := h.Galera
	if g == nil {
		return source(Galera, h.Name, nil, false, "")
	}
	if !g.Present && !g.Running {
		return named(Galera).row(h.Name, Fail, "no MariaDB was found on it")
	}
	seen := fmt.Sprintf("%s, Galera %s, by %s at %s", cmp.Or(g.Server.Version, "unknown"),
		cmp.Or(g.Wsrep.ProviderVersion, "unknown"), cmp.Or(g.Reached.Via, "unknown"), g.Reached.Address)
	return source(Galera, h.Name, &g.Header, g.Running, seen)
}

// manager allows a host without a database to have no Pacemaker.
func manager(h topology.Host, witness bool) Row {
	p := h.Pacemaker
	if p == nil {
		return source(Pacemaker, h.Name, nil, false, "")
	}
	if !p.Present && witness && len(p.Errors) == 0 {
		return named(Pacemaker).row(h.Name, OK, "there is none on this host")
	}
	if !p.Present {
		return named(Pacemaker).row(h.Name, Fail, "Pacemaker is not installed on it")
	}
	seen := fmt.Sprintf("%s, DC %s, %s", cmp.Or(p.Version, "unknown"),
		cmp.Or(p.DC, "none"), map[bool]string{true: "quorum", false: "no quorum"}[p.Quorum])
	return source(Pacemaker, h.Name, &p.Header, p.Connected, seen)
}

// proxy allows a host without HAProxy: whether any is needed there is the decision's to judge.
func proxy(h topology.Host) Row {
	p := h.HAProxy
	if p == nil {
		return source(HAProxy, h.Name, nil, false, "")
	}
	if !p.Present && !p.Running && len(p.Errors) == 0 {
		return named(HAProxy).row(h.Name, OK, "there is none on this host")
	}
	seen := fmt.Sprintf("%s at %s", cmp.Or(p.Version, "unknown"), cmp.Or(p.Reached, "unknown"))
	if p.Level != "" {
		seen += fmt.Sprintf(", level %s", p.Level)
	}
	return source(HAProxy, h.Name, &p.Header, p.Running, seen)
}

// shortConnections says whether clients that come and go would be seen. A server that does not count them is no fault.
func shortConnections(h topology.Host) []Row {
	g, c := h.Galera, named(Logins)
	if g == nil || !g.Running {
		return nil // the row of the server says so
	}
	switch counter := g.Logins.Counter; counter {
	case logins.NotCounted:
		return []Row{c.row(h.Name, OK, "clients that come and go within a second are not seen: the server does not"+
			" count logins", "`SET GLOBAL userstat=ON` lets them be seen")}
	case logins.ByUser, logins.ByAccount:
		seen := fmt.Sprintf("logins are counted by user (%s)", counter)
		if g.Logins.TooMany {
			seen += fmt.Sprintf(", and there are more than %d users: only the guard compares them",
				logins.MaxUsers)
		}
		return []Row{c.row(h.Name, OK, seen)}
	}
	return []Row{c.row(h.Name, Warn, "whether the server counts logins is not known")}
}

// harmless are the conditions that are no failure of a controller, with the status of the others.
var harmless = map[condition.Code]Status{
	condition.Serves: OK, condition.Excluded: Warn, condition.Locked: OK, // Locked has a row of the cluster
}

// health makes a row of each condition that is met, in words and with its code, and one that is ok if none is.
func (s subject) health() []Row {
	if s.of == nil {
		return []Row{named(Health).row(s.host.Name, Fail, "it is in no cluster: no database was found on it")}
	}
	rows := []Row{}
	for _, r := range s.of.Reasons {
		status, is := harmless[r.Code]
		if !is {
			status = Fail
		}
		if status == OK {
			continue
		}
		c := condition.Of(r.Code)
		finding := condition.Finding{Code: r.Code, Message: r.Message}
		rows = append(rows, Check{Name: string(r.Code), Title: named(Health).Title, Remedy: c.Remedy}.
			row(s.host.Name, status, fmt.Sprintf("%s [%s]", finding.Sentence(), r.Code)))
	}
	if len(rows) > 0 {
		return rows
	}
	return []Row{named(Health).row(s.host.Name, OK, fmt.Sprintf("%s; Galera %s; Pacemaker %s; HAProxy %s",
		s.of.Activity, s.of.Galera, s.of.Pacemaker, s.of.HAProxy))}
}
