// SPDX-License-Identifier: GPL-3.0-or-later

// Package restore brings a Galera cluster back from a set, or back to what it was before. Each controller does its own
// part of a step when it is told to. What a controller has changed stands in its Book before it is changed, so a restore
// that was killed anywhere is continued or rolled back by the next call.
package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/container"
	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/optionfile"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/process"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/repository/local"
)

// What the resource agent takes where the cluster's configuration names nothing.
const (
	defaultConfig  = "/etc/my.cnf"
	defaultDatadir = "/var/lib/mysql"
	defaultPort    = "3306"
)

// generated are the option files that director makes for the database's containers.
const generated = "/var/lib/config-data/puppet-generated/mysql/etc/my.cnf.d/*.cnf"

// groups of the option files that the server reads.
var groups = []string{"mysqld", "server", "mariadb", "mariadbd", "mariadb-10.3", "mariadb-10.4", "mariadb-10.5", "mariadb-10.6", "mariadb-10.11", "galera"}

// Node is this controller, as a restore sees it.
type Node struct {
	Agent   pacemaker.Agent `json:"-"`
	Name    string          `json:"name"`    // in Pacemaker
	Members []string        `json:"members"` // of the cluster, online or not, that may run the database
	Online  []string        `json:"online"`  // of the members
	Datadir string          `json:"datadir"`
	// Options are those of the server that its data depend on, as --innodb-page-size=4k.
	Options []string `json:"options"`
	Port    string   `json:"port"`    // of the database
	Cluster string   `json:"cluster"` // wsrep_cluster_name, as the option file has it
	// Image is what a bundle's containers are made of; none where the database runs on the hosts.
	Image container.Image `json:"image"`
	// Free is the room, in bytes, on the file system of the datadir.
	Free     int64 `json:"free_bytes"`
	transfer galera.Account
	// Serving says that the database runs here.
	Serving bool `json:"serving"`
}

// among are the members of the database's cluster that Pacemaker has online: it has other nodes, too, as of another role, or
// computes that are remote nodes.
func among(members, online []string) []string {
	return slices.DeleteFunc(slices.Clone(members), func(m string) bool { return !slices.Contains(online, m) })
}

// ImageOf is what a bundle's containers are made of; none where the database runs on the hosts.
func ImageOf(agent pacemaker.Agent) container.Image {
	return container.Image{Engine: agent.Engine, Name: agent.Image}
}

// Look reads what there is; it changes nothing. Errors are what makes a restore impossible here.
func Look(ctx context.Context) (*Node, error) {
	agent, err := pacemaker.GaleraAgent(ctx)
	if err != nil {
		return nil, err
	}
	view, err := pacemaker.View(ctx)
	if err != nil {
		return nil, err
	}
	n := &Node{Agent: agent, Name: view.Self.Name, Members: agent.Members, Online: among(agent.Members, view.Online), Datadir: agent.Datadir}
	if n.Datadir == "" {
		n.Datadir = defaultDatadir
	}
	if !filepath.IsAbs(n.Datadir) || filepath.Clean(n.Datadir) != n.Datadir || n.Datadir == "/" {
		return nil, fmt.Errorf("the datadir %q of the resource %s is no plain absolute path", n.Datadir, agent.Resource)
	}
	n.Image = ImageOf(agent)
	if agent.Bundle && n.Image.None() {
		return nil, fmt.Errorf("the database runs in the bundle %s, and its image cannot be read from the cluster's configuration", agent.Parent)
	}
	if n.Free, _, err = local.Free(filepath.Dir(n.Datadir)); err != nil {
		return nil, err
	}
	n.Free = max(n.Free, 1) // Ansible takes 0 for no number at all
	n.Serving = len(process.WorkingIn(n.Datadir)) > 0
	return n, n.readOptions()
}

// kept are the options that the files of a datadir depend on.
var kept = []string{"innodb-page-size", "innodb-data-file-path", "innodb-undo-tablespaces", "innodb-checksum-algorithm", "lower-case-table-names"}

// outside are the options that put files of InnoDB elsewhere.
var outside = []string{"innodb-data-home-dir", "innodb-log-group-home-dir", "innodb-undo-directory", "aria-log-dir-path"}

