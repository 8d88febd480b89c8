// SPDX-License-Identifier: GPL-3.0-or-later

// Package stats reads the answers of HAProxy: statistics, servers, stick tables and the process, 1.5 to current. Every
// value is found by the name of its column or key, never by its position.
package stats

// Proxy is one listen, frontend or backend section.
type Proxy struct {
	Name     string   `json:"name"`
	Mode     string   `json:"mode"` // tcp, http; empty if neither the statistics nor the configuration say
	Frontend *Side    `json:"frontend"`
	Backend  *Side    `json:"backend"`
	Servers  []Server `json:"servers"` // in the order of the configuration
	// Table is the stick table that the section uses; it is read only for the database's backends, otherwise nil.
	Table *Table `json:"stick_table"`
}

// Side is a proxy's own FRONTEND or BACKEND line.
type Side struct {
	Status          string `json:"status"`
	CurrentSessions int64  `json:"scur"`
	TotalSessions   int64  `json:"stot"`
	NewSessions     int64  `json:"new_sessions"` // in the window
	LastSession     int64  `json:"lastsess"`     // seconds since the last one, -1 for never or unknown
}

// Status of a server. The zero value is unknown and never healthy.
type Status string

// HAProxy's status of a server, without the transitions' fractions ("UP 1/3" is Going).
const (
	StatusUnknown Status = ""
	StatusUp      Status = "UP"
	StatusDown    Status = "DOWN"
	StatusGoing   Status = "TRANSIENT"
	StatusNoCheck Status = "no check"
	StatusDrain   Status = "DRAIN"
	StatusMaint   Status = "MAINT"
	StatusNoLB    Status = "NOLB"
)

// Server is one server line, keyed by the header's column names, never by position.
type Server struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Raw    string `json:"status_text"` // the column unchanged
	Backup bool   `json:"backup"`      // column bck
	Weight int    `json:"weight"`
	ID     int    `json:"id"`   // column sid
	Limit  int    `json:"slim"` // maxconn of the server, 0 for none
	// Address is the server's IP address if it is known (servers state, column addr at level operator, or the
	// configuration), otherwise empty.
	Address         string `json:"address"`
	Port            int    `json:"port"`
	CurrentSessions int64  `json:"scur"`
	TotalSessions   int64  `json:"stot"`
	NewSessions     int64  `json:"new_sessions"` // in the window
	LastSession     int64  `json:"lastsess"`     // seconds since the last one, -1 for never or unknown
	LastChange      int64  `json:"lastchg"`      // seconds since the last change of status, -1 if unknown
	CheckStatus     string `json:"check_status"` // L7OK, L4CON, ...
	CheckCode       int    `json:"check_code"`
	Downtime        int64  `json:"downtime"`
	// OperState and AdminState are srv_op_state and srv_admin_state of show servers state; -1 if unknown.
	OperState  int `json:"oper_state"`
	AdminState int `json:"admin_state"`
}

// Usable reports that HAProxy would send a session here.
func (s Server) Usable() bool { return s.Status == StatusUp || s.Status == StatusNoCheck }

// Table is a proxy's stick table.
type Table struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	Used int64  `json:"used"`
	// Readable says that the level permitted reading the entries; at level user they cannot be read.
	Readable bool `json:"readable"`
	// Entries is what was read; empty and Readable means that nothing sticks.
	Entries []Entry `json:"entries"`
}

// Entry pins a key to a server.
type Entry struct {
	Key      string `json:"key"`
	ServerID int    `json:"server_id"`
	Server   string `json:"server"`  // by the sid; empty if the id has no server
	Expires  int64  `json:"expires"` // milliseconds until it expires; 0 in a table without an expiry
}
