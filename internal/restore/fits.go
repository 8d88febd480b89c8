// SPDX-License-Identifier: GPL-3.0-or-later

package restore

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"overcloud.backup/internal/excerpt"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/repository"
)

// Readable refuses data on which the server of this host, with its options, would not start, or not find its tables.
// options are those that the data was made with.
func (n *Node) Readable(options []string) error {
	mine := map[string]string{
		"--innodb-page-size": "16k", "--innodb-data-file-path": "ibdata1:12M:autoextend",
		"--lower-case-table-names": "0",
	}
	for _, o := range n.Options {
		name, value, _ := strings.Cut(o, "=")
		mine[name] = value
	}
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		if has, matters := mine[name]; matters && sizes(has) != sizes(value) {
			return fmt.Errorf("the data of the set was made with %s, and the server here has %s: set the set's value"+
				" in its "+
				"option file, and call this again", excerpt.Of(o), excerpt.Of(has))
		}
	}
	return nil
}

var unit = regexp.MustCompile(`(?i)\b(\d+)([kmg])\b`)

// sizes writes 16k and 16384 in the same way.
func sizes(value string) string {
	return unit.ReplaceAllStringFunc(value, func(s string) string {
		n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
		if err != nil {
			return s
		}
		return strconv.FormatInt(n<<map[byte]int{'k': 10, 'm': 20, 'g': 30}[s[len(s)-1]|0x20], 10)
	})
}

// Whole refuses an incomplete cluster: a controller that is not restored would bring the old data back.
func (n *Node) Whole() error {
	var missing []string
	for _, m := range n.Members {
		if !slices.Contains(n.Online, m) {
			missing = append(missing, m)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not in the cluster now: %s; bring it back, or take it out of the resource %s, and remove"+
			" its "+
			"datadir before it is put back: a controller that is not restored would bring its old data back, for the"+
			" restored "+
			"cluster has the state UUID that they have",
			strings.Join(missing, ", "), n.Agent.Resource)
	}
	return nil
}

// Startable refuses a cluster that would not start the database again, whatever is restored. Each controller reports
// bans of its own: the one that a rejoin left is ended on the way.
func (n *Node) Startable(ctx context.Context, b *Book) error {
	node := n.Name
	if b.Banned || b.Before != nil && b.Before.Banned {
		node = ""
	}
	why, err := pacemaker.Hindrances(ctx, n.Agent, node)
	if err != nil || len(why) == 0 {
		return err
	}
	return fmt.Errorf("once stopped, the database would not start again everywhere: %s; correct that first",
		strings.Join(why, ", "))
}

// transferRate is the rate, in bytes a second, that a state transfer over 1 Gbit/s reaches at best.
const transferRate = 100e6

// TooSlow warns of data that the others are unlikely to copy within the agent's promotion, which waits for them:
// Pacemaker would end the copy, and the next one starts over. Empty if there is time enough.
func (n *Node) TooSlow(bytes int64) string {
	takes := time.Duration(float64(bytes) / transferRate * float64(time.Second)).Round(time.Second)
	if n.Agent.Promote == 0 || takes <= n.Agent.Promote || len(n.Members) < 2 {
		return ""
	}
	return fmt.Sprintf("the others copy %d bytes within one promotion of %s, which Pacemaker ends after %s; at 100 "+
		"MB/s they take %s. Raise the limit first, and "+
		"start_timeout with it: pcs resource update %s op promote timeout=%ds on-fail=block",
		bytes, n.Agent.Resource, n.Agent.Promote, takes, n.Agent.Resource, 3*int64(takes.Seconds()))
}

// Fits refuses a set of another cluster.
func (n *Node) Fits(of repository.Cluster, other bool) error {
	if other {
		return nil
	}
	if n.Cluster != "" && n.Cluster != of.Name {
		return fmt.Errorf("it belongs to the cluster %q, and this is %q; set other_cluster: true to restore it anyway",
			of.Name, n.Cluster)
	}
	state, err := galera.ReadGrastate(n.Datadir)
	if err != nil || state == nil || state.UUID == noUUID || state.UUID == of.UUID {
		return nil // a restore is for a broken datadir
	}
	return fmt.Errorf("its cluster state is %s, and this cluster's is %s: it comes from another cluster, or from "+
		"before this one was rebuilt; set other_cluster: true to restore it anyway",
		of.UUID, state.UUID)
}

// noUUID is the state UUID of a server that was never in a cluster.
const noUUID = "00000000-0000-0000-0000-000000000000"