func (n *Node) readOptions() error {
	config := n.Agent.Config
	if config == "" {
		config = defaultConfig
	}
	files := []string{config}
	if n.Agent.Bundle {
		// That file is in the container, which may not run; from here come the options of director into it.
		config = generated
		files, _ = filepath.Glob(generated)
	}
	options, err := optionfile.Load(files...)
	if err != nil {
		return fmt.Errorf("read the server's options: %w", err)
	}
	n.Options = []string{}
	for _, name := range kept {
		if o, found := options.Last(groups, name); found && o.Value != "" {
			n.Options = append(n.Options, "--"+name+"="+o.Value)
		}
	}
	for _, name := range outside {
		if o, found := options.Last(groups, name); found && !inside(o.Value, n.Datadir) {
			return fmt.Errorf("%s has %s = %s: a server with files outside of its datadir %s cannot be restored by this", config, name, o.Value, n.Datadir)
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

// Readable refuses data that the server of this host, with its options, would not start on, or not find its tables in.
// options are those that the data were made with.
func (n *Node) Readable(options []string) error {
	mine := map[string]string{
		"--innodb-page-size": "16k", "--innodb-data-file-path": "ibdata1:12M:autoextend", "--lower-case-table-names": "0",
	}
	for _, o := range n.Options {
		name, value, _ := strings.Cut(o, "=")
		mine[name] = value
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		if has, matters := mine[name]; matters && sizes(has) != sizes(value) {
			return fmt.Errorf("the data of the set were made with %s, and the server here has %s: give it the set's in its option file, and call this again", excerpt.Of(o), excerpt.Of(has))
		}
	}
	return nil
}

var unit = regexp.MustCompile(`(?i)\b(\d+)([kmg])\b`)

// sizes writes 16k and 16384 alike.
func sizes(value string) string {
	return unit.ReplaceAllStringFunc(value, func(s string) string {
		n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
		if err != nil {
			return s
		}
		return strconv.FormatInt(n<<map[byte]int{'k': 10, 'm': 20, 'g': 30}[s[len(s)-1]|0x20], 10)
	})
}

func inside(path, folder string) bool {
	return path == "" || path == "." || path == "./" || filepath.Clean(path) == folder
}

// Whole refuses a cluster of which something is missing: who is not restored would bring the old data back.
func (n *Node) Whole() error {
	var missing []string
	for _, m := range n.Members {
		if !slices.Contains(n.Online, m) {
			missing = append(missing, m)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not in the cluster now: %s; bring it back, or take it out of the resource %s, and remove its datadir before it is put back: "+
			"a controller that is not restored would bring its old data back, for the restored cluster has the state UUID that they have",
			strings.Join(missing, ", "), n.Agent.Resource)
	}
	return nil
}

// Startable refuses a cluster that would not start the database again, whatever is restored. Of bans each controller tells
// its own: what a rejoining left is ended on the way.
func (n *Node) Startable(ctx context.Context, b *Book) error {
	node := n.Name
	if b.Banned || b.Before != nil && b.Before.Banned {
		node = ""
	}
	why, err := pacemaker.Hindrances(ctx, n.Agent, node)
	if err != nil || len(why) == 0 {
		return err
	}
	return fmt.Errorf("once stopped, the database would not start again everywhere: %s; mend that first", strings.Join(why, ", "))
}

// transferRate is, in bytes a second, what a state transfer over 1 Gbit/s reaches at best.
const transferRate = 100e6

// TooSlow warns of data that the others hardly copy within the agent's promotion, which waits for them: Pacemaker would end the
// copy, and the next one begins anew. Empty when they fit.
func (n *Node) TooSlow(bytes int64) string {
	takes := time.Duration(float64(bytes) / transferRate * float64(time.Second)).Round(time.Second)
	if n.Agent.Promote == 0 || takes <= n.Agent.Promote || len(n.Members) < 2 {
		return ""
	}
	return fmt.Sprintf("the others copy %d bytes within one promotion of %s, which Pacemaker ends after %s; at 100 MB/s they take %s. Raise the limit first, and "+
		"start_timeout with it: pcs resource update %s op promote timeout=%ds on-fail=block",
		bytes, n.Agent.Resource, n.Agent.Promote, takes, n.Agent.Resource, 3*int64(takes.Seconds()))
}

// Fits refuses a set of another cluster.
func (n *Node) Fits(of repository.Cluster, other bool) error {
	if other {
		return nil
	}
	if n.Cluster != "" && n.Cluster != of.Name {
		return fmt.Errorf("it is of the cluster %q, and this is %q; set other_cluster to restore it all the same", of.Name, n.Cluster)
	}
	state, err := galera.ReadGrastate(n.Datadir)
	if err != nil || state == nil || state.UUID == noUUID || state.UUID == of.UUID {
		return nil // a broken datadir is what a restore is for
	}
	return fmt.Errorf("it is of the cluster state %s, and this cluster's is %s: it is of another cluster, or of before this one was made anew; set other_cluster to restore it all the same",
		of.UUID, state.UUID)
}

// noUUID is the state of a server that was never in a cluster.
const noUUID = "00000000-0000-0000-0000-000000000000"

// Scratch is where a set is made ready: beside the datadir, on its file system.
func (n *Node) Scratch() string {
	return filepath.Join(filepath.Dir(n.Datadir), "overcloud.restore")
}

// Movable refuses a datadir that cannot be renamed.
func (n *Node) Movable() error {
	if err := n.sole(); err != nil {
		return err
	}
	info, err := os.Lstat(n.Datadir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder (%s), so it cannot be moved aside", n.Datadir, info.Mode().Type())
	}
	if !sameDevice(n.Datadir, filepath.Dir(n.Datadir)) {
		return fmt.Errorf("%s is a file system of its own: it cannot be moved aside as a whole. Mount that at %s and make %s a folder in it, or restore by hand",
			n.Datadir, filepath.Dir(n.Datadir), n.Datadir)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err == nil && mountPoint(string(mounts), n.Datadir) {
		err = fmt.Errorf("%s is a mount of another folder: it cannot be moved aside. Make it the folder itself, or restore by hand", n.Datadir)
	}
	return err
}

// mountPoint says whether something is mounted at a folder, which may be of the file system that it lies on:
//
//	40 28 8:1 /srv/mysql /var/lib/mysql rw,relatime shared:1 - ext4 /dev/sda1 rw
func mountPoint(mountinfo, folder string) bool {
	for line := range strings.Lines(mountinfo) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == folder {
			return true
		}
	}
	return false
}

// until asks again and again. done says that it is so, or what is missing; the last of that is told at the end.
func until(ctx context.Context, limit time.Duration, what string, done func() (missing string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	said := ""
	for {
		missing, err := done()
		if err == nil && missing == "" {
			return nil
		}
		if err != nil {
			missing = err.Error()
		}
		var final *finalError
		if errors.As(err, &final) {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ctx.Err() == nil || said == "" {
			said = missing
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s: %s", what, limit, said)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// finalError ends the waiting.
type finalError struct{ error }

func (f *finalError) Unwrap() error { return f.error }
