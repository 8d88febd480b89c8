// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// needed are the columns without which a line is useless. HAProxy 1.5 has all of them.
var needed = []string{"pxname", "svname", "scur", "stot", "status", "type", "lastsess"}

// ParseStat reads the CSV that "show stat" and the stats URL's ";csv" print:
//
//	# pxname,svname,qcur,qmax,scur,...,status,weight,act,bck,...,pid,iid,sid,...,type,...
//	mysql,controller-0.internalapi.localdomain,0,0,3,...,UP,1,0,1,...,1,3,1,...,2,...
//
// Columns are found by the header's names; unknown ones are ignored. Proxies and servers keep the order of the lines,
// which is the configuration's. Lines of several processes (column pid) are summed up. Errors name line and column.
func ParseStat(b []byte) ([]Proxy, error) {
	if err := bounded(b, maxRows); err != nil {
		return nil, fmt.Errorf("show stat: %w", err)
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	columns, err := readHeader(r)
	if err != nil {
		return nil, fmt.Errorf("show stat: %w", err)
	}
	if !bytes.HasSuffix(b, []byte("\n")) {
		return nil, errors.New("show stat: the last line is not complete")
	}
	l := listing{at: map[string]int{}, seen: map[string]int{}}
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return l.proxies, nil
		}
		if err == nil {
			line, _ := r.FieldPos(0)
			err = l.add(&row{columns: columns, cells: cells, line: line})
		}
		if err != nil {
			return nil, fmt.Errorf("show stat: %w", err)
		}
	}
}

// readHeader maps the names of the columns to their positions. "-" marks where the modules' columns begin.
func readHeader(r *csv.Reader) (map[string]int, error) {
	cells, err := r.Read()
	if err == io.EOF {
		return nil, errors.New("empty: there is no header line")
	}
	if err != nil {
		return nil, err
	}
	first, ok := strings.CutPrefix(cells[0], "# ")
	if !ok {
		return nil, fmt.Errorf("no header line: it begins with %q, not with \"# pxname\"", excerpt.Of(cells[0]))
	}
	columns := map[string]int{strings.Clone(first): 0}
	for i, name := range cells[1:] {
		if _, twice := columns[name]; twice && name != "" && name != "-" {
			return nil, fmt.Errorf("column %q is listed twice in the header", excerpt.Of(name))
		}
		columns[strings.Clone(name)] = i + 1
	}
	for _, name := range needed {
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("the header lacks column %q", name)
		}
	}
	return columns, nil
}

// listing collects lines into proxies.
type listing struct {
	proxies []Proxy
	at      map[string]int // proxy name to its index
	seen    map[string]int // process, proxy, type, server: the index of the server in its proxy
}

func (l *listing) add(r *row) error {
	kind := r.text("type")
	if r.err != nil {
		return r.err
	}
	switch kind {
	case typeListener:
		return nil
	case typeFrontend, typeBackend, typeServer:
	default:
		return fmt.Errorf("line %d: type %q is not one of 0, 1, 2, 3", r.line, excerpt.Of(kind))
	}
	p := l.proxy(r.text("pxname"), r.text("mode"))
	what := strings.Join([]string{p.Name, kind, r.text("svname"), r.text("sid")}, "\x00")
	process := r.text("pid") + "\x00" + what
	if _, twice := l.seen[process]; twice {
		return fmt.Errorf("line %d: %s/%s is listed twice", r.line, excerpt.Of(p.Name), excerpt.Of(r.text("svname")))
	}
	at, other := l.seen[what]
	if !other {
		at = len(p.Servers)
	}
	l.seen[process], l.seen[what] = at, at
	r.put(p, kind, at)
	return r.err
}

// proxy returns the proxy of that name, which is created if it is new.
func (l *listing) proxy(name, mode string) *Proxy {
	i, ok := l.at[name]
	if !ok {
		i = len(l.proxies)
		name = strings.Clone(name)
		l.at[name] = i
		l.proxies = append(l.proxies, Proxy{Name: name, Mode: strings.Clone(mode), Servers: []Server{}})
	}
	return &l.proxies[i]
}
