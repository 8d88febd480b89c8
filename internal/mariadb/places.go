// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"cmp"
	"errors"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"overcloud.backup/internal/optionfile"
	"overcloud.backup/internal/peer"
)

// Paths of a controller's files. TripleO keeps those of its containers under tripleoConfig, from where they are copied
// into the container: no other path of the host has them.
const (
	tripleoConfig  = "/var/lib/config-data/puppet-generated/mysql"
	defaultDatadir = "/var/lib/mysql"
	defaultPort    = 3306
)

// wellKnownSockets are the defaults of Red Hat, Debian and TripleO's bundles. That of the upstream builds is not among
// them: in /tmp any user can have a server answer while the real one is down.
var wellKnownSockets = []string{
	"/var/lib/mysql/mysql.sock", "/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock",
	"/run/mysql/mysql.sock", "/var/run/mysql/mysql.sock", "/run/mariadb/mariadb.sock",
}

// clientGroups are those that the command line client reads, serverGroups those of the server.
var (
	clientGroups = []string{"client", "client-server", "client-mariadb", "mysql", "mariadb-client"}
	serverGroups = []string{"mysqld", "server", "mariadb", "mariadbd", "galera", "client-server"}
)

// OptionFiles are the option files of this host, in two layers: a user's file overrides the host's, as for the client,
// while those of TripleO's container are a source of their own.
type OptionFiles struct {
	client    optionfile.Options
	container optionfile.Options
	server    optionfile.Options
	err       error
}

// ReadOptionFiles reads them. A configFile replaces the standard ones. Errors are in Problem.
func ReadOptionFiles(configFile string) OptionFiles {
	shared, sharedErr := optionfile.Load("/etc/my.cnf", "/etc/mysql/my.cnf")
	container, containerErr := optionfile.Load(containerFiles("etc/my.cnf.d/*.cnf")...)
	f := OptionFiles{server: slices.Concat(shared, container)}
	if configFile != "" {
		var err error
		f.client, err = optionfile.Load(configFile)
		if _, missing := os.Stat(configFile); missing != nil {
			err = missing
		}
		f.err = errors.Join(sharedErr, containerErr, err)
		return f
	}
	own, ownErr := optionfile.Load(filepath.Join(home(), ".my.cnf"))
	f.client = slices.Concat(shared, own)
	root, rootErr := optionfile.Load(containerFiles("root/.my.cnf")...)
	if f.container = root; errors.Is(rootErr, os.ErrPermission) {
		rootErr = nil // it is for root
	}
	f.err = errors.Join(sharedErr, containerErr, ownErr, rootErr)
	return f
}

func containerFiles(pattern string) []string {
	paths, _ := filepath.Glob(filepath.Join(tripleoConfig, pattern))
	return paths
}

// home is the user's by the password file: sudo may leave another one's in the environment.
func home() string {
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		return u.HomeDir
	}
	return "/root"
}

// places lists where to try, best first. exists reports whether a socket file exists.
func (f OptionFiles) places(l Login, exists func(path string) bool) []place {
	if l.Socket != "" {
		return []place{{via: "socket", address: l.Socket, from: "login_unix_socket"}}
	}
	if l.Host != "" && l.Host != "localhost" {
		return []place{{via: "tcp", address: f.tcp(l, l.Host), from: "login_host"}}
	}
	var found []place
	add := func(p place) {
		if !slices.ContainsFunc(found, func(q place) bool { return p.via == q.via && p.address == q.address }) {
			found = append(found, p)
		}
	}
	if o, ok := f.client.Last(clientGroups, "socket"); ok {
		add(place{via: "socket", address: o.Value, from: o.File})
	} else if o, ok := f.client.Last(clientGroups, "host"); ok && o.Value != "localhost" && l.Host == "" {
		add(place{via: "tcp", address: f.tcp(l, o.Value), from: o.File})
	}
	if o, ok := f.server.Last(serverGroups, "socket"); ok {
		add(place{via: "socket", address: o.Value, from: o.File})
	}
	for _, path := range wellKnownSockets {
		// /var/run is /run: one server, one attempt.
		if exists(path) && !slices.ContainsFunc(found,
			func(q place) bool { return strings.TrimPrefix(path, "/var") == q.address }) {
			add(place{via: "socket", address: path, from: "a usual place"})
		}
	}
	add(place{via: "tcp", address: f.tcp(l, f.bindAddress()), from: "the server's bind-address", here: true})
	return found
}

// tcp joins a host with the port of the options, of the client's files or of the server's.
func (f OptionFiles) tcp(l Login, host string) string {
	port := l.Port
	if o, ok := f.client.Last(clientGroups, "port"); ok && port == 0 {
		port, _ = strconv.Atoi(o.Value)
	}
	if o, ok := f.server.Last(serverGroups, "port"); ok && port == 0 {
		port, _ = strconv.Atoi(o.Value)
	}
	return net.JoinHostPort(host, strconv.Itoa(cmp.Or(port, defaultPort)))
}

// bindAddress returns where the server listens. TripleO's listens on the host's internalapi name and nowhere else.
func (f OptionFiles) bindAddress() string {
	o, _ := f.server.Last(serverGroups, "bind-address")
	return cmp.Or(Specific(o.Value), "127.0.0.1")
}

// Specific returns the first address or name of a bind_address; empty if that is any.
func Specific(bindAddress string) string {
	first, _, _ := strings.Cut(bindAddress, ",")
	switch first = strings.TrimSpace(first); first {
	case "*", "0.0.0.0", "::":
		return ""
	}
	return first
}

// Problem returns the error of the option files, nil if there is none.
func (f OptionFiles) Problem() error { return f.err }

// Datadir returns the path of the server's data: from its option files, or the usual place.
func (f OptionFiles) Datadir() string {
	if o, ok := f.server.Last(serverGroups, "datadir"); ok && o.Value != "" {
		return o.Value
	}
	return defaultDatadir
}

// owners are the users that may answer as this host's server. They control the server anyway.
func (f OptionFiles) owners(l Login) peer.Owners {
	may := peer.OfDatabase()
	if l.Proxy {
		may = peer.OfDatabase("haproxy")
	}
	if more, err := may.AndOwnerOf(f.Datadir()); err == nil {
		may = more
	}
	if l.ServerUID > 0 {
		may = may.And(uint32(l.ServerUID), "the server's user")
	}
	return may
}

// Clustered reports whether the option files make a Galera node of this host. A my.cnf by itself does not: every host
// with the client library has one.
func (f OptionFiles) Clustered() bool {
	_, found := f.server.Last(serverGroups, "wsrep-provider", "wsrep-cluster-address", "wsrep-on", "wsrep-cluster-name")
	return found
}
