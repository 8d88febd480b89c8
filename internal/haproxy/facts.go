// SPDX-License-Identifier: GPL-3.0-or-later

package haproxy

import (
	"overcloud.backup/internal/haproxy/cfg"
	"overcloud.backup/internal/haproxy/stats"
	"overcloud.backup/internal/reading"
)

// Facts is what one host's HAProxy reports about itself. It is what haproxy_facts returns as ansible_haproxy.
type Facts struct {
	reading.Header
	// Running says that a process answered over its stats socket or stats URL.
	Running bool `json:"running"`
	// Reached is the socket's path or the URL (without credentials) that answered.
	Reached string `json:"reached"`
	// Level is the privilege that the socket gives: user, operator or admin; empty if it is unknown.
	Level   cfg.Level `json:"level"`
	Version string    `json:"version"`
	Uptime  int64     `json:"uptime"` // seconds; a young process has not yet checked its servers
	PID     int       `json:"pid"`
	// Processes is nbproc: with more than one, a socket speaks only for one process.
	Processes int `json:"processes"`
	// Proxies are all proxies, in the order of the configuration.
	Proxies []stats.Proxy `json:"proxies"`
	// Database is the proxy in front of the database; nil if none was found, with the reason among the errors.
	Database *Database `json:"database"`
	// Pools are the further backends in tcp mode whose servers are also the database's, such as a pool of readers.
	// Their servers may be other hosts' or another cluster's: the addresses identify them.
	Pools []Database `json:"pools"`
	// Window is the time between the two samples, in seconds; 0 if one was taken.
	Window float64 `json:"window"`
}

// Database is a backend of the database with the frontend before it, and what decides where its next client goes.
type Database struct {
	// Frontend and Backend are the same section for a listen. Frontend is empty if none leads to the backend.
	Frontend string `json:"frontend"`
	Backend  string `json:"backend"`
	// Binds are the addresses it listens on, host:port, from the configuration: "10.0.0.1:3306", "[fd00::1]:3306";
	// 0.0.0.0 and [::] stand for every address. Empty if the configuration could not be read.
	Binds []string `json:"binds"`
	// Sticky says that the backend pins its clients: it has a stick rule, or, if the configuration could not be read, a
	// stick table.
	Sticky bool `json:"sticky"`
	// Evidence says how it was found: option, name, port, "name and port", or servers (it has the database's).
	Evidence string `json:"evidence"`
	// Config is the configuration file with the frontend's section (or, without one, the backend's), empty if it could
	// not be read.
	Config string `json:"config"`

	// Balance is the algorithm that the configuration names; empty leaves HAProxy's own default.
	Balance string `json:"balance"`
	// AllBackups: with no other server, all backup servers take clients, not only the first.
	AllBackups bool `json:"allbackups"`
	// Persist: clients that are pinned to a server are sent there even if it is down.
	Persist bool `json:"persist"`
	// UseServers are the servers that use-server rules name; a rule whose name is made for each connection is listed as
	// it is.
	UseServers []string `json:"use_servers"`
	// StickKey is the key of the stick rules: "dst", "src". It is empty if that is not one thing for all clients of a
	// destination: several rules, a rule with a condition, a table that is not the backend's own.
	StickKey string `json:"stick_key"`
	// StickPeers is how many HAProxies are in the peers section of the stick table, including this one: with one the
	// table survives a reload, with more its entries also come from other hosts.
	StickPeers int `json:"stick_peers"`
	// StickExpires: entries of the stick table expire by themselves.
	StickExpires bool `json:"stick_expires"`
	// Unmodelled are the options and lines because of which the next client's server cannot be determined.
	Unmodelled []string `json:"unmodelled"`
	// Unread are the lines of its sections that were not understood, and the files that were not read.
	Unread []string `json:"unread"`
}

// Server returns the named server of the database's backend, nil if there is none.
func (f *Facts) Server(name string) *stats.Server {
	for i, s := range f.DatabaseServers() {
		if s.Name == name {
			return &f.DatabaseServers()[i]
		}
	}
	return nil
}

// DatabaseServers are the servers of the database's backend in the order of the configuration.
func (f *Facts) DatabaseServers() []stats.Server {
	if f.Database == nil {
		return nil
	}
	if p := f.Proxy(f.Database.Backend); p != nil {
		return p.Servers
	}
	return nil
}

// Proxy returns the proxy of that name, nil if there is none.
func (f *Facts) Proxy(name string) *stats.Proxy {
	for i := range f.Proxies {
		if f.Proxies[i].Name == name {
			return &f.Proxies[i]
		}
	}
	return nil
}

// Backends returns all backends of the database, first the one that its clients are known to use.
func (f *Facts) Backends() []*Database {
	var all []*Database
	if f.Database != nil {
		all = append(all, f.Database)
	}
	for i := range f.Pools {
		all = append(all, &f.Pools[i])
	}
	return all
}
