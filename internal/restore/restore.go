// SPDX-License-Identifier: GPL-3.0-or-later

// Package restore restores a Galera cluster from a set, or returns it to its earlier data. Each controller does its own
// part of a step when it is called. Every change of a controller is recorded in its Book before it is made, so that a
// restore that was killed anywhere is continued or rolled back by the next call.
package restore

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/mariadb"
	"overcloud.backup/internal/optionfile"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/steer"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository/local"
)

// Defaults of the resource agent for what the cluster's configuration does not set.
const (
	defaultConfig  = "/etc/my.cnf"
	defaultDatadir = "/var/lib/mysql"
	defaultPort    = "3306"
)

// generated are the option files that director makes for the database's containers.
const generated = "/var/lib/config-data/puppet-generated/mysql/etc/my.cnf.d/*.cnf"

// groups of the option files that the server reads.
var groups = []string{"mysqld", "server", "mariadb", "mariadbd", "mariadb-10.3", "mariadb-10.4", "mariadb-10.5",
	"mariadb-10.6", "mariadb-10.11", "galera"}

// Node describes this controller for a restore.
type Node struct {
	Agent   cib.Agent `json:"-"`
	Name    string    `json:"name"`    // in Pacemaker
	Members []string  `json:"members"` // of the cluster, online or not, that may run the database
	Online  []string  `json:"online"`  // of the members
	Datadir string    `json:"datadir"`
	// Options are those of the server that its data depends on, such as --innodb-page-size=4k.
	Options []string `json:"options"`
	Port    string   `json:"port"`    // of the database
	Cluster string   `json:"cluster"` // wsrep_cluster_name from the option file
	// Image is the image of a bundle's containers; none if the database runs on the hosts.
	Image container.Image `json:"image"`
	// Free is the room, in bytes, on the file system of the datadir.
	Free     int64 `json:"free_bytes"`
	transfer mariadb.Account
	// Serving says that the database runs here.
	Serving bool `json:"serving"`
}

// among returns the online members of the database's cluster: Pacemaker has other nodes, too, such as those of another
// role, or computes that are remote nodes.
func among(members, online []string) []string {
	return slices.DeleteFunc(slices.Clone(members), func(m string) bool { return !slices.Contains(online, m) })
}

// ImageOf returns the image of a bundle's containers; none if the database runs on the hosts.
func ImageOf(agent cib.Agent) container.Image {
	return container.Image{Engine: agent.Engine, Name: agent.Image}
}

// Look reads the current state and changes nothing. Errors are what makes a restore impossible here.
func Look(ctx context.Context) (*Node, error) {
	agent, err := steer.GaleraAgent(ctx)
	if err != nil {
		return nil, err
	}
	view, err := pacemaker.View(ctx)
	if err != nil {
		return nil, err
	}
	n := &Node{Agent: agent, Name: view.Self.Name, Members: agent.Members, Online: among(agent.Members, view.Online),
		Datadir: agent.Datadir}
	if n.Datadir == "" {
		n.Datadir = defaultDatadir
	}
	if !filepath.IsAbs(n.Datadir) || filepath.Clean(n.Datadir) != n.Datadir || n.Datadir == "/" {
		return nil, fmt.Errorf("the datadir %q of the resource %s is not a plain absolute path", n.Datadir,
			agent.Resource)
	}
	n.Image = ImageOf(agent)
	if agent.Bundle && n.Image.None() {
		return nil, fmt.Errorf("the database runs in the bundle %s, and its image cannot be read from the cluster's "+
			"configuration", agent.Parent)
	}
	if n.Free, _, err = local.Free(filepath.Dir(n.Datadir)); err != nil {
		return nil, err
	}
	n.Free = max(n.Free, 1) // Ansible does not accept 0 as a number
	n.Serving = len(process.WorkingIn(n.Datadir)) > 0
	return n, n.readOptions()
}

// keptOptions are the options that the files of a datadir depend on.
var keptOptions = []string{"innodb-page-size", "innodb-data-file-path", "innodb-undo-tablespaces",
	"innodb-checksum-algorithm", "lower-case-table-names"}

// outsideOptions are the options that put files of InnoDB elsewhere.
var outsideOptions = []string{"innodb-data-home-dir", "innodb-log-group-home-dir", "innodb-undo-directory",
	"aria-log-dir-path"}

func (n *Node) readOptions() error {
	config := n.Agent.Config
	if config == "" {
		config = defaultConfig
	}
	files := []string{config}
	if n.Agent.Bundle {
		// That file is in the container, which may not run; these are the files that director mounts into it.
		config = generated
		files, _ = filepath.Glob(generated)
	}
	options, err := optionfile.Load(files...)
	if err != nil {
		return fmt.Errorf("read the server's options: %w", err)
	}
	n.Options = []string{}
	for _, name := range keptOptions {
		if o, found := options.Last(groups, name); found && o.Value != "" {
			n.Options = append(n.Options, "--"+name+"="+o.Value)
		}
	}
	for _, name := range outsideOptions {
		if o, found := options.Last(groups, name); found && !inside(o.Value, n.Datadir) {
			return fmt.Errorf(
				"%s has %s = %s: a server with files outside of its datadir %s cannot be restored by this",
				config, name, o.Value, n.Datadir)
		}
	}
	if o, found := options.Last(groups, "wsrep-cluster-name"); found {
		n.Cluster = o.Value
	}
	if o, found := options.Last(groups, "wsrep-sst-auth"); found {
		n.transfer = transferAccount(o.Value, o.File)
	}
	n.Port = defaultPort
	if o, found := options.Last(groups, "port"); found && o.Value != "" {
		n.Port = o.Value
	}
	return nil
}

func inside(path, folder string) bool {
	return path == "" || path == "." || path == "./" || filepath.Clean(path) == folder
}

// Scratch is where a set is made ready: next to the datadir, on its file system.
func (n *Node) Scratch() string {
	return filepath.Join(filepath.Dir(n.Datadir), "overcloud.restore")
}

// transferAccount reads wsrep_sst_auth = user:password.
func transferAccount(value, file string) mariadb.Account {
	user, password, _ := strings.Cut(value, ":")
	if password == "" {
		return mariadb.Account{}
	}
	return mariadb.Account{User: user, Password: password, From: "wsrep_sst_auth in " + file}
}
