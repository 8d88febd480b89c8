// SPDX-License-Identifier: GPL-3.0-or-later

package cib

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"overcloud.backup/internal/excerpt"
)

// A lock is a set of its own in crm_config, created atomically by `cibadmin --create --scope crm_config` (which refuses
// a second one with the same id) and deleted atomically. The wsrep cluster state UUID is part of every id:
//
//	<cluster_property_set id="overcloud-backup-lock-UUID">
//	  <nvpair id="overcloud-backup-lock-UUID-holder"  name="overcloud-backup-holder"  value="controller-1"/>
//	  <nvpair id="overcloud-backup-lock-UUID-job"     name="overcloud-backup-job"     value="20261122T190000Z-4f2a"/>
//	  <nvpair id="overcloud-backup-lock-UUID-since"   name="overcloud-backup-since"   value="1795374000"/>
//	  <nvpair id="overcloud-backup-lock-UUID-expires" name="overcloud-backup-expires" value="1795377600"/>
//	</cluster_property_set>
//
// The names are prefixed because Pacemaker merges the sets of crm_config into one table of cluster options.
const (
	LockPrefix  = "overcloud-backup-lock-"
	LockHolder  = "overcloud-backup-holder"
	LockJob     = "overcloud-backup-job"
	LockSince   = "overcloud-backup-since"   // seconds since the epoch, decimal
	LockExpires = "overcloud-backup-expires" // seconds since the epoch, decimal

	lockPairs = "overcloud-backup-" // prefix of all names of a lock's pairs
)

// ByHand says how to remove an incomplete lock; only an id that needs no quoting is put into a command.
func ByHand(cluster string) string {
	if id := LockPrefix + cluster; plain.MatchString(id) {
		return "if no backup runs, remove it with: cibadmin --delete --xpath '" + LockPath(Lock{Cluster: cluster}) + "'"
	}
	return "if no backup runs, remove it with cibadmin --delete"
}

// parseLock refuses an incomplete lock: guessed times would make it look free.
func parseLock(cluster string, values map[string]string) (Lock, error) {
	l := Lock{Cluster: cluster, Holder: values[LockHolder], Job: values[LockJob]}
	if cluster == "" || l.Holder == "" || l.Job == "" {
		return l, fmt.Errorf("cluster, %s or %s is missing; %s", LockHolder, LockJob, ByHand(cluster))
	}
	var err error
	if l.Since, err = parseEpoch(LockSince, values[LockSince]); err == nil {
		l.Expires, err = parseEpoch(LockExpires, values[LockExpires])
	}
	if err != nil {
		return l, fmt.Errorf("%w; %s", err, ByHand(cluster))
	}
	return l, nil
}

func parseEpoch(name, text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%s is %q, expected seconds since the epoch", name, excerpt.Of(text))
	}
	return n, nil
}

// Lock is a lock of this collection found in the CIB (a cluster_property_set named overcloud-backup-lock-<cluster
// uuid>).
type Lock struct {
	Cluster string  `json:"cluster"` // wsrep cluster state UUID
	Holder  string  `json:"holder"`  // Pacemaker node
	Job     string  `json:"job"`
	Since   float64 `json:"since"`   // epoch seconds
	Expires float64 `json:"expires"` // epoch seconds
}

// Is reports whether a lock is held by this job on this node.
func (l *Lock) Is(other Lock) bool {
	return l != nil && l.Cluster == other.Cluster && l.Job == other.Job && l.Holder == other.Holder
}

// ParseLocks reads only the locks. Whatever else an operator writes into the CIB, a lock can be seen and freed.
func ParseLocks(b []byte) ([]Lock, error) {
	_, config, err := parseConfig(b)
	if err != nil {
		return nil, err
	}
	return readLocks(config)
}

func readLocks(config *etree.Element) (locks []Lock, err error) {
	for _, set := range config.SelectElements(propertySet) {
		id := set.SelectAttrValue("id", "")
		cluster, ours := strings.CutPrefix(id, LockPrefix)
		if !ours {
			continue
		}
		lock, err := parseLock(cluster, pairs(set))
		if err != nil {
			return nil, fmt.Errorf("lock %q: %w", excerpt.Of(id), err)
		}
		locks = append(locks, lock)
	}
	return locks, nil
}

// Characters allowed in an XPath, in an id and in a shell's quotes, so that nothing has to be quoted there.
var (
	uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	jobPattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	plain       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$`)
)

// CheckIDs refuses ids that are not those of a cluster and a job.
func CheckIDs(cluster, job string) error {
	if !uuidPattern.MatchString(cluster) {
		return fmt.Errorf("%q is not a wsrep cluster state UUID", excerpt.Of(cluster))
	}
	if !jobPattern.MatchString(job) {
		return fmt.Errorf("%q is not a job id", excerpt.Of(job))
	}
	return nil
}

// CheckHolder refuses a node name that is not allowed in a lock.
func CheckHolder(name string) error {
	if !plain.MatchString(name) {
		return fmt.Errorf("%q is not a node name that is allowed in a lock", excerpt.Of(name))
	}
	return nil
}

// Check refuses a lock that could not be read back, because such a lock would be damage for everybody.
func (l Lock) Check() error {
	if err := errors.Join(CheckIDs(l.Cluster, l.Job), CheckHolder(l.Holder)); err != nil {
		return err
	}
	for _, at := range []float64{l.Since, l.Expires} {
		if !(at >= 1) || at > math.MaxInt32*100 {
			return fmt.Errorf("%v is not a time in seconds since the epoch", at)
		}
	}
	return nil
}

// LockPath returns the XPath of a cluster's lock, only if it is held by this job and holder, if they are given.
func LockPath(l Lock) string {
	path := `//cluster_property_set[@id="` + LockPrefix + l.Cluster + `"]`
	for _, c := range [][2]string{{LockJob, l.Job}, {LockHolder, l.Holder}} {
		if c[1] != "" {
			path += `[nvpair[@name="` + c[0] + `" and @value="` + c[1] + `"]]`
		}
	}
	return path
}

// LockXML returns the element that lock.go documents.
func LockXML(l Lock) (string, error) {
	doc := etree.NewDocument()
	id := LockPrefix + l.Cluster
	set := doc.CreateElement("cluster_property_set")
	set.CreateAttr("id", id)
	for _, pair := range [][2]string{
		{LockHolder, l.Holder}, {LockJob, l.Job}, {LockSince, epoch(l.Since)}, {LockExpires, epoch(l.Expires)},
	} {
		nvpair := set.CreateElement("nvpair")
		nvpair.CreateAttr("id", id+strings.TrimPrefix(pair[0], "overcloud-backup"))
		nvpair.CreateAttr("name", pair[0])
		nvpair.CreateAttr("value", pair[1])
	}
	return doc.WriteToString()
}

func epoch(seconds float64) string { return strconv.FormatInt(int64(seconds), 10) }
