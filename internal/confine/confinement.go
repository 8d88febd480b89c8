// SPDX-License-Identifier: GPL-3.0-or-later

package confine

import (
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Owner is a user and group of the host. The zero value is root.
type Owner struct{ UID, GID int }

// Confinement is for a program whose input is untrusted, or that an untrusted server could make do things: it sees only
// the programs and libraries of the system, or of its container, read only, and what is given to it here. It sees no
// other process, shares no memory with one, gains no privilege, and has no network unless it is given this host's. Root
// keeps only the right to read and write what it sees, whoever owns that.
type Confinement struct {
	// Read are files and folders that it sees in addition; Write folders that it can write to. Nothing in Write can be
	// executed.
	Read, Write []string
	// Sockets are what it can connect to, by their paths, and have to exist.
	Sockets map[string]fs.FileInfo
	// Data are files that it sees, if Reader can read them, and folders, if they belong to Reader: their paths may come
	// from Reader. Nothing in them can be written or executed.
	Data   []string
	Reader Owner
	// Copies are files below Data that it sees copies of in memory, by their paths, because they must open for writing.
	Copies map[string][]byte
	// Hidden are files of the system that it cannot read; missing ones are ignored.
	Hidden []string
	// Files are contents that nobody else sees, by their paths, in memory.
	Files map[string][]byte
	// Temporary is the path of an empty folder in memory; empty is none.
	Temporary string
	// Network gives it this host's network, including everything that listens there: not for root.
	Network bool
}

// Mounts are those of a container, by a process of it. The zero value are this host's.
type Mounts struct {
	// Namespace is the container's namespace of mounts, held open.
	Namespace *os.File
	// PID is the process, for messages; Ended reports that it is gone.
	PID   int
	Ended func() bool
}

// below reports that a path is one of those, or below one.
func below(path string, those []string) bool {
	return slices.ContainsFunc(those, func(at string) bool { return path == at || strings.HasPrefix(path, at+"/") })
}

// system is what programs need to run. Missing paths and links stay as they are.
var system = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/passwd", "/etc/group",
	"/etc/nsswitch.conf",
	"/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
}
