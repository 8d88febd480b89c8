// SPDX-License-Identifier: GPL-3.0-or-later

package stats

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/quantity"
)

// Values of the column type.
const (
	typeFrontend = "0"
	typeBackend  = "1"
	typeServer   = "2"
	typeListener = "3" // one line a socket, with "option socket-stats"; its frontend has the sums
)

// row is one line of the statistics. Its first error is kept and ends the parse.
type row struct {
	columns map[string]int
	cells   []string
	line    int
	err     error
}

// text returns the cell of a column, empty if the version has no such column. HAProxy 1.5 writes a check's description
// unquoted, so a line may be longer than its header; a shorter one is broken.
func (r *row) text(column string) string {
	i, ok := r.columns[column]
	if !ok {
		return ""
	}
	if i >= len(r.cells) {
		r.fail("it has %s, and %s is column %d", quantity.Count(int64(len(r.cells)), "column"), column, i+1)
		return ""
	}
	if err := plainText(r.cells[i]); err != nil {
		r.fail("%s: %w", column, err)
	}
	return r.cells[i]
}

// number returns the cell of a column as a number, or empty for an empty cell or a column that the version lacks.
// Nothing here is negative except the -1 that stands for never.
func (r *row) number(column string, empty int64) int64 {
	text := r.text(column)
	if text == "" {
		return empty
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < min(empty, 0) {
		r.fail("%s is %q, not a number", column, excerpt.Of(text))
	}
	return n
}

func (r *row) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("line %d: "+format, append([]any{r.line}, args...)...)
	}
}

// put stores the line in its proxy, next to what another process reported about the same thing.
func (r *row) put(p *Proxy, kind string, at int) {
	switch kind {
	case typeFrontend:
		p.Frontend = p.Frontend.plus(r.side())
	case typeBackend:
		p.Backend = p.Backend.plus(r.side())
	case typeServer:
		if at < len(p.Servers) {
			p.Servers[at] = p.Servers[at].plus(r.server())
			return
		}
		p.Servers = append(p.Servers, r.server())
	}
}

func (r *row) side() *Side {
	return &Side{
		Status:          strings.Clone(r.text("status")),
		CurrentSessions: r.number("scur", 0),
		TotalSessions:   r.number("stot", 0),
		LastSession:     r.number("lastsess", -1),
	}
}

func (r *row) server() Server {
	s := Server{
		Name:            strings.Clone(r.text("svname")),
		Status:          ParseStatus(r.text("status")),
		Raw:             strings.Clone(r.text("status")),
		Backup:          r.number("bck", 0) > 0,
		Weight:          int(r.number("weight", 0)),
		ID:              int(r.number("sid", 0)),
		Limit:           int(r.number("slim", 0)),
		CurrentSessions: r.number("scur", 0),
		TotalSessions:   r.number("stot", 0),
		LastSession:     r.number("lastsess", -1),
		LastChange:      r.number("lastchg", -1),
		CheckStatus:     strings.Clone(strings.TrimPrefix(r.text("check_status"), "* ")), // "* " while a check runs
		CheckCode:       int(r.number("check_code", 0)),
		Downtime:        r.number("downtime", 0),
		OperState:       -1,
		AdminState:      -1,
	}
	s.Address, s.Port = splitAddress(r.text("addr"))
	return s
}

// splitAddress splits "10.0.0.1:3306" or "[fd00::1]:3306". The port is 0 if it depends on the client's, as in
// "10.0.0.1:-1000". Anything but an IP address, such as "unix", gives nothing.
func splitAddress(text string) (string, int) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", 0
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return "", 0
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		n = 0
	}
	return ip.String(), int(n)
}

// plus sums up what two processes reported about a proxy.
func (s *Side) plus(o *Side) *Side {
	if s == nil {
		return o
	}
	s.Status = both(s.Status, o.Status)
	s.CurrentSessions += o.CurrentSessions
	s.TotalSessions += o.TotalSessions
	s.LastSession = latest(s.LastSession, o.LastSession)
	return s
}

// plus sums up what two processes reported about a server. If they do not agree on its status, it is unknown.
func (s Server) plus(o Server) Server {
	s.Raw = both(s.Raw, o.Raw)
	if s.Status != o.Status {
		s.Status = StatusUnknown
	}
	s.CurrentSessions += o.CurrentSessions
	s.TotalSessions += o.TotalSessions
	s.LastSession = latest(s.LastSession, o.LastSession)
	s.LastChange = latest(s.LastChange, o.LastChange)
	s.Downtime = max(s.Downtime, o.Downtime)
	return s
}

func both(a, b string) string {
	if a == b || strings.HasSuffix(a, " / "+b) {
		return a
	}
	return a + " / " + b
}

// latest returns the smaller age; -1 stands for never.
func latest(a, b int64) int64 {
	if a < 0 || (b >= 0 && b < a) {
		return b
	}
	return a
}
