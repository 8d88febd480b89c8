// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import "time"

// Login says how to reach a server. Everything is optional: missing values are looked for in option files, then in
// hiera, and finally root is tried through unix_socket. The names are those of community.mysql.
type Login struct {
	User     string
	Password string
	// Socket is a unix socket's path; if it is set nothing else is tried.
	Socket string
	// Host is reached over TCP; "localhost" means the socket, as for the server's own client.
	Host string
	Port int
	// ConfigFile is read in place of the standard option files.
	ConfigFile string
	// CACert, ClientCert and ClientKey are PEM files. They apply only over TCP; a CACert makes TLS obligatory.
	CACert     string
	ClientCert string
	ClientKey  string
	// SkipHostname accepts a certificate, signed by CACert, that names another host.
	SkipHostname bool
	// ConnectTimeout limits one attempt, handshake included; 0 is 3 seconds. The context limits them all.
	ConnectTimeout time.Duration
	// Proxy says that Host is an address at which HAProxy may listen on this host: its user is then trusted, too.
	Proxy bool
	// ServerUID is a user that may answer as this host's server in addition to those of owners, such as in an image; 0
	// is none.
	ServerUID int
	// Secret is called with every password found, before it is used, so that it can be kept out of outputs. May be nil.
	Secret func(string)
}

// credential is one user and password to try, and its source.
type credential struct {
	user, password string
	from           string // as Reached.Credentials
	// socketOnly is for unix_socket, which has no meaning over TCP.
	socketOnly bool
}

// place is one address where a server may listen.
type place struct {
	via     string // "socket" or "tcp"
	address string
	from    string // who named it
	// here says that it is this host's own according to the server's configuration, and that no other host's was
	// requested.
	here bool
}
