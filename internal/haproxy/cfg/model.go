// SPDX-License-Identifier: GPL-3.0-or-later

package cfg

import (
	"fmt"
)

// File is one file given to HAProxy with -f.
type File struct {
	Name    string
	Content []byte
}

// Config is the content of haproxy.cfg about the proxies and the ways to HAProxy's statistics.
type Config struct {
	// Sockets are the stats sockets, in order.
	Sockets []StatsSocket
	// Sections are the listen, frontend and backend sections, in order.
	Sections []Section
	// Peers counts the peers of each peers section, including this host.
	Peers map[string]int
}

// StatsSocket is a line "stats socket".
type StatsSocket struct {
	// Path of a unix socket. Sockets of other families are left out.
	Path string
	// Level is operator if the line sets none: HAProxy's default.
	Level Level
}

// Section is a listen, frontend or backend section.
type Section struct {
	Kind string // listen, frontend, backend
	Name string
	File string
	settings
	// Binds are host:port; 0.0.0.0 and [::] stand for every address. TLS says that one of them is for TLS.
	Binds []string
	TLS   bool
	// Backends are the names in default_backend and use_backend.
	Backends []string
	Servers  []Server
	// Sticky says that a stick rule pins clients to servers; Table names the table it uses.
	Sticky bool
	Table  string
	Stats  StatsPage
	// StickRules are the rules behind Sticky, table is the line stick-table.
	StickRules []stickRule
	StickTable *stickTable
	// StoredTables are the tables that its stick rules write to.
	StoredTables []string
	// UseServers are the servers that use-server rules name, dispatch the address for clients without a server.
	UseServers []string
	Dispatch   string
}

// Server is a server line. Address is empty if the line names no IP address.
type Server struct {
	Name    string
	Address string
	Port    int
}

// StatsPage is the statistics page of a section. Its password must not leave the package.
type StatsPage struct {
	Enabled  bool
	URI      string
	User     string
	Password string
}

// LineError is a line of the configuration that matters here and could not be read.
type LineError struct {
	File string
	Line int
	Err  error
}

// Error has the number of the line and the reason.
func (e LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

type configParser struct {
	config   *Config
	env      map[string]string
	file     string
	kind     string              // of the current section
	name     string              // of the current section
	section  *Section            // nil outside of proxies
	defaults settings            // of the latest defaults section
	saved    map[string]settings // of named defaults sections
	branches []LineError         // the .if, .elif and .else that are open
	depth    int                 // how many .if are open
	errs     []LineError
}

// Level is what a stats socket permits. The zero value is unknown.
type Level string

// Levels of a stats socket.
const (
	LevelUnknown  Level = ""
	LevelUser     Level = "user"
	LevelOperator Level = "operator"
	LevelAdmin    Level = "admin"
)

// settings are what a proxy inherits from its defaults section.
type settings struct {
	Mode           string // tcp or http; HAProxy's own default is tcp
	Balance        string
	AllBackups     bool
	Persist        bool // clients that are pinned to a server go there even if it is down
	Disabled       bool
	DefaultBackend string
	AnyBackend     bool // the name of its backend is made for each connection
	// Loose says that the destination which stick rules see may differ for each client, or that the rules may be
	// skipped.
	Loose bool
	// Unmodelled are options that decide about the next client in a way that is not modelled here.
	Unmodelled []string
	// Unread are the lines that were not understood.
	Unread []LineError
}

// stickRule is a line "stick on" or "stick match". A match without a store of its own finds only what others stored,
// which is equivalent to a condition.
type stickRule struct {
	Key, Table  string
	Conditional bool
}

// stickTable is a line "stick-table".
type stickTable struct {
	Peers   string // its peers section
	Expires bool
}
